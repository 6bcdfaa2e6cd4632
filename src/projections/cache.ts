import type { Position } from '../store/event-store.ts';

/** States of projections as they were at some positions. Disposable: without it everything is folded again. */
export interface ProjectionCache {
  /** The newest one, not newer than `until` when that is given; null when there is none or it cannot be trusted. */
  latest(key: SnapshotKey, until?: Position): Snapshot | null;
  put(key: SnapshotKey, snapshot: Snapshot): void;
  /** Removes all of that key. */
  forget(key: SnapshotKey): void;
  close(): void;
}

/** Another version of the projection, or another log, has states of its own. */
export interface SnapshotKey {
  projection: string;
  v: number;
  logId: string;
}

export interface Snapshot {
  /** Every event up to it is in the state. */
  position: Position;
  /** The event at the position: when the log holds another one there, the state is of another log. */
  eventId: string;
  /** When that event was recorded. */
  at: number;
  /** What the projection's `save` gave, as JSON. */
  state: string;
}

/** So many are kept of each key; an earlier position is folded from the start. */
export const SNAPSHOTS_KEPT_MAX = 32;
