import { type ProjectionCache, type Snapshot, type SnapshotKey, SNAPSHOTS_KEPT_MAX } from '../cache.ts';

/** Saved states in memory, for tests, simulation and a server whose cache file cannot be opened. */
export function createMemoryCache(): ProjectionCache {
  const kept = new Map<string, Snapshot[]>();
  const nameOf = ({ projection, v, logId }: SnapshotKey) => `${projection} ${v} ${logId}`;
  return {
    latest: (key, until) =>
      kept.get(nameOf(key))?.findLast((one) => until === undefined || one.position <= until) ?? null,
    put(key, snapshot) {
      const before = kept.get(nameOf(key)) ?? [];
      const others = before.filter((one) => one.position !== snapshot.position);
      const sorted = [...others, snapshot].sort((a, b) => (a.position < b.position ? -1 : 1));
      kept.set(nameOf(key), sorted.slice(-SNAPSHOTS_KEPT_MAX));
    },
    forget: (key) => void kept.delete(nameOf(key)),
    close: () => kept.clear(),
  };
}
