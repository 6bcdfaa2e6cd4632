import { messageOf } from '../kernel/errors.ts';
import type { EventStore, Position } from '../store/event-store.ts';
import type { ProjectionCache, Snapshot, SnapshotKey } from './cache.ts';
import type { Projection } from './define-projection.ts';
import { createLiveFold, type LiveFold } from './live-fold.ts';

/** Saved states, each trusted only as far as the log bears it out. */
export interface Snapshots {
  /** A fold that begins at the newest usable state not after `until`, or at the start of the log. */
  begin(projection: Projection, until?: Position): Promise<LiveFold>;
  save(fold: LiveFold): void;
  forget(projection: Projection): void;
}

export function createSnapshots(
  store: EventStore,
  cache: ProjectionCache,
  logId: string,
  warn: (message: string) => void,
): Snapshots {
  const keyOf = ({ name, v }: Projection): SnapshotKey => ({ projection: name, v, logId });

  /** A log that was restored from a backup may have gone another way since. */
  async function isOfThisLog(snapshot: Snapshot): Promise<boolean> {
    if (snapshot.position > (await store.head())) return false;
    const bounds = { after: snapshot.position - 1n, until: snapshot.position, limit: 1 };
    for await (const event of store.readAll(bounds)) return event.id === snapshot.eventId;
    return false;
  }

  return {
    async begin(projection, until) {
      const snapshot = cache.latest(keyOf(projection), until);
      if (!snapshot) return createLiveFold(projection);
      try {
        if (await isOfThisLog(snapshot)) return createLiveFold(projection, snapshot);
        warn(`the saved state of ${projection.name} is of another log; it is folded again`);
      } catch (error) {
        warn(`the saved state of ${projection.name} cannot be used: ${messageOf(error)}`);
      }
      cache.forget(keyOf(projection));
      return createLiveFold(projection);
    },
    save(fold) {
      try {
        const snapshot = fold.snapshot();
        if (snapshot) cache.put(keyOf(fold.projection), snapshot);
      } catch (error) {
        warn(`the state of ${fold.projection.name} cannot be saved: ${messageOf(error)}`);
      }
    },
    forget: (projection) => cache.forget(keyOf(projection)),
  };
}
