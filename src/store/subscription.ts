import { HephError } from '../kernel/errors.ts';
import type { EventFilter, Position, StoredEvent, SubscribeOptions, SubscriptionItem } from './event-store.ts';

/**
 * Catch-up, then live, the same for every adapter that can read pages and say when something was appended:
 *
 *     read a page after P ──► deliver ──► P = how far the page looked
 *        ▲                                   │ nothing more
 *        └──── woken by an append ◄──── wait ┘
 *
 * Live events are read like old ones, so there is no seam where one could be lost or come twice. Nothing is buffered for
 * a consumer: a slow one reads its pages later, and appends never wait for it.
 */
export interface SubscriptionSource {
  head(): Position;
  closed(): boolean;
  /** At most one page of what passes the filter. `through` is how far it looked, never short of the events given. */
  page(after: Position, filter: EventFilter | undefined): Promise<SubscriptionPage> | SubscriptionPage;
  /** Calls back after each append and at close; the returned function cancels it. */
  watch(listener: () => void): () => void;
}

export interface SubscriptionPage {
  events: StoredEvent[];
  through: Position;
}

/** The iteration may be left at any moment, also while it waits. Throws Invalid `position.ahead`. */
export function subscribeTo(
  source: SubscriptionSource,
  options: SubscribeOptions = {},
): AsyncIterableIterator<SubscriptionItem> {
  const left = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
  const items = follow(source, options.after ?? 0n, options.filter, signal);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => items.next(),
    return() {
      // A generator that waits would answer `return` with its next item only.
      left.abort();
      return items.return(undefined);
    },
  };
}

async function* follow(
  source: SubscriptionSource,
  start: Position,
  filter: EventFilter | undefined,
  signal: AbortSignal,
): AsyncGenerator<SubscriptionItem, undefined> {
  const target = source.head();
  if (start > target)
    throw new HephError('position.ahead', `the log ends at ${target}, before ${start}`, {
      details: { head: String(target), after: String(start) },
    });
  const bell = createBell(source, signal);
  const ended = () => signal.aborted || source.closed();
  let after = start;
  let caughtUp = false;
  try {
    while (!ended()) {
      bell.reset();
      const page = await source.page(after, filter);
      // What was read before the end came is still delivered to nobody: the reader has gone.
      if (signal.aborted) return;
      after = page.through;
      if (page.events.length > 0) yield { kind: 'events', events: page.events };
      if (!caughtUp && after >= target) {
        caughtUp = true;
        yield { kind: 'caught_up', position: after };
      }
      if (after >= source.head() && !ended()) await bell.rung();
    }
  } finally {
    bell.remove();
  }
}

/** Remembers a ring that comes between `reset` and `rung`. */
function createBell(source: SubscriptionSource, signal: AbortSignal) {
  let ring = Promise.withResolvers<void>();
  const onRing = () => ring.resolve();
  const unwatch = source.watch(onRing);
  signal.addEventListener('abort', onRing, { once: true });
  return {
    reset() {
      ring = Promise.withResolvers<void>();
    },
    rung: () => ring.promise,
    remove() {
      unwatch();
      signal.removeEventListener('abort', onRing);
    },
  };
}
