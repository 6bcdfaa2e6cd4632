import type { Clock } from '../kernel/clock.ts';
import { HephError } from '../kernel/errors.ts';
import type { EventStore, Position } from '../store/event-store.ts';
import type { ProjectionCache } from './cache.ts';
import type {
  Degraded,
  FoldedView,
  LogView,
  Moment,
  Projection,
  Rendered,
  ScopedView,
  View,
  ViewDefinition,
} from './define-projection.ts';
import { type FeedListener, startFeed } from './feed.ts';
import { createLiveFold, type LiveFold } from './live-fold.ts';
import { readBatches } from './read-batches.ts';
import { createSnapshots } from './snapshots.ts';

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
  watch(listener: FeedListener): () => void;
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
  const definitions = new Map(options.views.map((view) => [view.name, view]));
  const snapshots = createSnapshots(store, cache, options.logId, warn);
  const folds = new Map<string, LiveFold>();
  for (const view of options.views) if ('overall' in view) folds.set(view.name, await snapshots.begin(view.overall));
  const feed = await startFeed({ store, folds, save: snapshots.save, saveEvery, warn });
  const rebuilding = new Map<string, Promise<Rebuilt>>();
  let closing: Promise<void> | undefined;

  const view: ProjectionHost['view'] = async (name, given = {}, { at, until } = {}) => {
    if (closing) throw feed.stopped();
    const definition = definitionOf(name);
    const params = paramsOf(definition, given);
    if (at !== undefined) return pastView(definition, params, at);
    if (until !== undefined) {
      await refuseAhead(until);
      await feed.waitFor(until);
    }
    return liveView(definition, params);
  };

  async function liveView(definition: ViewDefinition, params: Record<string, unknown>): Promise<View> {
    if ('query' in definition) return queried(definition, params, { position: feed.position(), asOf: asOfLive() });
    const scoped = await scopeOf(definition, params);
    const fold = scoped
      ? await feed.workflows.get(scoped.projection, scoped.workflowId)
      : (folds.get(definition.name) ?? nothingIn(definition));
    const whole = scoped ? folds.get(definition.name)?.state : undefined;
    return rendered(fold, definition, params, { position: fold.position, asOf: asOfLive(), whole });
  }

  /** The clock tells the age of live rows; while old events are still coming in, the last of them does. */
  function asOfLive(): number {
    if (feed.state().feed === 'live') return clock.now();
    return Math.max(0, ...[...folds.values()].map((fold) => fold.at));
  }

  async function pastView(definition: ViewDefinition, params: Record<string, unknown>, at: Position): Promise<View> {
    await refuseAhead(at);
    const moment = { position: at, asOf: await recordedAt(at) };
    if ('query' in definition) return queried(definition, params, moment);
    const scoped = await scopeOf(definition, params);
    const fold = scoped
      ? createLiveFold(scoped.projection)
      : 'overall' in definition
        ? await snapshots.begin(definition.overall, at)
        : nothingIn(definition);
    const filter = scoped ? { filter: { workflowId: scoped.workflowId } } : {};
    for await (const events of readBatches(store, { after: fold.position, until: at, ...filter })) fold.apply(events);
    return rendered(fold, definition, params, moment);
  }

  /** Of a thing that is not there. Nothing is missing from it. */
  function nothingIn({ ofWorkflow }: ScopedView | FoldedView): LiveFold {
    const fold = createLiveFold(ofWorkflow as Projection);
    fold.advance(feed.position());
    return fold;
  }

  /** The workflow whose events are folded, where it is not all of them. */
  async function scopeOf(
    definition: FoldedView | ScopedView,
    params: Record<string, unknown>,
  ): Promise<{ projection: Projection; workflowId: string } | null> {
    const workflowId = 'overall' in definition ? params.workflowId : await definition.workflowOf(store, params);
    return definition.ofWorkflow && typeof workflowId === 'string'
      ? { projection: definition.ofWorkflow, workflowId }
      : null;
  }

  async function queried(definition: LogView, params: Record<string, unknown>, moment: Moment): Promise<View> {
    return wire(definition, params, moment, await definition.query(store, params, moment));
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
    const known = [...definitions.keys()].join(', ');
    throw new HephError('query.unknown', `There is no view ${JSON.stringify(name.slice(0, 80))}; there are ${known}.`);
  }

  async function rebuild(name: string): Promise<Rebuilt> {
    const definition = definitionOf(name);
    if (!('overall' in definition))
      throw new HephError(
        'input.invalid',
        `The view ${name} is made anew whenever it is asked for: there is nothing to rebuild.`,
      );
    const under = rebuilding.get(name) ?? rebuildNow(definition).finally(() => rebuilding.delete(name));
    rebuilding.set(name, under);
    return under;
  }

  async function rebuildNow({ name, overall }: FoldedView): Promise<Rebuilt> {
    await feed.caughtUp;
    const started = clock.monotonicMs();
    const fresh = createLiveFold(overall);
    // Until nothing is missing; no `await` lies between that and the exchange.
    while (fresh.position < feed.position()) {
      const until = feed.position();
      for await (const events of readBatches(store, { after: fresh.position, until })) fresh.apply(events);
      fresh.advance(until);
    }
    const checksum = fresh.checksum();
    const equal = checksum === (folds.get(name) as LiveFold).checksum();
    // States that were saved from a fold that went wrong would bring the error back at the next start.
    if (!equal) snapshots.forget(overall);
    feed.replace(name, fresh);
    const ms = clock.monotonicMs() - started;
    return { view: name, position: fresh.position.toString(), checksum, equal, events: fresh.applied, ms };
  }

  async function close(): Promise<void> {
    await feed.close();
    cache.close();
  }

  return {
    position: feed.position,
    view,
    waitFor: feed.waitFor,
    caughtUp: feed.caughtUp,
    rebuild,
    watch: feed.watch,
    status: () => ({
      position: feed.position().toString(),
      ...feed.state(),
      views: [...folds].map(([name, fold]) => ({ view: name, v: fold.projection.v, degraded: fold.degraded })),
    }),
    views: () => [...definitions.keys()],
    close: () => (closing ??= close()),
  };
}

function paramsOf({ name, params }: ViewDefinition, given: Record<string, unknown>): Record<string, unknown> {
  const parsed = params.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const [first] = issues;
  const where = first?.path ? `${first.path}: ` : '';
  throw new HephError('input.invalid', `The view ${name}: ${where}${first?.message}`, { details: { issues } });
}

function rendered(
  fold: LiveFold,
  definition: FoldedView | ScopedView,
  params: Record<string, unknown>,
  moment: Moment,
): View {
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
