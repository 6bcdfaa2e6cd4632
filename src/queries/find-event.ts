import { type Failure, invalid } from '../kernel/errors.ts';
import type { EventStore, Position, StoredEvent } from '../store/event-store.ts';

/** An id says nothing of where its event is; the search goes back so far. */
const LOOKED_AT_MAX = 100_000;

/** The event of that id, none after `until`. Who knows its position is spared the search. */
export async function findEvent(
  store: EventStore,
  { eventId, position }: { eventId: string; position?: string | undefined },
  until: Position,
): Promise<StoredEvent | Failure> {
  if (position !== undefined && BigInt(position) > 0n) {
    const at = BigInt(position);
    if (at <= until)
      for await (const event of store.readAll({ after: at - 1n, until: at, limit: 1 }))
        if (event.id === eventId) return event;
    return invalid('id.unknown', `The event at ${position} is not ${eventId}, or comes later than ${until}.`);
  }
  const found = await findBefore(store, eventId, until + 1n, LOOKED_AT_MAX);
  if (found.event !== null) return found.event;
  return invalid(
    'id.unknown',
    `No event ${JSON.stringify(eventId.slice(0, 80))} is among the ${LOOKED_AT_MAX} before ${until}; its position would find it.`,
  );
}

/** Of the events before `before`, at most `limit` of them; also how many were looked at. */
export async function findBefore(
  store: EventStore,
  eventId: string,
  before: Position,
  limit: number,
): Promise<{ event: StoredEvent | null; looked: number }> {
  let looked = 0;
  for await (const event of store.readAll({ direction: 'backwards', after: before, limit })) {
    looked += 1;
    if (event.id === eventId) return { event, looked };
  }
  return { event: null, looked };
}
