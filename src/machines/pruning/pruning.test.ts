import { expect, it } from 'vitest';
import { given } from '../../../tests/support/given.ts';
import { type PruningSpec, pruningActor } from './index.ts';

const pruningId = 'prn_1';
const kept = (ref: string) => ({ repositoryId: 'rep_1', taskId: 'tsk_1', ref, commit: 'c1' });
const [one, two] = ['refs/heph/turns/tsk_1/1', 'refs/heph/rescue/tsk_1/ab'] as const;
const start = (differs: Partial<PruningSpec> = {}) => ({
  name: 'prune_kept_work',
  actor: 'operator',
  input: { pruningId, olderThanMs: 1, refs: [kept(one), kept(two)], left: 0, ...differs },
});
const pruned = (differs: object = {}) => ({
  name: 'record_pruned',
  input: { pruningId, removed: [one], gone: [two], differing: [], ...differs },
});
const fail = { name: 'fail_pruning', input: { pruningId, reason: 'The disk is full.' } };

it('records which refs are to go, once', () => {
  const begun = given(pruningActor)
    .when(start())
    .thenFacts({ type: 'PruningStarted', data: { refs: [kept(one), kept(two)], by: 'operator' } });
  begun.when(start()).thenNothing();
  given(pruningActor)
    .when(start({ refs: [] }))
    .thenRejected('prune.nothing');
  given(pruningActor).when(pruned()).thenRejected('prune.out_of_order');
});

it('records what became of each of them, and of no other', () => {
  const begun = given(pruningActor).when(start()).next;
  begun.when(pruned({ gone: [] })).thenRejected('prune.out_of_order', 'each ref once');
  begun.when(pruned({ gone: ['refs/heads/main'] })).thenRejected('prune.out_of_order');
  begun.when(pruned({ gone: [one] })).thenRejected('prune.out_of_order');
  const done = begun.when(pruned()).thenFacts({ type: 'PruningCompleted', data: { removed: [one], gone: [two] } });
  expect(done.state).toMatchObject({ value: 'completed', context: { removed: 1 } });
  done.when(pruned()).thenNothing();
  done.when(fail).thenRejected('prune.out_of_order');
});

it('may fail, with a reason', () => {
  const failed = given(pruningActor).when(start()).next.when(fail).thenFacts('PruningFailed');
  failed.when(fail).thenNothing();
  expect(failed.state.context.reason).toBe('The disk is full.');
});
