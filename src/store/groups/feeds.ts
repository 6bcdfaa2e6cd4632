import type { EventStore, StoredEvent } from '../event-store.ts';
import type { GroupFilter } from '../persistent-subscriptions.ts';
import type { Feed } from './group.ts';

/** One stream, by revision. */
export function streamFeed(log: Pick<EventStore, 'readStream'>, stream: string): Feed<StoredEvent> {
  return {
    keyOf: ({ revision }) => BigInt(revision),
    async page(after, limit) {
      const events = await listOf(log.readStream(stream, { from: Number(after) + 1, limit }));
      const through = events.length > 0 ? BigInt((events.at(-1) as StoredEvent).revision) : after;
      return { events, through, more: events.length === limit };
    },
    async at(key) {
      const [event] = await listOf(log.readStream(stream, { from: Number(key), limit: 1 }));
      return event?.revision === Number(key) ? event : undefined;
    },
  };
}

/** The whole log, by position. */
export function allFeed(log: Pick<EventStore, 'readAll' | 'head'>, filter: GroupFilter | undefined): Feed<StoredEvent> {
  return {
    keyOf: ({ position }) => position,
    async page(after, limit) {
      const head = await log.head();
      if (head <= after) return { events: [], through: after, more: false };
      const events = await listOf(log.readAll({ after, until: head, limit, ...(filter && { filter }) }));
      const more = events.length === limit;
      return { events, through: more ? (events.at(-1) as StoredEvent).position : head, more };
    },
    async at(key) {
      const [event] = await listOf(log.readAll({ after: key - 1n, until: key, limit: 1 }));
      return event;
    },
  };
}

async function listOf(events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> {
  const list: StoredEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}
