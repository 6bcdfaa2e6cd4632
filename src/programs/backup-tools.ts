import { systemClock } from '../kernel/adapters/system.ts';
import { Fault } from '../kernel/errors.ts';
import { createMemoryCache } from '../projections/adapters/memory-cache.ts';
import { startProjectionHost, VIEWS } from '../projections/index.ts';
import { backUp, type BackupNote, restore } from '../store/adapters/backup.ts';
import { openSqliteStore } from '../store/adapters/sqlite.ts';
import { createUpcaster, UPCASTS, withUpcasters } from '../store/upcasters/index.ts';
import type { BackupTools } from '../transport/cli/index.ts';

/** Backups are made from the files: a server may run, and one that hangs does not stand in the way. */
export const backupTools: BackupTools = {
  async backUp(directory, to) {
    return told(await backUp(directory, to, { clock: systemClock }));
  },
  async restore(from, directory) {
    const note = await restore(from, directory);
    return { ...told(note), views: await foldAll(directory) };
  },
};

function told({ position, hash, blobs, damagedBlobs }: BackupNote) {
  return { position: String(position), hash, blobs, damagedBlobs };
}

/** Opens the log as a server would and folds every view from it; throws Fault `log.damaged` for one that cannot be. */
async function foldAll(directory: string): Promise<string[]> {
  const sqlite = await openSqliteStore({ directory, clock: systemClock, reserveBytes: 0 });
  try {
    const host = await startProjectionHost({
      store: withUpcasters(sqlite, createUpcaster(UPCASTS)),
      views: VIEWS,
      cache: createMemoryCache(),
      logId: sqlite.data.logId,
      clock: systemClock,
    });
    try {
      await host.waitFor(await sqlite.head());
      const degraded = host.status().views.filter((view) => view.degraded);
      if (degraded.length > 0)
        throw new Fault(
          'log.damaged',
          `views cannot be folded from it: ${degraded.map(({ view }) => view).join(', ')}`,
        );
      return host.views();
    } finally {
      await host.close();
    }
  } finally {
    await sqlite.close();
  }
}
