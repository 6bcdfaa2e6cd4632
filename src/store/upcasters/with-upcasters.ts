import type { StoredEvent, SubscriptionItem } from '../event-store.ts';
import type { EventStoreWithGroups } from '../persistent-subscriptions.ts';
import type { Upcaster } from './upcaster.ts';

/** The same store, whose readers see newest versions only. What is stored stays as it was written. */
export function withUpcasters(store: EventStoreWithGroups, upcaster: Upcaster): EventStoreWithGroups {
  return {
    ...store,
    readStream: (stream, options) => mapped(store.readStream(stream, options), upcaster),
    readAll: (options) => mapped(store.readAll(options), upcaster),
    subscribe: (options) => mapped(store.subscribe(options), (item) => upcastItem(item, upcaster)),
    groups: {
      ...store.groups,
      subscribe: (group, options) =>
        mapped(store.groups.subscribe(group, options), (message) => ({ ...message, event: upcaster(message.event) })),
    },
  };
}

function upcastItem(item: SubscriptionItem, upcaster: (event: StoredEvent) => StoredEvent): SubscriptionItem {
  return item.kind === 'events' ? { kind: 'events', events: item.events.map(upcaster) } : item;
}

/** Passes `return` on at once, so that a subscription can be left while it waits. */
function mapped<T>(items: AsyncIterable<T>, map: (item: T) => T): AsyncIterableIterator<T> {
  const source = items[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const result = await source.next();
      return result.done ? result : { done: false, value: map(result.value) };
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
}
