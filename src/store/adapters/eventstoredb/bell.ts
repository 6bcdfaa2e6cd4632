import { type Clock, sleep } from '../../../kernel/clock.ts';
import { messageOf } from '../../../kernel/errors.ts';
import type { Calls } from './calls.ts';
import type { EsdbSubscription } from './client.ts';
import { type Codec, positionOf } from './codec.ts';
import type { Heads } from './heads.ts';
import { serverFilterOf } from './reader.ts';

/**
 * One live subscription for the whole process, which only tells that the log has grown: readers fetch pages from where
 * they are, so nothing is lost when it breaks. The clients never subscribe again by themselves; here it is done for as
 * long as the store is open, and after each time the head is asked for. A look every `POLL_MS` finds what a connection
 * that has gone silent does not tell.
 */
export interface Bell {
  /** Null while the subscription stands, else why it does not. */
  trouble(): string | null;
  stop(): void;
}

const POLL_MS = 5000;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 2000;

export function startBell(calls: Calls, codec: Codec, heads: Heads, clock: Clock): Bell {
  const stopped = new AbortController();
  const { signal } = stopped;
  let trouble: string | null = 'the event store has not answered yet';
  let current: EsdbSubscription | undefined;

  async function keepSubscribed(): Promise<void> {
    for (let pauseMs = RETRY_FIRST_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS)) {
      trouble = await listen(() => {
        pauseMs = RETRY_FIRST_MS;
      });
      await sleep(clock, pauseMs, signal).catch(() => {});
    }
  }

  /** Resolves when the subscription has ended, with the reason. */
  function listen(onConfirmed: () => void): Promise<string> {
    return new Promise((resolve) => {
      const options = { fromPosition: 'end', filter: serverFilterOf(codec, undefined), requiresLeader: true };
      const subscription = calls.client().subscribeToAll(options);
      current = subscription;
      const end = (reason: string) => {
        signal.removeEventListener('abort', leave);
        void subscription.unsubscribe().catch(() => {});
        resolve(reason);
      };
      const leave = () => end('the store is closed');
      signal.addEventListener('abort', leave, { once: true });
      subscription.on('error', (error) => end(messageOf(error)));
      subscription.on('end', () => end('the event store ended the subscription'));
      subscription.on('close', () => end('the event store closed the subscription'));
      subscription.on('data', (resolved) => heads.raise(positionOf(resolved)));
      subscription.on('confirmation', () => {
        trouble = null;
        onConfirmed();
        void look();
      });
    });
  }

  /** What the subscription should have told and has not: then it is made anew. */
  async function poll(): Promise<void> {
    while (!signal.aborted) {
      await sleep(clock, POLL_MS, signal).catch(() => {});
      const before = heads.known();
      const silent = current;
      await look();
      if (!signal.aborted && heads.known() > before && silent === current) await current?.unsubscribe().catch(() => {});
    }
  }

  async function look(): Promise<void> {
    try {
      await heads.refresh(signal);
    } catch (error) {
      if (!signal.aborted) trouble = messageOf(error);
    }
  }

  void keepSubscribed();
  void poll();
  return { trouble: () => trouble, stop: () => stopped.abort() };
}
