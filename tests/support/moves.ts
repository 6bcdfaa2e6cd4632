import fc from 'fast-check';
import {
  buildEnd,
  candidate,
  checkSummary,
  contest,
  contestScore,
  contestScores,
  contestVariant,
  definition,
  delivery,
  keptTree,
  revert,
  taskSpec,
  train,
  workflowStart,
} from './examples.ts';
import type { Said } from './given.ts';

/**
 * Random commands for each kind of actor: few ids, few numbers, so that sequences meet themselves often. Each input
 * still parses by its command's schema; `given.ts` looks.
 *
 * An attempt is written relative to the task's own (0: the current one), for a random number would nearly always be a
 * stale one.
 */
export type Move = Said & { relative?: true };
export type Moves = fc.Arbitrary<Move>;

const pick = fc.constantFrom;
const text = pick('', 'because', 'x'.repeat(300));
const actor = pick('operator', 'server', 'agent:agt_1', 'agent:agt_2');

/** A command with an arbitrary for each field of its input; constants stand for themselves. */
function move(name: string, fields: Record<string, unknown>, more: { relative?: true } = {}): Moves {
  const arbitraries = Object.entries(fields).map(([key, field]) => [
    key,
    isArbitrary(field) ? field : fc.constant(field),
  ]);
  const input = fc.record(Object.fromEntries(arbitraries) as Record<string, fc.Arbitrary<unknown>>);
  return fc.record({ name: fc.constant(name), input, actor }).map((said) => ({ ...said, ...more }));
}

function isArbitrary(value: unknown): value is fc.Arbitrary<unknown> {
  return value instanceof fc.Arbitrary;
}

const values = fc.dictionary(
  pick('fleet', 'fleet.cap', 'fleet.perAgent', 'limits.attemptsMax', 'agents.mine', 'agents.mine.model', 'no.such'),
  fc.oneof(fc.integer({ min: -1, max: 9 }), pick<unknown>(null, 'text', { cap: 3 }, { argv: ['run'] }, { claude: 1 })),
  { maxKeys: 3 },
);
const config = fc.oneof(move('set_config', { changes: values }), move('override_config', { overrides: values }));

/** An answer to what the template does not ask. */
const unwritten = { criterion: 'no such', verdict: 'pass' as const, evidence: 'none' };
const workflowId = 'wfl_1';
const phase = pick(...definition().phases.map(({ name }) => name), 'no_such');
const round = fc.integer({ min: 1, max: 3 });
const judgedResult = { submission: pick(1, 1, 2), check: null, criteria: pick([], [], [unwritten]) };
const ofWorkflow = (name: string, fields: Record<string, unknown> = {}) => move(name, { workflowId, ...fields });
const workflow = fc.oneof(
  move('start_workflow', { ...workflowStart(workflowId), runnerId: 'rnr_1' }),
  move('start_best_of_n_run', { ...workflowStart(workflowId), runnerId: 'rnr_1', bestOfNId: 'bon_1' }),
  move('start_revert_run', workflowStart(workflowId)),
  ofWorkflow('pause_workflow', { reason: text }),
  { weight: 3, arbitrary: ofWorkflow('resume_workflow') },
  ofWorkflow('record_run_opened', { commit: 'c0' }),
  ofWorkflow('record_baseline', { check: checkSummary('failed') }),
  { weight: 6, arbitrary: ofWorkflow('start_phase', { phase, round, mends: pick(undefined, undefined, 1) }) },
  { weight: 6, arbitrary: ofWorkflow('complete_phase', { phase, round, outcome: pick('green', 'red', 'empty') }) },
  {
    weight: 8,
    arbitrary: ofWorkflow('submit_result', { summary: text, outputs: {}, commit: pick('c8', 'c9'), taskId: null }),
  },
  ofWorkflow('request_result_review', { ...judgedResult, reviewId: 'tsk_r' }),
  { weight: 4, arbitrary: ofWorkflow('accept_result', judgedResult) },
  { weight: 4, arbitrary: ofWorkflow('reject_result', { ...judgedResult, code: 'red', feedback: text }) },
  { weight: 2, arbitrary: ofWorkflow('start_delivery', { commit: pick('c8', 'c9') }) },
  ofWorkflow('complete_workflow', { delivery: delivery(), summary: text }),
  ofWorkflow('fail_workflow', { code: 'red', reason: text, delivery: null }),
  ofWorkflow('cancel_workflow', { reason: text }),
  ofWorkflow('adopt_workflow', {
    from: pick('rnr_1', 'rnr_2'),
    runnerId: pick('rnr_1', 'rnr_2'),
    reason: text,
    rescued: [],
  }),
);

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
const task = fc.oneof(
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
  ofTask('fail_task', { code: 'no', reason: text }),
);

const agentId = 'agt_1';
const ofAgent = (name: string, fields: Record<string, unknown> = {}) => move(name, { agentId, ...fields });
const place = { branch: 'heph/tsk_1', commit: 'c0' };
const agent = fc.oneof(
  move('request_agent', {
    agentId,
    taskId: pick('tsk_1', 'tsk_2'),
    workflowId,
    repositoryId: 'rep_1',
    attempt: 1,
    agent: 'repair',
    runnerId: 'local',
    allowedTools: [],
    branch: pick(undefined, 'heph/tsk_1'),
    base: pick(undefined, 'c0'),
  }),
  ofAgent('stop_agent', { reason: text }),
  { weight: 3, arbitrary: ofAgent('prepare_agent', place) },
  { weight: 3, arbitrary: ofAgent('record_worktree', place) },
  {
    weight: 3,
    arbitrary: ofAgent('record_start', {
      prompt: { template: 't', version: 1, hash: 'h', memoryIds: [] },
      started: { holderPid: 1, pid: 2, startedAt: 3, bootId: 'b', tokenHash: 'h' },
    }),
  },
  {
    weight: 6,
    arbitrary: ofAgent('record_activity', {
      activity: pick('working', 'idle', 'needs_input', 'rate_limited', 'no_signal'),
      evidence: text,
    }),
  },
  ofAgent('record_exit', { exit: { code: 0, signal: null, how: 'exited', livedMs: 5 } }),
  ofAgent('record_failure', { code: 'no', reason: text }),
  ofAgent('record_denial', { what: 'cancel_task', code: 'auth.role', text }),
  ofAgent('record_loss', { reason: text }),
);

const slotOf = pick('agt_1', 'agt_2', 'agt_3', 'agt_4', 'constructor');
const fleet = fc.oneof(
  move('pause_fleet', { reason: text }),
  { weight: 2, arbitrary: move('resume_fleet', {}) },
  move('stop_all', { reason: text }),
  {
    weight: 8,
    arbitrary: move('grant_slot', {
      agentId: slotOf,
      taskId: 'tsk_1',
      workflowId,
      agent: pick('repair', 'claude', 'constructor'),
      attempt: 1,
    }),
  },
  { weight: 5, arbitrary: move('release_slot', { agentId: slotOf, outcome: pick('used', 'unused', 'died_at_once') }) },
);

const trainId = 'mtr_1';
const candidateId = pick('a', 'b', 'c');
const ofTrain = (name: string, fields: Record<string, unknown> = {}) => move(name, { trainId, candidateId, ...fields });
const refusal = { code: 'conflict', reason: 'it does not fit', files: [], check: null };
const prefix = { count: fc.integer({ min: 1, max: 3 }), commit: pick('m-a', 'm-b', 'm-c') };
const mergeTrain = fc.oneof(
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

const runnerId = 'rnr_1';
const epoch = fc.integer({ min: 1, max: 3 });
const runner = fc.oneof(
  move('register_runner', { runnerId, host: 'h', bootId: null, dataDirectory: '/data', epoch, leaseMs: 1000 }),
  { weight: 3, arbitrary: move('renew_lease', { runnerId, epoch, leaseMs: pick(1000, 2000) }) },
  move('retire_runner', { runnerId, epoch }),
);

const bestOfNId = 'bon_1';
const variant = fc.integer({ min: 0, max: 2 });
const ofContest = (name: string, fields: Record<string, unknown> = {}) => move(name, { bestOfNId, ...fields });
const scoresOf = pick(contestScores(1), contestScores(0.5), [contestScore('tests', 1)]);
const score = pick(undefined, 'tests=1', 'tests=3,time=1', 'survival=1', 'no_such=1');
const bestOfN = fc.oneof(
  {
    weight: 12,
    arbitrary: move('start_best_of_n', {
      ...contest({ bestOfNId }),
      n: pick(1, 2, 2, 3),
      earlyStop: fc.boolean(),
      merge: fc.boolean(),
      agents: pick(['repair'], ['repair', 'claude']),
      weights: pick({ tests: 1, time: 1 }, { tests: 1, time: 1 }, { agreement: 1, tests: 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: move('start_best_of_n_of_task', { ...contest({ bestOfNId, taskId }), n: 2, earlyStop: true }),
  },
  {
    weight: 12,
    arbitrary: ofContest('start_mutating', {
      ...{ workflowId: pick('wfl_1', 'wfl_2'), taskId: pick(undefined, 'tsk_1'), base: pick(undefined, 'c0') },
    }),
  },
  {
    weight: 8,
    arbitrary: ofContest('record_drafts', {
      ...{ model: 'writer', asked: 1, modelMs: 3, inputTokens: 9, outputTokens: null, costUsd: null },
      ...{ drafts: [{ approach: 'Begin.', criteria: [], maxLines: null, allowedFiles: null, allowedImports: null }] },
      problem: pick('', 'It was slow.'),
    }),
  },
  {
    weight: 60,
    arbitrary: variant.chain((index) =>
      ofContest('record_variant', { ...contestVariant(index), mutateMs: 1, modelMs: 0 }),
    ),
  },
  { weight: 24, arbitrary: ofContest('record_build_started', { index: variant, taskId: pick('tsk_1', 'tsk_2') }) },
  {
    weight: 24,
    arbitrary: fc
      .tuple(variant, pick('passed', 'passed', 'passed', 'failed', 'died', 'withdrawn'))
      .chain(([index, outcome]) => ofContest('record_build_ended', { ...buildEnd(index, { outcome }) })),
  },
  { weight: 30, arbitrary: ofContest('record_scores', { index: variant, scores: scoresOf, judgeMs: 2 }) },
  { weight: 40, arbitrary: ofContest('stop_early', { open: pick([], [{ index: 1, buildMs: 9e9, costUsd: null }]) }) },
  { weight: 10, arbitrary: ofContest('record_winner_sent', { trainId: 'mtr_1', candidateId: pick('a', 'b') }) },
  { weight: 14, arbitrary: ofContest('complete_best_of_n', { commit: pick('m1', null), words: text }) },
  ofContest('fail_best_of_n', { code: 'no', reason: text }),
  ofContest('cancel_best_of_n', { reason: text }),
  {
    weight: 18,
    arbitrary: ofContest('rescore_best_of_n', { score, check: pick(undefined, 'npm test'), measure: fc.boolean() }),
  },
  {
    weight: 30,
    arbitrary: ofContest('record_rescore', {
      verdict: pick(2, 2, 3),
      index: variant,
      passed: fc.boolean(),
      scores: pick(contestScores(0.25), [contestScore('survival', 1)]),
      judgeMs: 3,
    }),
  },
  { weight: 8, arbitrary: ofContest('abandon_rescoring', { verdict: pick(2, 3), reason: text }) },
);

/** By kind of actor. */
const checked = (status: string) => ({
  name: 'test',
  status,
  cached: false,
  why: 'because',
  key: null,
  durationMs: 1,
  attempts: 1,
  exitCode: 0,
  tests: null,
  tail: '',
});
const checkRun = move('record_check_run', {
  runId: 'chk_01k8zj3q0v5e8w2r7t9y4m6n1p',
  repositoryId: 'rep_1',
  folder: '/repos/library',
  source: 'checks.yaml',
  state: pick('passed', 'failed', 'skipped', 'cancelled'),
  startedAt: 1,
  durationMs: 1,
  savedMs: 0,
  checks: pick([checked('passed')], [checked('failed')], [checked('passed'), checked('passed')], []),
});

const keptRef = { repositoryId: 'rep_1', taskId: 'tsk_1', ref: 'refs/heph/turns/tsk_1/1', commit: 'c1' };
const pruning = fc.oneof(
  move('prune_kept_work', { pruningId: 'prn_1', olderThanMs: 1, refs: pick([keptRef], [keptRef], []), left: 0 }),
  move('record_pruned', { pruningId: 'prn_1', removed: pick([keptRef.ref], []), gone: [], differing: [] }),
  move('fail_pruning', { pruningId: 'prn_1', reason: text }),
);

export const MOVES: Record<string, Moves> = {
  pruning,
  config,
  workflow,
  task,
  agent,
  fleet,
  mergeTrain,
  runner,
  checkRun,
  bestOfN,
};
