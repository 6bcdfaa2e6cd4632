import type { StoredEvent } from '../event-store.ts';
import type { GroupMessage } from '../persistent-subscriptions.ts';
import type { Consumer } from './group.ts';

/**
 * A consumer as an iteration. It joins with its first `next` and leaves when the iteration is left, at any moment, or
 * the signal aborts.
 */
export function consume(
  signal: AbortSignal | undefined,
  join: () => Consumer<StoredEvent>,
): AsyncIterableIterator<GroupMessage> {
  let consumer: Consumer<StoredEvent> | undefined;
  let left = signal?.aborted ?? false;

  function leave(): void {
    left = true;
    signal?.removeEventListener('abort', leave);
    consumer?.leave();
  }

  signal?.addEventListener('abort', leave, { once: true });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (left) return { done: true, value: undefined };
      try {
        consumer ??= join();
        const delivery = await consumer.next();
        if (delivery) return { done: false, value: messageOf(delivery) };
      } catch (error) {
        leave();
        throw error;
      }
      leave();
      return { done: true, value: undefined };
    },
    async return() {
      leave();
      return { done: true, value: undefined };
    },
  };
}

function messageOf({ event, retries, settle }: NonNullable<Awaited<ReturnType<Consumer<StoredEvent>['next']>>>) {
  const message: GroupMessage = {
    event,
    retries,
    ack: () => settle('ack', ''),
    nack: (action, reason) => settle(action, reason),
  };
  return message;
}
