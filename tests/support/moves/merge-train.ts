import fc from 'fast-check';
import { candidate, revert, train } from '../examples.ts';
import { move, pick, text, workflowId } from './move.ts';

const trainId = 'mtr_1';
const candidateId = pick('a', 'b', 'c');
const ofTrain = (name: string, fields: Record<string, unknown> = {}) => move(name, { trainId, candidateId, ...fields });
const refusal = { code: 'conflict', reason: 'it does not fit', files: [], check: null };
const prefix = { count: fc.integer({ min: 1, max: 3 }), commit: pick('m-a', 'm-b', 'm-c') };
export const mergeTrain = fc.oneof(
  {
    weight: 8,
    arbitrary: move('queue_candidate', {
      trainId,
      train: train({ trainId }),
      candidate: candidateId.map((id) => candidate(id)),
    }),
  },
  ...['revert_task', 'revert_workflow'].map((name) =>
    move(name, {
      trainId,
      train: train({ trainId }),
      candidate: candidateId.map((id) => candidate(id, { commit: `of-${id}`, revert: revert() })),
    }),
  ),
  { weight: 2, arbitrary: ofTrain('start_merge') },
  { weight: 2, arbitrary: ofTrain('record_merged', { onto: 'c8', commit: 'm1', tree: 't1' }) },
  ofTrain('restart_merge', { reason: text }),
  ofTrain('land_candidate', { base: pick('moved', 'left', 'not_asked'), reason: null, check: null }),
  ofTrain('refuse_candidate', { code: 'conflict', reason: text, files: [], check: null }),
  ofTrain('withdraw_candidate', { reason: text }),
  { weight: 4, arbitrary: ofTrain('hand_over_revert', { workflowId, taskId: pick(null, 'tsk_1'), files: ['a.js'] }) },
  {
    weight: 12,
    arbitrary: move('start_batch', {
      trainId,
      candidateIds: pick(['a', 'b'], ['b', 'a'], ['b', 'c'], ['a', 'b', 'c'], ['c', 'b', 'a']),
      limit: pick(2, 3, 16, 17),
    }),
  },
  {
    weight: 8,
    arbitrary: fc
      .shuffledSubarray(['a', 'b', 'c'], { minLength: 2 })
      .chain((ids) => pick(0, ids.length, ids.length, 1).map((n) => [ids.slice(0, n), ids.slice(n)] as const))
      .map(([merged, refused]) => ({
        name: 'record_batch_merged',
        actor: 'server',
        input: {
          trainId,
          merged: merged.map((id) => ({ candidateId: id, onto: 'c8', commit: `m-${id}`, tree: `t-${id}` })),
          refused: refused.map((id) => ({ candidateId: id, ...refusal })),
        },
      })),
  },
  {
    weight: 8,
    arbitrary: move('record_batch_check', { trainId, ...prefix, pass: fc.boolean(), again: fc.boolean(), check: null }),
  },
  {
    weight: 24,
    arbitrary: move('settle_batch', {
      trainId,
      landed: fc.option(
        fc.record({ ...prefix, base: pick('moved', 'left'), reason: fc.constant(null), check: fc.constant(null) }),
      ),
      refused: fc.option(candidateId.map((id) => ({ candidateId: id, ...refusal }))),
    }),
  },
  ofTrain('abandon_batch', { reason: text }),
);
