import { Fault, messageOf } from '../kernel/errors.ts';
import type { EventStore, Position, StoredEvent } from '../store/event-store.ts';
import type { LiveFold } from './live-fold.ts';
import { createWaiters } from './waiters.ts';
import { createWorkflowFolds, type WorkflowFolds } from './workflow-folds.ts';

export type FeedListener = (position: Position, events: readonly StoredEvent[]) => void;

/** The one subscription that feeds every live fold, and those who wait for it or listen to it. */
export interface Feed {
  /** Everything up to here is in the folds. */
  position(): Position;
  state(): { feed: 'catching_up' | 'live' | 'stopped'; reason: string | null };
  folds: ReadonlyMap<string, LiveFold>;
  workflows: WorkflowFolds;
  /** Puts a fold at the feed's position in the place of the one that served. */
  replace(name: string, fold: LiveFold): void;
  caughtUp: Promise<void>;
  waitFor(position: Position, signal?: AbortSignal): Promise<void>;
  watch(listener: FeedListener): () => void;
  /** Stops, and saves every fold that has moved. */
  close(): Promise<void>;
  /** What to tell those who come after the end. */
  stopped(): Fault;
}

export interface FeedOptions {
  store: EventStore;
  folds: Map<string, LiveFold>;
  save: (fold: LiveFold) => void;
  saveEvery: number;
  warn: (message: string) => void;
}

/** Begins behind the fold that is the furthest back; the others leave out what they have. */
export async function startFeed({ store, folds, save, saveEvery, warn }: FeedOptions): Promise<Feed> {
  const stop = new AbortController();
  const waiters = createWaiters();
  const listeners = new Set<FeedListener>();
  const savedAt = new Map<string, number>();
  const caughtUp = Promise.withResolvers<void>();
  // Nobody needs to wait for it.
  caughtUp.promise.catch(() => {});
  let feed: 'catching_up' | 'live' | 'stopped' = 'catching_up';
  let reason: string | null = null;
  let position = await store.head();
  for (const fold of folds.values()) if (fold.position < position) position = fold.position;
  const workflows = createWorkflowFolds(store, () => position);

  function reach(to: Position, events: readonly StoredEvent[]): void {
    for (const [name, fold] of folds) {
      fold.apply(events);
      fold.advance(to);
      if (fold.applied - (savedAt.get(name) ?? 0) >= saveEvery) keep(name, fold);
    }
    workflows.apply(events, to);
    position = to;
    waiters.reached(to);
    for (const listener of listeners) tell(listener, events);
  }

  function tell(listener: FeedListener, events: readonly StoredEvent[]): void {
    try {
      listener(position, events);
    } catch (error) {
      warn(`a listener of the views failed: ${messageOf(error)}`);
    }
  }

  function keep(name: string, fold: LiveFold): void {
    save(fold);
    savedAt.set(name, fold.applied);
  }

  async function run(): Promise<void> {
    for await (const item of store.subscribe({ after: position, signal: stop.signal })) {
      if (item.kind === 'events') {
        reach((item.events.at(-1) as StoredEvent).position, item.events);
        continue;
      }
      if (item.position > position) reach(item.position, []);
      feed = 'live';
      caughtUp.resolve();
    }
  }

  function stopped(): Fault {
    return new Fault('log.closed', `The views are fed no more${reason ? `: ${reason}` : ''}.`, { retryable: false });
  }

  const ended = run()
    .catch((error: unknown) => {
      reason = messageOf(error);
      warn(`the views are fed no more: ${reason}`);
    })
    .then(() => {
      feed = 'stopped';
      const fault = stopped();
      waiters.fail(fault);
      caughtUp.reject(fault);
    });

  return {
    position: () => position,
    state: () => ({ feed, reason }),
    folds,
    workflows,
    replace(name, fold) {
      folds.set(name, fold);
      workflows.clear();
      keep(name, fold);
    },
    caughtUp: caughtUp.promise,
    async waitFor(target, signal) {
      if (target <= position) return;
      if (feed === 'stopped') throw stopped();
      await waiters.wait(target, signal);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      stop.abort();
      await ended;
      for (const [name, fold] of folds) if (fold.applied > (savedAt.get(name) ?? 0)) keep(name, fold);
    },
    stopped,
  };
}
