import { describe, expect, it } from 'vitest';
import { candidate, revert, train } from '../../../tests/support/examples.ts';
import { type Given, given, type Said } from '../../../tests/support/given.ts';
import { type MergeTrain, mergeTrainActor } from './index.ts';

const trainId = 'mtr_run';
const say = (name: string, candidateId: string, more: Record<string, unknown> = {}): Said => ({
  name,
  input: { trainId, candidateId, ...more },
});
const queue = (id: string, differs = {}): Said => ({
  name: 'queue_candidate',
  input: { trainId, train: train(), candidate: candidate(id, differs) },
});
const start = (id: string) => say('start_merge', id);
const merged = (id: string, onto = 'c8') => say('record_merged', id, { onto, commit: 'm1', tree: 't1' });
const restart = (id: string) => say('restart_merge', id, { reason: 'The branch moved.' });
const land = (id: string) => say('land_candidate', id, { base: 'not_asked', reason: null, check: null });
const refuse = (id: string) =>
  say('refuse_candidate', id, { code: 'conflict', reason: 'parser.js', files: ['parser.js'], check: null });
const withdraw = (id: string) => say('withdraw_candidate', id, { reason: 'The task was cancelled.' });
const after = (...said: Said[]): Given<MergeTrain> =>
  said.reduce((actor, one) => actor.when(one).next, given(mergeTrainActor));
const ids = ({ state }: Given<MergeTrain>) => ({
  queue: state.context.queue.map((one) => one.candidateId),
  current: state.context.current?.members.map((one) => one.candidate.candidateId).join() ?? null,
});

describe('the queue of a train', () => {
  it('opens with the first candidate and takes each once', () => {
    const one = given(mergeTrainActor)
      .when(queue('a'))
      .thenFacts({ type: 'TrainOpened', data: train() }, { type: 'CandidateQueued', data: candidate('a') });
    one.when(queue('a')).thenNothing();
    one.when(queue('b')).thenFacts('CandidateQueued');
  });

  it('takes no candidate again that is being merged or has ended', () => {
    after(queue('a'), start('a')).when(queue('a')).thenNothing();
    after(queue('a'), start('a'), merged('a'), land('a')).when(queue('a')).thenNothing();
    after(queue('a'), start('a'), refuse('a')).when(queue('a')).thenNothing();
  });

  it('goes first come, first served', () => {
    const two = after(queue('a'), queue('b'));
    two.when(start('b')).thenRejected('train.out_of_order', 'not the turn');
    two.when(start('a')).thenFacts({ type: 'MergeStarted', data: { candidateId: 'a' } });
  });

  it('merges one at a time', () => {
    const busy = after(queue('a'), queue('b'), start('a'));
    busy.when(start('a')).thenNothing();
    busy.when(start('b')).thenRejected('train.out_of_order');
    busy.when(queue('c')).thenFacts('CandidateQueued');
  });

  it('gives up a candidate that waits and goes on with the one being merged', () => {
    const withdrawn = after(queue('a'), queue('b'), start('a')).when(withdraw('b')).thenFacts('CandidateWithdrawn');
    expect(withdrawn.state.value).toBe('merging');
    expect(ids(withdrawn)).toEqual({ queue: [], current: 'a' });
    withdrawn.when(merged('a')).next.when(land('a')).thenFacts('CandidateLanded');
  });

  it('gives up the candidate being merged, once', () => {
    const withdrawn = after(queue('a'), queue('b'), start('a'), merged('a'))
      .when(withdraw('a'))
      .thenFacts('MergeAbandoned', { type: 'CandidateWithdrawn', data: { candidateId: 'a' } });
    expect(ids(withdrawn)).toEqual({ queue: ['b'], current: null });
    withdrawn.when(withdraw('a')).thenNothing();
    withdrawn.when(land('a')).thenNothing();
    withdrawn.when(start('b')).thenFacts('MergeStarted');
  });

  it('gives up nothing that it never had', () => {
    after(queue('a')).when(withdraw('x')).thenNothing();
    given(mergeTrainActor).when(withdraw('x')).thenNothing();
  });
});

describe('a merge', () => {
  it('lands what was merged and checked, once', () => {
    const landed = after(queue('a'), start('a'))
      .when(merged('a'))
      .thenFacts({ type: 'CandidateMerged', data: { candidateId: 'a', onto: 'c8', commit: 'm1', tree: 't1' } })
      .when(merged('a'))
      .thenNothing()
      .when(land('a'))
      .thenFacts({ type: 'CandidateLanded', data: { candidateId: 'a', commit: 'm1', from: 'c8' } });
    expect(landed.state.value).toBe('idle');
    landed.when(land('a')).thenNothing();
  });

  it('lands nothing that is not merged', () => {
    after(queue('a'), start('a')).when(land('a')).thenRejected('train.out_of_order');
    after(queue('a')).when(land('a')).thenRejected('train.out_of_order');
  });

  it.each([merged, restart, refuse])('is of the current candidate only', (about) => {
    after(queue('a'), queue('b'), start('a')).when(about('b')).thenRejected('train.out_of_order', 'not being merged');
  });

  it('begins again when the branch has moved underneath', () => {
    const again = after(queue('a'), start('a'), merged('a')).when(restart('a')).thenFacts('MergeRestarted');
    again.when(restart('a')).thenNothing();
    again.when(land('a')).thenRejected('train.out_of_order');
    again
      .when(merged('a', 'c9'))
      .next.when(land('a'))
      .thenFacts({ type: 'CandidateLanded', data: { from: 'c9' } });
  });

  it('gives up a branch that moves twenty times', () => {
    let busy = after(queue('a'), start('a'));
    for (let round = 0; round < 20; round++)
      busy = busy.when(merged('a')).next.when(restart('a')).thenFacts('MergeRestarted');
    busy
      .when(merged('a'))
      .next.when(restart('a'))
      .thenFacts({ type: 'CandidateRefused', data: { code: 'branch_moved' } });
  });

  it('is refused with the files in the way, once', () => {
    const refused = after(queue('a'), queue('b'), start('a'))
      .when(refuse('a'))
      .thenFacts({ type: 'CandidateRefused', data: { code: 'conflict', files: ['parser.js'] } });
    refused.when(refuse('a')).thenNothing();
    refused.when(start('b')).thenFacts('MergeStarted');
  });
});

describe('a revert', () => {
  const takeOut = (id: string): Said => ({
    name: 'revert_task',
    input: { trainId, train: train(), candidate: candidate(id, { commit: 'm1', revert: revert() }) },
  });
  const landed = (id: string, base: string) =>
    after(takeOut(id), start(id), merged(id)).when(say('land_candidate', id, { base, reason: null, check: null })).next;

  it('is a candidate as any other, once', () => {
    const asked = given(mergeTrainActor).when(takeOut('r')).thenFacts('TrainOpened', 'CandidateQueued');
    asked.when(takeOut('r')).thenNothing();
    asked.when(takeOut('s')).thenRejected('revert.done_already', 'is being taken out');
    landed('r', 'moved').when(takeOut('s')).thenRejected('revert.done_already', 'before');
  });

  it('that conflicts is handed over, and the train remembers to whom', () => {
    const hand = say('hand_over_revert', 'r', { workflowId: 'wfl_9', taskId: null, files: ['a.js'] });
    const over = after(takeOut('r'), start('r')).when(hand).thenFacts('RevertHandedOver');
    expect(over.state.context).toMatchObject({ current: null, handedOver: [{ commit: 'm1', workflowId: 'wfl_9' }] });
    over.when(hand).thenNothing();
    after(queue('a'), start('a'))
      .when({ ...hand, input: { ...(hand.input as object), candidateId: 'a' } })
      .thenRejected('train.out_of_order');
    after(takeOut('r')).when(hand).thenRejected('train.out_of_order');
  });

  it('may be asked for again when it was refused, or could not be moved into the base branch', () => {
    after(takeOut('r'), start('r'), refuse('r')).when(takeOut('s')).thenFacts('CandidateQueued');
    landed('r', 'left').when(takeOut('s')).thenFacts('CandidateQueued');
  });
});

it('remembers a bounded number of candidates that have ended', () => {
  let actor = given(mergeTrainActor);
  for (let n = 0; n < 502; n++) actor = actor.when(queue(`c${n}`)).next.when(withdraw(`c${n}`)).next;
  const { ended } = actor.state.context;
  expect([ended.length, ended[0], ended.at(-1)]).toEqual([500, 'c2', 'c501']);
});

it('files each event under the workflow and task of its own candidate', () => {
  const scopeAfter = (...said: Said[]) => mergeTrainActor.scope?.(after(...said).state.context);
  const other = { workflowId: 'wfl_other', taskId: null };
  const own = { repositoryId: 'rep_library', workflowId: 'wfl_bugfix', taskId: 'tsk_parser' };
  const others = { repositoryId: 'rep_library', workflowId: 'wfl_other' };
  expect(mergeTrainActor.scope?.(mergeTrainActor.initial())).toEqual({});
  expect(scopeAfter(queue('a'), start('a'), queue('b', other))).toEqual(others);
  expect(scopeAfter(queue('a'), start('a'), queue('b', other), merged('a'))).toEqual(own);
  expect(scopeAfter(queue('a'), start('a'), merged('a'), land('a'))).toEqual(own);
  expect(scopeAfter(queue('a'), start('a'), queue('b', other), withdraw('b'))).toEqual(others);
  expect(scopeAfter(queue('a'), queue('b', other), start('a'), withdraw('a'))).toEqual(own);
});
