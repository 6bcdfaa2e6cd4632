import { HephError } from '../../kernel/errors.ts';
import type { ProjectionHost } from '../../projections/index.ts';
import type { EventStore, Position, StoredEvent } from '../../store/event-store.ts';
import { wireEvent } from '../wire-event.ts';
import type { EventSelection } from './event-selection.ts';

/** The log as followers see it: what has happened, by pages, and what happens now, at one place for all of them. */
export interface LiveEvents {
  /** The last position that listeners have been told of. */
  position(): Position;
  /** Each batch once, in order, after it is in the views; the returned function ends it. */
  watch(listener: (events: readonly StoredEvent[], position: Position) => void): () => void;
  /** What passes the selection after `after` up to `until`, a page at a time. */
  history(
    selection: EventSelection,
    range: { after: Position; until: Position },
    signal: AbortSignal,
  ): AsyncIterable<StoredEvent[]>;
  /** Resolves when `watch` has told of that position. Throws Invalid `position.ahead` when the log has no such position. */
  reached(position: Position, signal: AbortSignal): Promise<void>;
  /** Rejects when nothing will come any more; never resolves. */
  ended: Promise<never>;
  /** An event as it is sent, in JSON. */
  json(event: StoredEvent): string;
}

const NEVER: Position = 2n ** 64n;

/** Fed by the one subscription that feeds the views: who is told of an event finds it in every view. */
export function createLiveEvents({ store, views }: { store: EventStore; views: ProjectionHost }): LiveEvents {
  return {
    position: views.position,
    watch: (listener) => views.watch((position, events) => listener(events, position)),
    async *history(selection, { after, until }, signal) {
      const { filter, matches } = selection;
      for await (const item of store.subscribe({ after, signal, ...(filter && { filter }) })) {
        if (item.kind === 'caught_up') return;
        const last = (item.events.at(-1) as StoredEvent).position;
        const events = item.events.filter((event) => event.position <= until && matches(event));
        if (events.length > 0) yield events;
        if (last >= until) return;
      }
    },
    async reached(position, signal) {
      if (position <= views.position()) return;
      const head = await store.head();
      if (position > head)
        throw new HephError('position.ahead', `The log ends at ${head}, before ${position}.`, {
          details: { head: `${head}` },
        });
      await views.waitFor(position, signal);
    },
    ended: views.waitFor(NEVER).then(() => new Promise<never>(() => {})),
    json: (event) => JSON.stringify(wireEvent(event)),
  };
}
