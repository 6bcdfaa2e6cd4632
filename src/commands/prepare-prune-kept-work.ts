import { type KeptRef, PRUNED_MAX, type PruningSpec } from '../machines/pruning/index.ts';
import type { PreparationContext } from './command-bus.ts';

interface Parts {
  /** The kept work of runs that ended so long ago, as the log tells of it; of this runner's, where there are several. */
  prunable(olderThanMs: number): Promise<readonly KeptRef[]>;
  runnerId?: string;
}

/** Finds what is to go in the log, and nowhere else: a ref that no fact names is not found. */
export function preparePruneKeptWork({ prunable, runnerId }: Parts) {
  return async ({ olderThanMs }: { olderThanMs: number }, { actorId }: PreparationContext): Promise<PruningSpec> => {
    const found = await prunable(olderThanMs);
    const refs = found.slice(0, PRUNED_MAX).map(({ repositoryId, taskId, ref, commit }) => ({
      ...{ repositoryId, taskId, ref, commit },
    }));
    const left = found.length - refs.length;
    return { pruningId: actorId, olderThanMs, refs, left, ...(runnerId !== undefined && { runnerId }) };
  };
}
