import fc from 'fast-check';
import { contest, keptTree, taskSpec } from '../examples.ts';
import { move, pick, text } from './move.ts';

const taskId = 'tsk_1';
const attempt = { agentId: pick('agt_1', 'agt_2'), attempt: pick(-1, 0, 0, 0, 1) };
const spec = {
  ...taskSpec({ taskId }),
  agent: pick('repair', 'repair', 'repair', null),
  changes: pick('none', 'optional', 'required'),
  attemptsMax: fc.integer({ min: 1, max: 3 }),
  roundsMax: fc.integer({ min: 1, max: 3 }),
  phaseRuns: pick(undefined, undefined, true),
  acknowledges: true,
};
const ofTask = (name: string, fields: Record<string, unknown> = {}) =>
  move(name, { taskId, ...fields }, 'attempt' in fields ? { relative: true } : {});
const judgedTree = pick(undefined, undefined, keptTree());
const waits = pick([{ code: 'phase', text: 'not yet', eventId: null }], [{ code: 'paused', text: 'no', eventId: 'e' }]);
const ofVariant = (index: number) => ({ bestOfNId: 'bon_1', index, base: 'c0' });
const reviewed = { taskId: 'tsk_work', attempt: 1, commit: 'c1' };
const resultReviewed = { taskId: null, attempt: 1, commit: 'c1', submission: 1, criteria: ['It is so.'] };
const answer = (criterion: number) => ({ criterion, verdict: 'pass' as const, evidence: 'a.js:1' });
const green = { tree: judgedTree, check: null, verdict: text };
export const task = fc.oneof(
  { weight: 40, arbitrary: move('create_task', spec) },
  { weight: 10, arbitrary: move('create_task', { ...spec, agent: null, candidates: contest({ taskId }) }) },
  { weight: 10, arbitrary: move('create_candidate', { ...spec, candidate: pick(ofVariant(0), ofVariant(1)) }) },
  {
    weight: 12,
    arbitrary: ofTask('update_task_status', {
      status: pick('done', 'done', 'done', 'done', 'failed', 'duplicated'),
      of: pick('tsk_other', 'tsk_other', undefined),
      summary: text,
      reason: text,
      outputs: {},
    }),
  },
  { weight: 12, arbitrary: move('create_revert', { ...spec, takesOut: { commit: 'm1' } }) },
  { weight: 12, arbitrary: move('create_review', { ...spec, review: reviewed }) },
  {
    weight: 6,
    arbitrary: ofTask('give_validation_review', { verdict: pick('pass', 'fail'), feedback: text, evidence: 'a.js:1' }),
  },
  {
    weight: 6,
    arbitrary: ofTask('request_review', {
      ...{ attempt: attempt.attempt, reviewId: pick('tsk_r1', 'tsk_r2') },
      ...green,
    }),
  },
  { weight: 12, arbitrary: move('create_review', { ...spec, review: resultReviewed }) },
  {
    weight: 6,
    arbitrary: ofTask('submit_result_validation', { criteria: pick([answer(1)], [answer(2)]), feedback: text }),
  },
  { weight: 12, arbitrary: ofTask('report_progress', { message: 'so far', fraction: pick(null, 0.5) }) },
  ofTask('report_usage', { inputTokens: fc.nat(9), outputTokens: fc.nat(9), costUsd: fc.nat(9), wallMs: fc.nat(9) }),
  ofTask('cancel_task', { reason: text }),
  { weight: 8, arbitrary: ofTask('restart_task') },
  ofTask('boost_task'),
  { weight: 4, arbitrary: ofTask('record_worktree_removed', { rescued: null }) },
  ofTask('block_task', { reasons: waits }),
  { weight: 16, arbitrary: ofTask('queue_task', { because: text }) },
  { weight: 24, arbitrary: ofTask('assign_task', { ...attempt, attempt: pick(0, 1, 1, 1) }) },
  { weight: 10, arbitrary: ofTask('start_task', attempt) },
  { weight: 10, arbitrary: ofTask('run_by_server') },
  {
    weight: 10,
    arbitrary: ofTask('submit_winner', { attempt: attempt.attempt, summary: text, tree: keptTree() }),
  },
  { weight: 4, arbitrary: ofTask('submit_on_exit', { ...attempt, summary: text }) },
  {
    weight: 24,
    arbitrary: ofTask('record_tree', { ...attempt, tree: pick(keptTree(), keptTree(), keptTree({ commit: null })) }),
  },
  {
    weight: 24,
    arbitrary: ofTask('pass_validation', { attempt: attempt.attempt, tree: judgedTree, check: null, verdict: text }),
  },
  {
    weight: 10,
    arbitrary: ofTask('fail_validation', {
      attempt: attempt.attempt,
      tree: judgedTree,
      check: null,
      code: 'red',
      feedback: text,
    }),
  },
  {
    weight: 16,
    arbitrary: ofTask('send_back', { attempt: attempt.attempt, code: 'conflict', feedback: text, files: [] }),
  },
  { weight: 16, arbitrary: ofTask('record_merge', { commit: pick('m1', 'm2'), branch: 'b' }) },
  { weight: 3, arbitrary: ofTask('fail_attempt', { ...attempt, code: 'died', reason: text, counts: fc.boolean() }) },
  ofTask('set_task_priority', { priority: pick('high', 'low') }),
  ofTask('message_task', { text: pick('look', 'x'.repeat(300)) }),
  ofTask('fail_task', { code: 'no', reason: text }),
);
