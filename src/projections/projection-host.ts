import type { Clock } from '../kernel/clock.ts';
import { Fault, HephError, messageOf } from '../kernel/errors.ts';
import type { EventStore, Position, StoredEvent } from '../store/event-store.ts';
import type { ProjectionCache } from './cache.ts';
import type { Degraded, FoldedView, Moment, Projection, Rendered, View, ViewDefinition } from './define-projection.ts';
import { createLiveFold, type LiveFold } from './live-fold.ts';
import { readBatches } from './read-batches.ts';
import { createSnapshots } from './snapshots.ts';
import { createWaiters } from './waiters.ts';
import { createWorkflowFolds } from './workflow-folds.ts';

/**
 * All live views, fed by one subscription:
 *
 *     log ──► batch ──► each fold ──► waiters ──► listeners
 *                          └─ every so many events: its state to the cache
 *
 * A fold that throws degrades its own view and stops nothing else. Another position than the live one is folded from the
 * nearest saved state; a single workflow's view folds that workflow's events through the store's index.
 */
export interface ProjectionHost {
  /** Everything up to here is in the live views. */
  position(): Position;
  /**
   * `until`: not before that position is applied (read your writes). `at`: as of exactly that position.
   * Throws Invalid `query.unknown`, `input.invalid`, `position.ahead`; Fault `log.closed`.
   */
  view(name: string, params?: Record<string, unknown>, when?: { at?: Position; until?: Position }): Promise<View>;
  /** Resolves when the position is in the live views; rejects when they cannot reach it any more. */
  waitFor(position: Position, signal?: AbortSignal): Promise<void>;
  /** Resolves when everything that was in the log at the start is in the views. */
  caughtUp: Promise<void>;
  /** Folds the view from the start beside the one that serves, compares, and puts the new one in its place. */
  rebuild(name: string): Promise<Rebuilt>;
  /** Calls back after each batch is in the views; the returned function ends it. */
  watch(listener: (position: Position, events: readonly StoredEvent[]) => void): () => void;
  status(): HostStatus;
  views(): string[];
  /** Stops feeding and saves every state. Safe twice. */
  close(): Promise<void>;
}

export interface Rebuilt {
  view: string;
  position: string;
  checksum: string;
  /** Whether the view that served had the same state at the same position. */
  equal: boolean;
  events: number;
  ms: number;
}

export interface HostStatus {
  position: string;
  /** `stopped`: the feed has ended, by `close` or for the reason given. */
  feed: 'catching_up' | 'live' | 'stopped';
  reason: string | null;
  views: { view: string; v: number; degraded: Degraded | null }[];
}

export interface ProjectionHostOptions {
  store: EventStore;
  views: readonly ViewDefinition[];
  cache: ProjectionCache;
  /** Which log the saved states belong to. */
  logId: string;
  clock: Clock;
  /** A state is saved after so many events. */
  saveEvery?: number;
  warn?: (message: string) => void;
}

const SAVE_EVERY = 20_000;

/** Restores what is saved and begins to feed; answers before it has caught up. */
export async function startProjectionHost(options: ProjectionHostOptions): Promise<ProjectionHost> {
  const { store, cache, clock, saveEvery = SAVE_EVERY, warn = () => {} } = options;
  const snapshots = createSnapshots(store, cache, options.logId, warn);
  const definitions = new Map(options.views.map((view) => [view.name, view]));
  const live = new Map<string, LiveFold>();
  const savedAt = new Map<string, number>();
  for (const view of options.views) if ('overall' in view) live.set(view.name, await snapshots.begin(view.overall));

  const stop = new AbortController();
  const waiters = createWaiters();
  const listeners = new Set<Parameters<ProjectionHost['watch']>[0]>();
  const caughtUp = Promise.withResolvers<void>();
  // Nobody needs to wait for it.
  caughtUp.promise.catch(() => {});
  const rebuilding = new Map<string, Promise<Rebuilt>>();
  let feed: HostStatus['feed'] = 'catching_up';
  let reason: string | null = null;
  let closing: Promise<void> | undefined;
  let position = [...live.values()].reduce(
    (least, fold) => (fold.position < least ? fold.position : least),
    await store.head(),
  );
  const workflowFolds = createWorkflowFolds(store, () => position);

  function applyBatch(events: readonly StoredEvent[]): void {
    for (const [name, fold] of live) {
      fold.apply(events);
      if (fold.applied - (savedAt.get(name) ?? 0) >= saveEvery) save(name, fold);
    }
    reach((events.at(-1) as StoredEvent).position, events);
  }

  function reach(to: Position, events: readonly StoredEvent[]): void {
    workflowFolds.apply(events, to);
    for (const fold of live.values()) fold.advance(to);
    position = to;
    waiters.reached(position);
    for (const listener of listeners) tell(listener, events);
  }

  function tell(listener: Parameters<ProjectionHost['watch']>[0], events: readonly StoredEvent[]): void {
    try {
      listener(position, events);
    } catch (error) {
      warn(`a listener of the views failed: ${messageOf(error)}`);
    }
  }

  function save(name: string, fold: LiveFold): void {
    snapshots.save(fold);
    savedAt.set(name, fold.applied);
  }

  async function feedAll(): Promise<void> {
    for await (const item of store.subscribe({ after: position, signal: stop.signal })) {
      if (item.kind === 'events') {
        applyBatch(item.events);
        continue;
      }
      if (item.position > position) reach(item.position, []);
      feed = 'live';
      caughtUp.resolve();
    }
  }

  const fed = feedAll()
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

  function stopped(): Fault {
    return new Fault('log.closed', `the views are fed no more${reason ? `: ${reason}` : ''}`, { retryable: false });
  }

  async function waitFor(target: Position, signal?: AbortSignal): Promise<void> {
    if (target <= position) return;
    if (feed === 'stopped') throw stopped();
    await waiters.wait(target, signal);
  }

  async function view(
    name: string,
    params: Record<string, unknown> = {},
    when: { at?: Position; until?: Position } = {},
  ) {
    if (closing) throw stopped();
    const definition = definitionOf(name);
    const parsed = definition.params.safeParse(params);
    if (!parsed.success)
      throw new HephError(
        'input.invalid',
        `${parsed.error.issues[0]?.message}, in the parameters of the view ${name}.`,
        {
          details: { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) },
        },
      );
    if (when.at !== undefined) return pastView(definition, parsed.data, when.at);
    if (when.until !== undefined) {
      await refuseAhead(when.until);
      await waitFor(when.until);
    }
    const moment = { position, asOf: asOfLive() };
    if (!('overall' in definition))
      return wire(definition, parsed.data, moment, await definition.query(store, parsed.data, moment));
    const fold = await liveFold(definition, parsed.data);
    return rendered(fold, definition, parsed.data, { position: fold.position, asOf: asOfLive() });
  }

  /** The clock tells the age of live rows; while old events are still coming in, the last of them does. */
  function asOfLive(): number {
    if (feed === 'live') return clock.now();
    return Math.max(0, ...[...live.values()].map((fold) => fold.at));
  }

  async function liveFold(definition: FoldedView, params: Record<string, unknown>): Promise<LiveFold> {
    const scoped = scopeOf(definition, params);
    return scoped ? workflowFolds.get(scoped.projection, scoped.workflowId) : (live.get(definition.name) as LiveFold);
  }

  async function pastView(definition: ViewDefinition, params: Record<string, unknown>, at: Position): Promise<View> {
    await refuseAhead(at);
    const moment = { position: at, asOf: await recordedAt(at) };
    if (!('overall' in definition))
      return wire(definition, params, moment, await definition.query(store, params, moment));
    const scoped = scopeOf(definition, params);
    const fold = scoped ? createLiveFold(scoped.projection) : await snapshots.begin(definition.overall, at);
    const filter = scoped ? { filter: { workflowId: scoped.workflowId } } : {};
    for await (const events of readBatches(store, { after: fold.position, until: at, ...filter })) fold.apply(events);
    return rendered(fold, definition, params, moment);
  }

  async function refuseAhead(at: Position): Promise<void> {
    const head = await store.head();
    if (at > head)
      throw new HephError('position.ahead', `The log ends at ${head}, before ${at}.`, { details: { head: `${head}` } });
  }

  /** When the last event up to there was recorded. */
  async function recordedAt(at: Position): Promise<number> {
    for await (const event of store.readAll({ until: at, direction: 'backwards', limit: 1 })) return event.at;
    return 0;
  }

  function definitionOf(name: string): ViewDefinition {
    const definition = definitions.get(name);
    if (definition) return definition;
    throw new HephError(
      'query.unknown',
      `There is no view ${JSON.stringify(name.slice(0, 80))}; there are ${[...definitions.keys()].join(', ')}.`,
    );
  }

  async function rebuild(name: string): Promise<Rebuilt> {
    const definition = definitionOf(name);
    if (!('overall' in definition))
      throw new HephError('input.invalid', `The view ${name} is a query over the log: there is nothing to rebuild.`);
    const under = rebuilding.get(name) ?? rebuildNow(definition).finally(() => rebuilding.delete(name));
    rebuilding.set(name, under);
    return under;
  }

  async function rebuildNow({ name, overall }: FoldedView): Promise<Rebuilt> {
    await caughtUp.promise;
    const started = clock.monotonicMs();
    const fresh = createLiveFold(overall);
    // Until nothing is missing; no `await` lies between that and the exchange.
    while (fresh.position < position) {
      const until = position;
      for await (const events of readBatches(store, { after: fresh.position, until })) fresh.apply(events);
      fresh.advance(until);
    }
    const checksum = fresh.checksum();
    const equal = checksum === (live.get(name) as LiveFold).checksum();
    // States that were saved from a fold that went wrong would bring the error back at the next start.
    if (!equal) snapshots.forget(overall);
    live.set(name, fresh);
    workflowFolds.clear();
    save(name, fresh);
    const ms = clock.monotonicMs() - started;
    return { view: name, position: position.toString(), checksum, equal, events: fresh.applied, ms };
  }

  async function close(): Promise<void> {
    stop.abort();
    await fed;
    for (const [name, fold] of live) if (fold.applied > (savedAt.get(name) ?? 0)) save(name, fold);
    cache.close();
  }

  return {
    position: () => position,
    view,
    waitFor,
    caughtUp: caughtUp.promise,
    rebuild,
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    status: () => ({
      position: position.toString(),
      feed,
      reason,
      views: [...live].map(([name, fold]) => ({ view: name, v: fold.projection.v, degraded: fold.degraded })),
    }),
    views: () => [...definitions.keys()],
    close: () => (closing ??= close()),
  };
}

function scopeOf(
  definition: FoldedView,
  params: Record<string, unknown>,
): { projection: Projection; workflowId: string } | null {
  const { workflowId } = params;
  return definition.ofWorkflow && typeof workflowId === 'string'
    ? { projection: definition.ofWorkflow, workflowId }
    : null;
}

function rendered(fold: LiveFold, definition: FoldedView, params: Record<string, unknown>, moment: Moment): View {
  const { v, render } = fold.projection;
  const view = wire({ name: definition.name, v }, params, moment, render(fold.state, params, moment));
  return fold.degraded ? { ...view, degraded: fold.degraded } : view;
}

function wire(
  { name, v }: { name: string; v: number },
  params: Record<string, unknown>,
  { position, asOf }: Moment,
  { rows, summary }: Rendered,
): View {
  return { view: name, v, params, position: position.toString(), asOf, rows, summary };
}
