import type { EventFilter, EventStore, Position, StoredEvent } from '../store/event-store.ts';

/** Events after `after` up to `until`, a page at a time: a subscription reads whole pages, which is what makes a fold quick. */
export async function* readBatches(
  store: EventStore,
  { after, until, filter }: { after: Position; until: Position; filter?: EventFilter },
): AsyncGenerator<StoredEvent[]> {
  if (after >= until) return;
  for await (const item of store.subscribe({ after, ...(filter && { filter }) })) {
    if (item.kind === 'caught_up') return;
    const last = item.events.at(-1)?.position ?? after;
    if (last <= until) yield item.events;
    else yield item.events.filter((event) => event.position <= until);
    if (last >= until) return;
  }
}
