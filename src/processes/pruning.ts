import type { KeptRef, Pruning } from '../machines/pruning/index.ts';
import { type Process, settled } from './define-process.ts';
import type { Entity } from './entity.ts';

/** Removes the refs that a pruning names: of the mirror, one repository after the other, each only while it holds what is recorded. */
export const pruning: Process = {
  name: 'pruning',
  concurrency: () => 1,
  obligations(entity) {
    if (entity.kind !== 'pruning' || entity.value !== 'pruning') return [];
    const { id, context } = entity as Entity<Pruning>;
    const byRepository = Map.groupBy(context.spec?.refs ?? [], ({ repositoryId }) => repositoryId);
    return [
      {
        key: `prune:${id}`,
        async act({ runner, send }) {
          const all = { removed: [] as string[], gone: [] as string[], differing: [] as string[] };
          for (const [repositoryId, refs] of byRepository) {
            const { removed, gone, differing } = await runner.removeRefs({ repositoryId, refs: refs.map(named) });
            all.removed.push(...removed);
            all.gone.push(...gone);
            all.differing.push(...differing);
          }
          await settled(send('record_pruned', { pruningId: id, ...all }));
        },
        async giveUp({ send }, error) {
          await settled(send('fail_pruning', { pruningId: id, reason: error.message.slice(0, 2_000) }));
        },
      },
    ];
  },
};

function named({ ref, commit }: KeptRef) {
  return { ref, commit };
}
