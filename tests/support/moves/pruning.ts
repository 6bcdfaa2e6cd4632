import fc from 'fast-check';
import { move, pick, text } from './move.ts';

const keptRef = { repositoryId: 'rep_1', taskId: 'tsk_1', ref: 'refs/heph/turns/tsk_1/1', commit: 'c1' };
export const pruning = fc.oneof(
  move('prune_kept_work', { pruningId: 'prn_1', olderThanMs: 1, refs: pick([keptRef], [keptRef], []), left: 0 }),
  move('record_pruned', { pruningId: 'prn_1', removed: pick([keptRef.ref], []), gone: [], differing: [] }),
  move('fail_pruning', { pruningId: 'prn_1', reason: text }),
);
