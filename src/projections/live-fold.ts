import { hashOf } from '../kernel/canonical.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Position, StoredEvent } from '../store/event-store.ts';
import type { Degraded, Projection } from './define-projection.ts';
import type { Snapshot } from './cache.ts';

/** A projection with its state at a position. */
export interface LiveFold {
  readonly projection: Projection;
  readonly state: unknown;
  readonly position: Position;
  /** When the last event was recorded; 0 before the first. */
  readonly at: number;
  /** How many events were applied here, restored ones not counted. */
  readonly applied: number;
  readonly degraded: Degraded | null;
  /** Applies those that are newer than its position. One that cannot be folded is noted and left out. */
  apply(events: readonly StoredEvent[]): void;
  /** Everything up to `position` has been seen, though the last events may have been filtered out. */
  advance(position: Position): void;
  /** Null while there is nothing to save, or nothing that should be kept. */
  snapshot(): Snapshot | null;
  /** The hash of the state's canonical JSON. */
  checksum(): string;
}

/** Throws what `restore` throws when the snapshot is not the projection's. */
export function createLiveFold(projection: Projection, from?: Snapshot): LiveFold {
  const state = from ? projection.restore(JSON.parse(from.state)) : projection.init();
  let position = from?.position ?? 0n;
  let last = from && { eventId: from.eventId, position: from.position };
  let at = from?.at ?? 0;
  let applied = 0;
  let degraded: Degraded | null = null;

  function foldOne(event: StoredEvent): void {
    try {
      projection.fold(state, event);
    } catch (error) {
      degraded = degraded
        ? { ...degraded, count: degraded.count + 1 }
        : {
            eventId: event.id,
            position: event.position.toString(),
            type: event.type,
            message: messageOf(error),
            count: 1,
          };
    }
  }

  return {
    projection,
    state,
    get position() {
      return position;
    },
    get at() {
      return at;
    },
    get applied() {
      return applied;
    },
    get degraded() {
      return degraded;
    },
    apply(events) {
      const newest = events.at(-1);
      if (!newest || newest.position <= position) return;
      const news =
        (events[0] as StoredEvent).position > position ? events : events.filter((one) => one.position > position);
      for (const event of news) foldOne(event);
      applied += news.length;
      position = newest.position;
      last = { eventId: newest.id, position };
      at = newest.at;
    },
    advance(to) {
      if (to > position) position = to;
    },
    snapshot() {
      if (!last || degraded) return null;
      return { ...last, at, state: JSON.stringify(projection.save(state)) };
    },
    checksum: () => hashOf(projection.save(state)),
  };
}
