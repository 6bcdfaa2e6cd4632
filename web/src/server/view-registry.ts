import type { CachedView, StreamError, ViewFollower } from '../../../src/transport/stream-client/index.ts';
import { asFailure, query } from './api.ts';
import { hearServerTime } from './clock.ts';
import { stream } from './connection.ts';

export type Row = Record<string, unknown>;

/** What a component knows of a view. Rows that did not change are the same objects as before. */
export interface View<R = Row, S = Row> {
  /**
   * `loading`: nothing yet; `live`; `reconnecting`: as it was when the connection was lost; `past`: as it was at the chosen
   * position; `failed`: `failure` says why.
   */
  state: 'loading' | 'live' | 'reconnecting' | 'past' | 'failed';
  /** In the view’s order. */
  rows: readonly R[];
  byKey: Readonly<Record<string, R>>;
  /** Empty while loading. */
  summary: Partial<S>;
  /** Decimal; null while loading. */
  position: string | null;
  /** To which moment ages count: milliseconds since the Unix epoch; null: now. */
  asOf: number | null;
  /** Not null when the server could not fold an event: what rests on it is missing. */
  degraded: unknown;
  failure: StreamError | null;
}

export const LOADING: View = {
  state: 'loading',
  rows: [],
  byKey: {},
  summary: {},
  position: null,
  asOf: null,
  degraded: null,
  failure: null,
};

/** One view that somebody looks at, however many components do. */
export interface Followed {
  subscribe(listener: () => void): () => void;
  get(): View;
  /** Resolves when it shows that position; at once in the past. */
  reached(position: string): Promise<void>;
}

/** What a screen leaves is kept for so long: whoever comes back finds it as it is now. */
const LINGER_MS = 5_000;
/** Where no frame is painted, as in a tab in the background. */
const HIDDEN_MS = 250;

const followed = new Map<string, Followed>();

/** The same for the same view, parameters and position. */
export function follow(view: string, params: Row, at: string | null): Followed {
  const key = JSON.stringify([view, params, at]);
  const known = followed.get(key);
  if (known) return known;
  const open = at === null ? live(view, params) : past(view, params, at);
  const fresh = shared(open, () => void (followed.get(key) === fresh && followed.delete(key)));
  followed.set(key, fresh);
  return fresh;
}

interface Source {
  reached(position: string): Promise<void>;
  close(): void;
}

/** Begins when the first looks, ends a while after the last has gone, and tells of changes once per frame. */
function shared(open: (show: (view: View) => void) => Source, forget: () => void): Followed {
  const listeners = new Set<() => void>();
  let shown: View = LOADING;
  let source: Source | null = null;
  let leaving: ReturnType<typeof setTimeout> | undefined;
  let planned = false;

  const tell = () => {
    planned = false;
    for (const listener of listeners) listener();
  };
  const show = (view: View) => {
    shown = view;
    if (planned) return;
    planned = true;
    if (document.hidden) setTimeout(tell, HIDDEN_MS);
    else requestAnimationFrame(tell);
  };

  return {
    get: () => shown,
    subscribe(listener) {
      clearTimeout(leaving);
      listeners.add(listener);
      source ??= open(show);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        leaving = setTimeout(() => {
          source?.close();
          source = null;
          forget();
        }, LINGER_MS);
      };
    },
    reached: (position) => source?.reached(position) ?? Promise.resolve(),
  };
}

function live(view: string, params: Row) {
  return (show: (view: View) => void): Source => {
    let failure: StreamError | null = null;
    const follower: ViewFollower = stream.view({ view, params, onEnd: (error) => void (failure = error) });
    const { cache } = follower;
    const tell = () => show(viewOf(cache.getSnapshot().context, failure));
    const { unsubscribe } = cache.subscribe(tell);
    if (failure) tell();
    return {
      reached: (position) => follower.reached(position),
      close() {
        unsubscribe();
        follower.close();
      },
    };
  };
}

const STATES = { loading: 'loading', live: 'live', stale: 'reconnecting', ended: 'failed' } as const;

function viewOf({ status, rows, position, summary, degraded }: CachedView, failure: StreamError | null): View {
  let asOf = 0;
  const byKey: Record<string, Row> = {};
  for (const [key, cached] of Object.entries(rows)) {
    byKey[key] = cached.row;
    asOf = Math.max(asOf, cached.asOf);
  }
  if (status === 'live' && asOf > 0) hearServerTime(asOf);
  const error = status === 'ended' ? (failure ?? asFailure(null)) : null;
  return {
    state: STATES[status],
    rows: Object.values(byKey),
    byKey,
    summary,
    position,
    asOf: null,
    degraded,
    failure: error,
  };
}

interface WireView {
  rows: Record<string, Row>;
  summary: Row;
  position: string;
  asOf: number;
  degraded?: unknown;
}

function past(view: string, params: Row, at: string) {
  return (show: (view: View) => void): Source => {
    const gone = new AbortController();
    query<WireView>('get_view', { view, params, at }, gone.signal).then(
      ({ rows, summary, position, asOf, degraded = null }) =>
        show({
          state: 'past',
          rows: Object.values(rows),
          byKey: rows,
          summary,
          position,
          asOf,
          degraded,
          failure: null,
        }),
      (error: unknown) => {
        if (!gone.signal.aborted) show({ ...LOADING, state: 'failed', failure: asFailure(error) });
      },
    );
    return { reached: () => Promise.resolve(), close: () => gone.abort() };
  };
}
