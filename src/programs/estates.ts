import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from '../kernel/clock.ts';
import { HephError, messageOf } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Estate, Estates, Opened, RunnerPlace } from '../runtime/estates.ts';
import { openDataDirectory } from '../store/adapters/data-directory.ts';
import { openFileBlobs } from '../store/adapters/file-blobs.ts';
import { takeOwnership } from '../store/adapters/sqlite/owner.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { LocalRunner } from './local-runner.ts';
import { runnerOf } from './log-store.ts';

export interface EstatesParts {
  /** Where what is brought goes. */
  ours: { runner: LocalRunner; blobs: BlobStore };
  /** A runner on somebody's data directory; the lock is ours by then. */
  openRunner(directory: string, runnerId: string): Promise<LocalRunner>;
  clock: Clock;
  log: Log;
}

/**
 * The data directories of other runners on this machine. The operating system's lock tells for certain whether a server
 * of it lives: one that is asleep beyond its lease still holds it, and is left its work.
 */
export function openEstates(parts: EstatesParts): Estates {
  return {
    async open(place): Promise<Opened> {
      const away = whyAway(place, parts.clock);
      if (away) return { outcome: 'elsewhere', reason: away };
      try {
        const lock = takeOwnership(place.dataDirectory, parts.clock, false);
        try {
          lock.announce({ takesOver: true });
          const runner = await parts.openRunner(place.dataDirectory, place.runnerId);
          return { outcome: 'open', estate: estateOf(place.dataDirectory, runner, () => lock.release(), parts) };
        } catch (error) {
          lock.release();
          throw error;
        }
      } catch (error) {
        if (error instanceof HephError && error.code === 'data.owned')
          return { outcome: 'held', reason: error.message };
        throw error;
      }
    },
  };
}

/** Why its files cannot be had from here, or null. */
function whyAway({ runnerId, host, dataDirectory }: RunnerPlace, clock: Clock): string | null {
  if (host !== hostname()) return `Its files are on ${host}.`;
  if (!existsSync(dataDirectory)) return `Its files are not here: there is no ${dataDirectory}.`;
  try {
    if (runnerOf(dataDirectory) !== runnerId) return `${dataDirectory} is another runner’s.`;
    openDataDirectory(dataDirectory, { clock });
    return null;
  } catch (error) {
    return `Its files cannot be used: ${messageOf(error)}`;
  }
}

function estateOf(directory: string, theirs: LocalRunner, release: () => void, { ours, log }: EstatesParts): Estate {
  return {
    async stopAgents(agentIds, graceMs) {
      await Promise.all(agentIds.map((agentId) => theirs.stopAgent({ agentId, graceMs })));
    },
    async bringRun({ workflowId, repositoryId, baseCommit, tasks, blobs }) {
      const rescued: { taskId: string; ref: string }[] = [];
      for (const { taskId, handedIn } of tasks) {
        try {
          if (handedIn) await theirs.keepTree({ taskId, repositoryId, ...handedIn });
        } catch (error) {
          // Whoever judges the work finds that it is not there, and says so.
          log.warn({ taskId, error: messageOf(error) }, 'work that was handed in could not be kept');
        }
        const removed = await theirs.removeWorktree({ taskId, repositoryId });
        if (removed.rescued !== null) rescued.push({ taskId, ref: removed.rescued });
      }
      const ids = [workflowId.slice(4), ...tasks.map(({ taskId }) => taskId)];
      await ours.runner.takeRefs({ from: directory, repositoryId, baseCommit, ids });
      await bringBlobs(openFileBlobs(directory), ours.blobs, blobs);
      return { rescued };
    },
    async close() {
      await theirs.close();
      release();
    },
  };
}

async function bringBlobs(theirs: BlobStore, ours: BlobStore, hashes: readonly string[]): Promise<void> {
  for (const hash of hashes)
    if (!(await ours.has(hash)) && (await theirs.has(hash))) await ours.put(await theirs.get(hash));
}
