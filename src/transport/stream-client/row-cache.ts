import { createStore } from '@xstate/store';
import type { ServerMessage } from '../ws/protocol.ts';

type Of<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;
export type Row = Record<string, unknown>;

/** A row with the moment to which the ages in it count. */
export interface CachedRow {
  row: Row;
  /** Decimal. */
  position: string;
  asOf: number;
}

/** What a client has of a view. */
export interface CachedView {
  /** `stale`: the connection is lost, and what is here is as it was; `ended`: it will not change any more. */
  status: 'loading' | 'live' | 'stale' | 'ended';
  /** Null while loading. */
  position: string | null;
  /** By key, in the view's order. Rows that did not change stay the same objects. */
  rows: Readonly<Record<string, CachedRow>>;
  summary: Row;
  /** Not null when the server could not fold an event: what rests on it is missing. */
  degraded: unknown;
}

export type RowCache = ReturnType<typeof createRowCache>;

const EMPTY: CachedView = { status: 'loading', position: null, rows: {}, summary: {}, degraded: null };

/** An `@xstate/store`, so that a page's components select from it what they show. */
export function createRowCache() {
  return createStore({
    context: EMPTY,
    on: {
      snapshot: (_before: CachedView, { message }: { message: Of<'snapshot'> }) => fromSnapshot(message),
      delta: (before: CachedView, { message }: { message: Of<'delta'> }) => withDelta(before, message),
      lost: (before: CachedView) => (before.status === 'live' ? { ...before, status: 'stale' as const } : before),
      ended: (before: CachedView) => ({ ...before, status: 'ended' as const }),
    },
  });
}

function fromSnapshot({ position, asOf, rows, summary, degraded = null }: Of<'snapshot'>): CachedView {
  return { status: 'live', position, rows: cached(rows, position, asOf), summary, degraded };
}

function withDelta(before: CachedView, message: Of<'delta'>): CachedView {
  const { position, asOf, removed, order, summary = before.summary } = message;
  const gone = new Set(removed);
  const kept = gone.size === 0 ? before.rows : without(before.rows, gone);
  const rows = { ...kept, ...cached(message.rows, position, asOf) };
  const degraded = 'degraded' in message ? message.degraded : before.degraded;
  return { ...before, position, rows: order ? inOrder(rows, order) : rows, summary, degraded };
}

function cached(rows: Record<string, Row>, position: string, asOf: number): Record<string, CachedRow> {
  return Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, { row, position, asOf }]));
}

function without(rows: CachedView['rows'], gone: ReadonlySet<string>): Record<string, CachedRow> {
  return Object.fromEntries(Object.entries(rows).filter(([key]) => !gone.has(key)));
}

function inOrder(rows: CachedView['rows'], order: readonly string[]): Record<string, CachedRow> {
  return Object.fromEntries(order.flatMap((key) => (rows[key] ? [[key, rows[key]]] : [])));
}
