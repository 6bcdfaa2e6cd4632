import { type Clock, sleep } from '../../../kernel/clock.ts';
import { absent } from '../../groups/settings.ts';
import type { GroupId, GroupMessage } from '../../persistent-subscriptions.ts';
import { type Calls, isTransient, refused, typeOf } from './calls.ts';
import type { Codec } from './codec.ts';
import type { EsdbDelivered, EsdbGroupSubscription } from './group-client.ts';

export interface ConsumerParts {
  calls: Calls;
  codec: Codec;
  clock: Clock;
}

/**
 * One consumer of a group, which subscribes again whenever its connection breaks: the clients never do. With a
 * connection goes all that came over it: the store gives that to others, so what was not taken yet is dropped here, and
 * an answer to what was taken has no effect.
 */
export function consumeGroup(
  { calls, codec, clock }: ConsumerParts,
  group: GroupId,
  inFlightMax: number,
  ends: AbortSignal,
): AsyncIterableIterator<GroupMessage> {
  const left = new AbortController();
  const signal = AbortSignal.any([ends, left.signal]);
  let arrived: { link: Link; message: GroupMessage }[] = [];
  let failed: { error: unknown } | undefined;
  let ring = Promise.withResolvers<void>();
  let started = false;

  function wake(): void {
    ring.resolve();
    ring = Promise.withResolvers();
  }

  async function keepSubscribed(): Promise<void> {
    for (let pauseMs = RETRY_FIRST_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS)) {
      const error = await listen(() => {
        pauseMs = RETRY_FIRST_MS;
      });
      if (signal.aborted) return;
      const type = typeOf(error);
      if (type === 'persistent-subscription-does-not-exist') return fail(absent(group));
      // Dropped: it was changed, or deleted, which the next try tells.
      const again = error === undefined || type === 'persistent-subscription-dropped' || isTransient(error);
      if (!again) return fail(refused('let a group be consumed', error));
      await sleep(clock, pauseMs, signal).catch(() => {});
    }
  }

  function fail(error: unknown): void {
    failed = { error };
    wake();
  }

  /** Resolves when the subscription has ended, with its error if it had one. */
  function listen(onConfirmed: () => void): Promise<unknown> {
    return new Promise((resolve) => {
      const subscription = subscribe();
      const over = Promise.withResolvers<void>();
      const link: Link = { subscription, over: over.promise };
      let ended = false;
      const end = (error?: unknown) => {
        ended = true;
        stopTimer();
        signal.removeEventListener('abort', leave);
        arrived = arrived.filter((one) => one.link !== link);
        over.resolve();
        void subscription.unsubscribe().catch(() => {});
        resolve(error);
      };
      const leave = () => end();
      const stopTimer = clock.after(calls.callMs, leave);
      signal.addEventListener('abort', leave, { once: true });
      subscription.on('error', end);
      subscription.on('end', leave);
      subscription.on('close', leave);
      subscription.on('confirmation', () => {
        stopTimer();
        onConfirmed();
      });
      subscription.on('data', (resolved) => {
        // What a client still had in its buffer is another's by now.
        if (ended) return;
        try {
          arrive(link, resolved);
        } catch (error) {
          end(error);
        }
      });
    });
  }

  function arrive(link: Link, resolved: EsdbDelivered): void {
    const event = codec.stored(resolved)?.event;
    // Not of this log.
    if (!event) return void answer(link, () => link.subscription.ack(resolved));
    arrived.push({ link, message: messageFor(link, event, resolved) });
    wake();
  }

  function subscribe(): EsdbGroupSubscription {
    const options = { bufferSize: inFlightMax, requiresLeader: true };
    const client = calls.client();
    return group.stream === undefined
      ? client.subscribeToPersistentSubscriptionToAll(codec.streamName(group.name), options)
      : client.subscribeToPersistentSubscriptionToStream(codec.streamName(group.stream), group.name, options);
  }

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (!started) {
        started = true;
        signal.addEventListener('abort', wake, { once: true });
        void keepSubscribed();
      }
      for (;;) {
        if (signal.aborted) return { done: true, value: undefined };
        if (failed) throw failed.error;
        const next = arrived.shift();
        if (next) return { done: false, value: next.message };
        await ring.promise;
      }
    },
    async return() {
      left.abort();
      return { done: true, value: undefined };
    },
  };
}

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 2000;

/** One subscription, from its beginning to its end. */
interface Link {
  subscription: EsdbGroupSubscription;
  over: Promise<void>;
}

function messageFor(link: Link, event: GroupMessage['event'], resolved: EsdbDelivered): GroupMessage {
  let answered = false;
  const once = async (send: () => Promise<void>) => {
    if (answered) return;
    answered = true;
    await answer(link, send);
  };
  return {
    event,
    retries: resolved.retryCount,
    ack: () => once(() => link.subscription.ack(resolved)),
    nack: (action, reason) => once(() => link.subscription.nack(action, reason, resolved)),
  };
}

/** The store confirms no answers. One that cannot be sent is lost with its connection, and the event comes again. */
async function answer({ over }: Link, send: () => Promise<void>): Promise<void> {
  await Promise.race([send().catch(() => {}), over]);
}
