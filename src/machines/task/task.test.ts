import { describe, expect, it } from 'vitest';
import { checkSummary, contest, keptTree, taskSpec } from '../../../tests/support/examples.ts';
import { type Given, given, type Said, START_MS } from '../../../tests/support/given.ts';
import { DEFAULT_SETTINGS } from '../config/index.ts';
import {
  bestOfNIdOf,
  bestOfNSpecOf,
  type Task,
  type TaskFact,
  type TaskSpec,
  taskActor,
  taskChart,
  taskCommands,
} from './index.ts';

const taskId = 'tsk_parser';
const ada = { agentId: 'agt_ada', attempt: 1 };
const bob = { agentId: 'agt_bob', attempt: 2 };
const fact = <T extends TaskFact['type']>(type: T, data: Extract<TaskFact, { type: T }>['data']) =>
  ({ type, v: 1, data }) as TaskFact;

const created = (differs: Partial<TaskSpec> = {}) => fact('TaskCreated', taskSpec(differs));
const queued = fact('TaskQueued', { because: 'the phase has started' });
const wait = { code: 'phase_not_started', text: 'The phase fix has not started.', eventId: null };
const blocked = fact('TaskBlocked', { reasons: [wait] });
const assigned = (run = ada) => fact('TaskAssigned', run);
const started = (run = ada) => fact('TaskStarted', run);
const submitted = (run = ada) => fact('WorkSubmitted', { ...run, summary: 'Mended.', outputs: {}, how: 'reported' });
const treeKept = fact('TreeKept', keptTree());
const passed = fact('ValidationPassed', { round: 1, check: checkSummary(), verdict: 'green' });
const merged = fact('TaskMerged', { commit: 'm1', branch: 'heph/run/wfl_bugfix' });
const attemptFailed = fact('AttemptFailed', { ...ada, code: 'died', reason: 'It died.', counts: true, notBefore: 0 });
const failed = fact('TaskFailed', { code: 'died', reason: 'It died.', by: 'server' });
const cancelled = fact('TaskCancelled', { reason: '', by: 'operator' });

const QUEUED = [created(), queued];
const ASSIGNED = [...QUEUED, assigned()];
const WORKING = [...ASSIGNED, started()];
const SUBMITTED = [...WORKING, submitted()];
const MERGING = [...SUBMITTED, treeKept, passed];
const DONE = [...MERGING, merged];
const RETRYING = [...WORKING, attemptFailed];

const say = (name: string, input: Record<string, unknown> = {}, actor = 'server'): Said => ({
  name,
  input: { taskId, ...input },
  actor,
});
const create = (differs: Partial<TaskSpec> = {}): Said => ({ name: 'create_task', input: taskSpec(differs) });
const assign = (run = ada) => say('assign_task', run);
const status = (word: 'done' | 'failed', more: Record<string, unknown> = {}, actor = 'agent:agt_ada') =>
  say('update_task_status', { status: word, ...more }, actor);
const failAttempt = (run = ada, counts = true) =>
  say('fail_attempt', { ...run, code: 'died', reason: 'It died.', counts });
const failValidation = (attempt = 1) =>
  say('fail_validation', { attempt, check: checkSummary('failed'), code: 'red', feedback: 'one test is red' });
const passValidation = (attempt = 1) => say('pass_validation', { attempt, check: checkSummary(), verdict: 'green' });
const sendBack = (attempt = 1) =>
  say('send_back', { attempt, code: 'conflict', feedback: 'parser.js conflicts', files: ['src/parser.js'] });
const recordTree = (run = ada) => say('record_tree', { ...run, tree: keptTree() });
const restart = say('restart_task', {}, 'operator');
const review = (verdict: 'pass' | 'fail', actor = 'agent:agt_ada') =>
  say('give_validation_review', { verdict, feedback: 'It loses a field.', evidence: 'src/parser.js:4' }, actor);
const requestReview = (attempt = 1) =>
  say('request_review', { attempt, reviewId: 'tsk_review', check: checkSummary(), verdict: 'green' });
const boost = say('boost_task', {}, 'operator');
const cancel = say('cancel_task', { reason: 'by hand' }, 'operator');

describe('a task’s beginning', () => {
  it('is created once', () => {
    given(taskActor).when(create()).thenFacts({ type: 'TaskCreated', data: taskSpec() });
    given(taskActor, created()).when(create()).thenRejected('task.exists');
  });

  it('is queued with its creation when its phase runs already', () => {
    given(taskActor)
      .when(create({ phaseRuns: true }))
      .thenFacts('TaskCreated', 'TaskQueued');
  });

  it('keeps the tree with the verdict on it, once', () => {
    const tree = keptTree();
    const judged = (name: string, more: object) => say(name, { attempt: 1, check: null, tree, ...more });
    const good = judged('pass_validation', { verdict: 'no check is asked of this phase' });
    given(taskActor, ...SUBMITTED)
      .when(good)
      .thenFacts({ type: 'TreeKept', data: tree }, 'ValidationPassed');
    given(taskActor, ...SUBMITTED, treeKept)
      .when(good)
      .thenFacts('ValidationPassed');
    const empty = judged('pass_validation', { tree: keptTree({ commit: null }), verdict: 'nothing to merge' });
    given(taskActor, ...SUBMITTED)
      .when(empty)
      .thenFacts('TreeKept', 'ValidationPassed', 'TaskCompleted');
    const bad = judged('fail_validation', { code: 'no_change', feedback: 'Nothing was changed.' });
    given(taskActor, ...SUBMITTED)
      .when(bad)
      .thenFacts('TreeKept', 'ValidationFailed', 'TaskQueued');
  });

  it.each(Object.keys(taskCommands).filter((name) => !name.startsWith('create_')))(
    'does not exist for %s before',
    (name) => {
      given(taskActor).when(exampleOf(name)).thenRejected('task.not_open');
    },
  );

  it('waits with its reasons, which are recorded once', () => {
    const waiting = given(taskActor, created())
      .when(say('block_task', { reasons: [wait] }))
      .thenFacts({ type: 'TaskBlocked', data: { reasons: [wait] } });
    expect(waiting.state.context.waits).toEqual([wait]);
    waiting.when(say('block_task', { reasons: [wait] })).thenNothing();
    waiting.when(say('block_task', { reasons: [{ ...wait, code: 'paused' }] })).thenFacts('TaskBlocked');
  });

  it('is queued from each kind of waiting, once', () => {
    const queue = say('queue_task', { because: 'the phase has started' });
    given(taskActor, created()).when(queue).thenFacts('TaskQueued').when(queue).thenNothing();
    const after = given(taskActor, created(), blocked).when(queue).thenFacts('TaskQueued');
    expect(after.state.context.waits).toEqual([]);
    given(taskActor, ...WORKING)
      .when(queue)
      .thenRejected('task.out_of_order');
  });

  it('is given another priority while it waits', () => {
    const raise = { name: 'set_task_priority', input: { taskId, priority: 'critical' }, actor: 'operator' };
    for (const facts of [[created()], [created(), blocked], QUEUED]) {
      const raised = given(taskActor, ...facts)
        .when(raise)
        .thenFacts({ type: 'TaskPrioritySet', data: { priority: 'critical', by: 'operator' } });
      expect(raised.state.context.spec.priority).toBe('critical');
      raised.when(raise).thenNothing();
    }
    given(taskActor, ...WORKING)
      .when(raise)
      .thenRejected('task.not_queued');
    given(taskActor, ...DONE)
      .when(raise)
      .thenRejected('task.not_open');
  });

  it('keeps the newest messages for whoever works on it next, while somebody may', () => {
    const leave = (text: string) => ({ name: 'message_task', input: { taskId, text }, actor: 'operator' });
    let task = given(taskActor, ...WORKING);
    for (let n = 1; n <= 12; n++) task = task.when(leave(`message ${n}`)).thenFacts('MessageLeft');
    expect(task.state.context.messages?.map(({ text }) => text)).toEqual(
      Array.from({ length: 10 }, (_, n) => `message ${n + 3}`),
    );
    given(taskActor, ...DONE)
      .when(leave('too late'))
      .thenRejected('task.not_open');
  });

  it('is boosted while it waits, once', () => {
    for (const facts of [[created()], [created(), blocked], QUEUED])
      given(taskActor, ...facts)
        .when(boost)
        .thenFacts('TaskBoosted')
        .when(boost)
        .thenNothing();
    given(taskActor, ...WORKING)
      .when(boost)
      .thenRejected('task.not_queued');
    given(taskActor, ...DONE)
      .when(boost)
      .thenRejected('task.not_open');
  });
});

describe('an attempt', () => {
  it('is assigned to one agent', () => {
    const after = given(taskActor, ...QUEUED)
      .when(assign())
      .thenFacts({ type: 'TaskAssigned', data: ada });
    expect(after.state.context).toMatchObject(ada);
    after.when(assign()).thenNothing();
  });

  it('refuses a second agent', () => {
    given(taskActor, ...ASSIGNED)
      .when(assign({ agentId: 'agt_bob', attempt: 1 }))
      .thenRejected('task.stale_attempt');
    given(taskActor, ...ASSIGNED)
      .when(assign(bob))
      .thenRejected('task.not_queued');
  });

  it('refuses an attempt that skips one', () => {
    given(taskActor, ...QUEUED)
      .when(assign(bob))
      .thenRejected('task.stale_attempt');
  });

  it('starts once, and not in another’s name', () => {
    const start = (run = ada) => say('start_task', run);
    given(taskActor, ...ASSIGNED)
      .when(start())
      .thenFacts({ type: 'TaskStarted', data: ada })
      .when(start())
      .thenNothing();
    given(taskActor, ...ASSIGNED)
      .when(start(bob))
      .thenRejected('task.stale_attempt');
    given(taskActor, ...RETRYING)
      .when(start())
      .thenNothing();
    given(taskActor, ...ASSIGNED, cancelled)
      .when(start())
      .thenRejected('task.not_open');
  });

  it('tells its progress while it works', () => {
    const progress = say('report_progress', { message: 'half way', fraction: 0.5 }, 'agent:agt_ada');
    const after = given(taskActor, ...WORKING)
      .when(progress)
      .thenFacts('TaskProgressed');
    expect(after.state.context.progress).toMatchObject({ message: 'half way', fraction: 0.5 });
    given(taskActor, ...DONE)
      .when(progress)
      .thenRejected('task.not_open');
    given(taskActor, ...RETRYING)
      .when(progress)
      .thenRejected('task.not_assigned');
    given(taskActor, ...WORKING)
      .when({ ...progress, actor: 'agent:agt_bob' })
      .thenRejected('task.not_assigned');
    given(taskActor, ...QUEUED)
      .when({ ...progress, actor: 'operator' })
      .thenRejected('task.out_of_order');
  });

  it('adds up what it used, also after its end', () => {
    const usage = say('report_usage', { inputTokens: 10, outputTokens: 5, costUsd: 0.5, wallMs: 100 }, 'agent:agt_ada');
    for (const facts of [WORKING, RETRYING, MERGING, DONE, [...WORKING, failed], [...WORKING, cancelled]]) {
      const after = given(taskActor, ...facts)
        .when(usage)
        .thenFacts({ type: 'UsageReported', data: { agentId: 'agt_ada' } })
        .when(usage)
        .thenFacts('UsageReported');
      expect(after.state.context.usage).toEqual({ inputTokens: 20, outputTokens: 10, costUsd: 1, wallMs: 200 });
    }
    given(taskActor, ...WORKING)
      .when({ ...usage, actor: 'agent:agt_bob' })
      .thenRejected('task.not_assigned');
  });

  it('hands in its work once', () => {
    const done = status('done', { summary: 'Mended.' });
    const after = given(taskActor, ...WORKING)
      .when(done)
      .thenFacts({ type: 'WorkSubmitted', data: { ...ada, how: 'reported', summary: 'Mended.' } });
    after.when(done).thenNothing();
    given(taskActor, ...MERGING)
      .when(done)
      .thenNothing();
    given(taskActor, ...DONE)
      .when(done)
      .thenNothing();
    given(taskActor, ...WORKING, failed)
      .when(done)
      .thenRejected('task.not_open');
    given(taskActor, ...QUEUED)
      .when({ ...done, actor: 'operator' })
      .thenRejected('task.out_of_order');
  });

  it('may be quicker than the word that its agent lives', () => {
    given(taskActor, ...ASSIGNED)
      .when(status('done'))
      .thenFacts('TaskStarted', 'WorkSubmitted');
    given(taskActor, ...ASSIGNED)
      .when(say('submit_on_exit', { ...ada, summary: 'It ended.' }))
      .thenFacts('TaskStarted', { type: 'WorkSubmitted', data: { how: 'exited' } });
  });

  it('is handed in by a good exit without a word, once', () => {
    const exit = say('submit_on_exit', { ...ada, summary: 'It ended.' });
    given(taskActor, ...WORKING)
      .when(exit)
      .thenFacts({ type: 'WorkSubmitted', data: { ...ada, how: 'exited' } })
      .when(exit)
      .thenNothing();
    given(taskActor, ...WORKING)
      .when(say('submit_on_exit', { ...bob, summary: '' }))
      .thenRejected('task.stale_attempt');
  });

  it('gives up with its reason', () => {
    given(taskActor, ...WORKING)
      .when(status('failed', { reason: 'cannot be reproduced' }))
      .thenFacts({ type: 'TaskFailed', data: { code: 'agent_gave_up', reason: 'cannot be reproduced' } })
      .when(status('failed'))
      .thenRejected('task.not_open');
    given(taskActor, ...WORKING)
      .when(status('failed', { summary: 'No luck.' }))
      .thenFacts({ type: 'TaskFailed', data: { reason: 'No luck.' } });
    given(taskActor, ...WORKING)
      .when(status('failed'))
      .thenFacts({ type: 'TaskFailed', data: { reason: 'The agent gave no reason.' } });
  });

  it('listens to its own agent only', () => {
    for (const word of ['done', 'failed'] as const) {
      given(taskActor, ...WORKING)
        .when(status(word, {}, 'agent:agt_eve'))
        .thenRejected('task.not_assigned');
      given(taskActor, ...QUEUED)
        .when(status(word))
        .thenRejected('task.not_assigned');
      given(taskActor, ...RETRYING)
        .when(status(word))
        .thenRejected('task.not_assigned');
      given(taskActor, ...RETRYING, assigned(bob))
        .when(status(word))
        .thenRejected('task.not_assigned');
    }
    given(taskActor, ...WORKING)
      .when(status('failed', { reason: 'no' }, 'operator'))
      .thenFacts('TaskFailed');
  });
});

describe('an attempt that comes to nothing', () => {
  it('is tried again after a pause', () => {
    const at = START_MS + 60_000;
    const after = given(taskActor, ...WORKING)
      .when(failAttempt(), { at })
      .thenFacts({ type: 'AttemptFailed', data: { ...ada, notBefore: at + 2_000 } });
    expect(after.state).toMatchObject({ value: 'queued', context: { failures: 1, code: 'died' } });
    after.when(failAttempt()).thenNothing();
    after.when(assign(bob)).thenFacts('TaskAssigned');
  });

  it('doubles the pause up to a bound', () => {
    let task = given(taskActor, created({ attemptsMax: 20 }), queued);
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 10; attempt++) {
      const run = { agentId: 'agt_ada', attempt };
      const [fact] = task.when(assign(run)).next.when(failAttempt(run), { at: 0 }).facts;
      pauses.push((fact as Extract<TaskFact, { type: 'AttemptFailed' }>).data.notBefore);
      task = task.when(assign(run)).next.when(failAttempt(run), { at: 0 }).next;
    }
    expect(pauses).toEqual([2e3, 4e3, 8e3, 16e3, 32e3, 64e3, 128e3, 256e3, 300e3, 300e3]);
  });

  it('ends the task at its bound, with the last reason', () => {
    given(taskActor, ...RETRYING, assigned(bob))
      .when(failAttempt(bob))
      .thenFacts('AttemptFailed', {
        type: 'TaskFailed',
        data: { code: 'died', reason: 'All 2 attempts failed; the last: It died.' },
      });
    given(taskActor, created({ attemptsMax: 1 }), queued, assigned())
      .when(failAttempt())
      .thenFacts('AttemptFailed', { type: 'TaskFailed', data: { reason: 'It died.' } });
  });

  it('counts and pauses only when it was the agent’s fault', () => {
    const at = START_MS + 60_000;
    const after = given(taskActor, ...WORKING)
      .when(failAttempt(ada, false), { at })
      .thenFacts({ type: 'AttemptFailed', data: { notBefore: at } });
    expect(after.state.context.failures).toBe(0);
  });

  it('concerns its own attempt only', () => {
    given(taskActor, ...RETRYING, assigned(bob))
      .when(failAttempt())
      .thenRejected('task.stale_attempt');
    given(taskActor, ...DONE)
      .when(failAttempt())
      .thenNothing();
  });
});

describe('the verdict', () => {
  it('rests on a kept tree, kept once', () => {
    given(taskActor, ...SUBMITTED)
      .when(recordTree())
      .thenFacts('TreeKept')
      .when(recordTree())
      .thenNothing();
    given(taskActor, ...SUBMITTED)
      .when(recordTree(bob))
      .thenRejected('task.stale_attempt');
    given(taskActor, ...WORKING)
      .when(recordTree())
      .thenRejected('task.out_of_order');
  });

  it('sends changed work to be merged, once', () => {
    const after = given(taskActor, ...SUBMITTED, treeKept)
      .when(passValidation())
      .thenFacts('ValidationPassed');
    expect(after.state.value).toBe('merging');
    after.when(passValidation()).thenNothing();
    given(taskActor, ...SUBMITTED)
      .when(passValidation(2))
      .thenRejected('task.stale_attempt');
    given(taskActor, ...WORKING)
      .when(passValidation())
      .thenRejected('task.out_of_order');
  });

  it('ends a task at once when there is nothing to merge', () => {
    given(taskActor, ...SUBMITTED)
      .when(passValidation())
      .thenFacts('ValidationPassed', { type: 'TaskCompleted', data: { summary: 'Mended.' } })
      .when(passValidation())
      .thenNothing();
    given(taskActor, created({ changes: 'none' }), queued, assigned(), started(), submitted(), treeKept)
      .when(passValidation())
      .thenFacts('ValidationPassed', 'TaskCompleted');
  });

  it('sends work back for a bounded number of rounds', () => {
    const second = given(taskActor, ...SUBMITTED)
      .when(failValidation())
      .thenFacts(
        { type: 'ValidationFailed', data: { round: 1 } },
        { type: 'TaskQueued', data: { because: 'round 2 of 3' } },
      );
    expect(second.state.context).toMatchObject({ rounds: 1, feedback: 'one test is red', failures: 0 });
    const third = again(again(second, 2).when(failValidation(2)).thenFacts('ValidationFailed', 'TaskQueued'), 3);
    third.when(failValidation(3)).thenFacts('ValidationFailed', {
      type: 'TaskFailed',
      data: { code: 'red', reason: 'After 3 rounds the work still does not pass: one test is red' },
    });
  });

  it('is given once and for its own attempt', () => {
    given(taskActor, ...SUBMITTED)
      .when(failValidation(2))
      .thenRejected('task.stale_attempt');
    given(taskActor, ...SUBMITTED)
      .when(failValidation())
      .next.when(failValidation())
      .thenRejected('task.out_of_order');
  });

  it('sends work back that does not merge, and counts that as a round', () => {
    const after = given(taskActor, ...MERGING)
      .when(sendBack())
      .thenFacts({ type: 'WorkSentBack', data: { code: 'conflict' } }, 'TaskQueued');
    expect(after.state.context).toMatchObject({ rounds: 1, feedback: 'parser.js conflicts' });
    given(taskActor, ...MERGING)
      .when(sendBack(2))
      .thenRejected('task.stale_attempt');
    given(taskActor, created({ roundsMax: 1 }), ...MERGING.slice(1))
      .when(sendBack())
      .thenFacts('WorkSentBack', 'TaskFailed');
  });

  it('ends with the merge, once', () => {
    const merge = say('record_merge', { commit: 'm1', branch: 'heph/run/wfl_bugfix' });
    given(taskActor, ...MERGING)
      .when(merge)
      .thenFacts('TaskMerged')
      .when(merge)
      .thenNothing();
    given(taskActor, ...WORKING)
      .when(merge)
      .thenRejected('task.out_of_order');
  });
});

describe('a task without an agent', () => {
  const own = [created({ agent: null, changes: 'none' }), queued];
  const run = say('run_by_server');

  it('is begun, submitted and judged by the server', () => {
    given(taskActor, ...own)
      .when(run)
      .thenFacts({ type: 'TaskAssigned', data: { agentId: null, attempt: 1 } }, 'TaskStarted', {
        type: 'WorkSubmitted',
        data: { how: 'server' },
      })
      .when(passValidation())
      .thenFacts('ValidationPassed', { type: 'TaskCompleted', data: { summary: 'The tree as it is.' } });
  });

  it('has one round only', () => {
    given(taskActor, ...own)
      .when(run)
      .next.when(failValidation())
      .thenFacts('ValidationFailed', { type: 'TaskFailed', data: { reason: 'one test is red' } });
  });

  it('is not begun twice, and no task of an agent is', () => {
    given(taskActor, ...own)
      .when(run)
      .next.when(run)
      .thenRejected('task.out_of_order');
    given(taskActor, ...QUEUED)
      .when(run)
      .thenRejected('task.out_of_order', 'agent of its own');
  });

  it('has no deadline: its check has its own', () => {
    const { context } = given(taskActor, ...own).when(run).next.state;
    expect(taskActor.deadlines?.map((deadline) => deadline.dueAt(context, DEFAULT_SETTINGS))).toEqual([null, null]);
  });
});

describe('the end of a task', () => {
  it.each(['cancelled', 'done', 'failed'] as const)('is not cancelled when it is %s', (end) => {
    const facts = { cancelled: [...WORKING, cancelled], done: DONE, failed: [...WORKING, failed] }[end];
    const outcome = given(taskActor, ...facts).when(cancel);
    if (end === 'cancelled') outcome.thenNothing();
    else outcome.thenRejected('task.not_open');
  });

  it('can be cancelled wherever it is open', () => {
    for (const facts of [[created()], [created(), blocked], QUEUED, ASSIGNED, WORKING, SUBMITTED, MERGING])
      given(taskActor, ...facts)
        .when(cancel)
        .thenFacts({ type: 'TaskCancelled', data: { by: 'operator' } });
  });

  it('can fail wherever it is open, once', () => {
    const fail = say('fail_task', { code: 'no_base', reason: 'The base is gone.' });
    for (const facts of [[created()], [created(), blocked], QUEUED, ASSIGNED, WORKING, SUBMITTED, MERGING])
      given(taskActor, ...facts)
        .when(fail)
        .thenFacts('TaskFailed')
        .when(fail)
        .thenNothing();
  });

  it('can be begun again, with its history and fresh bounds', () => {
    const after = given(taskActor, ...DONE)
      .when(restart)
      .thenFacts({ type: 'TaskRestarted', data: { by: 'operator' } });
    expect(after.state).toMatchObject({
      value: 'pending',
      context: { attempt: 1, restarts: 1, failures: 0, rounds: 0, merged: null },
    });
    given(taskActor, ...WORKING, failed)
      .when(restart)
      .thenFacts('TaskRestarted');
    given(taskActor, ...WORKING)
      .when(restart)
      .thenRejected('task.not_ended');
    given(taskActor, ...WORKING, cancelled)
      .when(restart)
      .thenRejected('task.out_of_order');
  });

  it('can be begun again a bounded number of times', () => {
    const once = { changes: { 'limits.restartsMax': 1 } };
    given(taskActor, ...DONE)
      .when(restart, once)
      .next.when(say('fail_task', { code: 'no', reason: 'no' }))
      .next.when(restart, once)
      .thenRejected('task.attempts_exhausted');
  });

  it('takes no verdict after it was cancelled under way', () => {
    given(taskActor, ...SUBMITTED, cancelled)
      .when(passValidation())
      .thenRejected('task.out_of_order');
    given(taskActor, ...MERGING, cancelled)
      .when(say('record_merge', { commit: 'm1', branch: 'b' }))
      .thenRejected('task.out_of_order');
  });

  it('may be a duplicate of another task', () => {
    const { state } = given(taskActor, created(), fact('TaskDuplicated', { of: 'tsk_first', by: 'operator' }));
    expect(state).toMatchObject({ value: 'duplicated', context: { reason: 'the same as tsk_first' } });
  });
});

describe('the deadlines of a task', () => {
  const [start, lease] = taskActor.deadlines ?? [];

  it('are of states that the chart has, and send a command that parses', () => {
    for (const deadline of taskActor.deadlines ?? []) {
      for (const state of deadline.states) expect(Object.keys(taskChart.states)).toContain(state);
      const { context } = given(taskActor, ...WORKING).state;
      given(taskActor, ...WORKING)
        .when({ name: deadline.command, input: deadline.input(context) })
        .thenFacts('AttemptFailed');
    }
  });

  it('count from the assignment, then from the start', () => {
    const waiting = given(taskActor, ...ASSIGNED).state.context;
    expect(start?.dueAt(waiting, DEFAULT_SETTINGS)).toBe(waiting.since + 120_000);
    const working = given(taskActor, ...WORKING).state.context;
    expect(lease?.dueAt(working, DEFAULT_SETTINGS)).toBe(working.since + 1_800_000 + 120_000);
  });

  it('follow the preset’s own wall time', () => {
    const working = given(taskActor, ...WORKING).state.context;
    const preset = { argv: ['repair'], env: {}, passEnv: [], files: {}, model: '', wallMs: 5_000 };
    const settings = { ...DEFAULT_SETTINGS, agents: { repair: preset } };
    expect(lease?.dueAt(working, settings)).toBe(working.since + 5_000 + 120_000);
  });
});

it('says what each of its events concerns', () => {
  const scope = { repositoryId: 'rep_library', workflowId: 'wfl_bugfix', taskId };
  expect(taskActor.scope?.(given(taskActor, created()).state.context)).toEqual(scope);
  expect(taskActor.scope?.(given(taskActor, ...ASSIGNED).state.context)).toEqual({ ...scope, agentId: 'agt_ada' });
});

/** A further attempt, up to its hand-in. */
function again(task: Given<Task>, attempt: number) {
  const run = { agentId: 'agt_ada', attempt };
  return task.when(assign(run)).next.when(say('start_task', run)).next.when(status('done')).next;
}

function exampleOf(name: string): Said {
  const examples: Record<string, Said> = {
    update_task_status: status('done'),
    give_validation_review: review('pass'),
    create_candidate: { name, input: taskSpec({ candidate: { bestOfNId: 'bon_parser', index: 1, base: 'c0' } }) },
    create_review: { name, input: taskSpec({ review: { taskId: 'tsk_work', attempt: 1, commit: 'c1' } }) },
    submit_result_validation: say(name, { criteria: [{ criterion: 1, verdict: 'pass', evidence: 'a.md:3' }] }),
    request_review: requestReview(),
    report_progress: say(name, { message: 'half way' }),
    report_usage: say(name),
    cancel_task: cancel,
    restart_task: restart,
    boost_task: boost,
    set_task_priority: say('set_task_priority', { priority: 'high' }, 'operator'),
    message_task: say('message_task', { text: 'look' }, 'operator'),
    block_task: say(name, { reasons: [wait] }),
    queue_task: say(name, { because: '' }),
    assign_task: assign(),
    start_task: say(name, ada),
    run_by_server: say(name),
    submit_winner: say(name, { attempt: 1, summary: '', tree: keptTree() }),
    submit_on_exit: say(name, { ...ada, summary: '' }),
    record_tree: recordTree(),
    pass_validation: passValidation(),
    fail_validation: failValidation(),
    send_back: sendBack(),
    record_merge: say(name, { commit: 'm1', branch: 'b' }),
    record_worktree_removed: say(name, { rescued: null }),
    fail_attempt: failAttempt(),
    fail_task: say(name, { code: 'no', reason: 'no' }),
  };
  return examples[name] as Said;
}

describe('feedback', () => {
  const progress = (actor = 'agent:agt_bob') => say('report_progress', { message: 'I see', fraction: null }, actor);
  const sentBack = (differs: Partial<TaskSpec> = { acknowledges: true }) =>
    [failValidation(), assign(bob), say('start_task', bob)].reduce(
      (task, one) => task.when(one).next,
      given(taskActor, created(differs), ...SUBMITTED.slice(1)),
    );

  it('is acknowledged by the first word of the agent that got it, once', () => {
    sentBack()
      .when(progress())
      .thenFacts({ type: 'FeedbackAcknowledged', data: bob }, 'TaskProgressed')
      .when(progress())
      .thenFacts('TaskProgressed');
  });

  it('is not acknowledged by anybody else, nor by a refused word', () => {
    sentBack().when(progress('operator')).thenFacts('TaskProgressed');
    sentBack().when(progress('agent:agt_ada')).thenRejected('task.not_assigned');
  });

  it('of a task that was created before acknowledging existed is decided as it was', () => {
    sentBack({}).when(progress()).thenFacts('TaskProgressed');
  });
});

describe('the correspondence', () => {
  const round2 = { agentId: 'agt_bob', attempt: 2 };
  const back = [...MERGING, fact('WorkSentBack', { code: 'conflict', feedback: 'parser.js conflicts', files: [] })];
  const again = [...back, queued, assigned(round2), started(round2), submitted(round2)];

  it('has a letter for each verdict that sent the work back, acknowledged once the next agent has spoken', () => {
    const facts = back.with(0, created({ acknowledges: true }));
    const speaks = given(taskActor, ...facts, queued, assigned(round2), started(round2))
      .when(status('done', { summary: 'Merged by hand.' }, 'agent:agt_bob'))
      .thenFacts('FeedbackAcknowledged', 'WorkSubmitted');
    const judged = speaks.when(failValidation(2)).thenFacts('ValidationFailed', 'TaskQueued');
    const first = { round: 1, attempt: 1, by: 'agt_ada', submitted: 'Mended.', commit: 'c1', code: 'conflict' };
    const second = { round: 2, attempt: 2, by: 'agt_bob', submitted: 'Merged by hand.', commit: null, code: 'red' };
    expect(judged.state.context.correspondence).toEqual([
      { ...first, feedback: 'parser.js conflicts', acknowledged: true },
      { ...second, feedback: 'one test is red', acknowledged: false },
    ]);
  });

  it('goes into the end that a last verdict brings, and into no other', () => {
    const letters = given(taskActor, ...again).state.context.correspondence;
    const correspondence = { rounds: letters, hash: 'h' };
    const last = say('fail_validation', {
      ...{ attempt: 2, check: null, code: 'red', feedback: 'one test is red', correspondence },
    });
    given(taskActor, ...again)
      .when(last)
      .thenFacts('ValidationFailed', 'TaskQueued');
    given(taskActor, ...again.with(0, created({ roundsMax: 2 })))
      .when(last)
      .thenFacts('ValidationFailed', { type: 'TaskFailed', data: { correspondence } });
  });

  it('begins anew with a restart', () => {
    const ended = given(taskActor, ...back, failed)
      .when(restart)
      .thenFacts('TaskRestarted');
    expect(ended.state.context.correspondence).toEqual([]);
  });
});

describe('a review', () => {
  const reviews = (...more: TaskFact[]) => {
    const spec = { agent: 'claude', review: { taskId: 'tsk_work', attempt: 1, commit: 'c1' } };
    return given(taskActor, created(spec), queued, ...more);
  };

  it('is created and queued in one, and once', () => {
    const said = exampleOf('create_review');
    given(taskActor).when(said).thenFacts('TaskCreated', 'TaskQueued').when(said).thenNothing();
  });

  it('ends with its verdict, said once or twice, and is not taken back', () => {
    const over = reviews(assigned(), started())
      .when(review('fail'))
      .thenFacts({ type: 'ReviewGiven', data: { verdict: 'fail', by: 'agent:agt_ada' } }, 'TaskCompleted');
    over.when(review('fail')).thenNothing();
    over.when(review('pass')).thenRejected('task.not_open');
    expect(over.state).toMatchObject({ value: 'done', context: { given: { verdict: 'fail' } } });
  });

  it('may be given before the word that the reviewer lives', () => {
    reviews(assigned()).when(review('pass')).thenFacts('TaskStarted', 'ReviewGiven', 'TaskCompleted');
  });

  it('is given by the agent that it is assigned to, and by no other', () => {
    reviews(assigned(), started()).when(review('pass', 'agent:agt_bob')).thenRejected('task.not_assigned');
  });

  it('does not end as other tasks do, nor other tasks as a review', () => {
    reviews(assigned(), started()).when(status('done')).thenRejected('task.wrong_outcome');
    given(taskActor, ...WORKING)
      .when(review('pass'))
      .thenRejected('task.wrong_outcome');
  });

  it('is asked for once for an attempt, and forgotten with the next', () => {
    const waiting = given(taskActor, ...SUBMITTED, treeKept)
      .when(requestReview())
      .thenFacts({ type: 'ReviewRequested', data: { reviewId: 'tsk_review', verdict: 'green' } });
    waiting.when(requestReview()).thenNothing();
    waiting.when(requestReview(2)).thenRejected('task.stale_attempt');
    const next = waiting.when(failValidation()).next.when(assign(bob)).next;
    expect(next.state.context.review).toBeUndefined();
  });
});

describe('the review of a result', () => {
  const criteria = ['All checks pass.', 'The manual tells of it.'];
  const review = { taskId: null, attempt: 1, commit: 'c1', submission: 1, criteria };
  const spec = { review, changes: 'none', checks: 'none' } as const;
  const reviewing = [created(spec), ...WORKING.slice(1)];
  const answer = (criterion: number, verdict: 'pass' | 'fail' = 'pass') => ({ criterion, verdict, evidence: 'a.md:3' });
  const answers = (list: object[], actor = 'agent:agt_ada') =>
    say('submit_result_validation', { criteria: list, feedback: 'See there.' }, actor);

  it('is created and queued in one', () => {
    const create = { name: 'create_review', input: taskSpec(spec) };
    given(taskActor)
      .when(create)
      .thenFacts('TaskCreated', { type: 'TaskQueued', data: { because: 'The result of the run waits for a verdict.' } })
      .when(create)
      .thenNothing();
  });

  it('ends with an answer to each criterion, said once or twice, and is not taken back', () => {
    const ended = given(taskActor, ...reviewing)
      .when(answers([answer(1), answer(2, 'fail')]))
      .thenFacts(
        { type: 'ResultValidationGiven', data: { by: 'agent:agt_ada', feedback: 'See there.' } },
        { type: 'TaskCompleted', data: { summary: '1 of 2 criteria met. See there.' } },
      );
    ended.when(answers([answer(1), answer(2, 'fail')])).thenNothing();
    ended.when(answers([answer(1), answer(2)])).thenRejected('task.not_open');
  });

  it('may be given before the word that the reviewer lives', () => {
    given(taskActor, created(spec), ...ASSIGNED.slice(1))
      .when(answers([answer(1), answer(2)]))
      .thenFacts('TaskStarted', 'ResultValidationGiven', 'TaskCompleted');
  });

  it.each([
    ['leaves one out', [answer(1)], '2'],
    ['answers one twice', [answer(1), answer(1), answer(2)], '1'],
    ['answers one that there is not', [answer(1), answer(2), answer(3)], '3'],
  ])('is refused when it %s', (_how, list, which) => {
    given(taskActor, ...reviewing)
      .when(answers(list))
      .thenRejected('result.criteria_unanswered', `Not so: ${which}.`);
  });

  it('is given by the agent that it is assigned to, and ends in no other way', () => {
    const whole = [answer(1), answer(2)];
    given(taskActor, ...reviewing)
      .when(answers(whole, 'agent:agt_bob'))
      .thenRejected('task.not_assigned');
    given(taskActor, ...reviewing)
      .when(status('done'))
      .thenRejected('task.wrong_outcome', 'submit_result_validation');
    given(taskActor, ...reviewing)
      .when(say('give_validation_review', { verdict: 'pass', evidence: 'x' }, 'agent:agt_ada'))
      .thenRejected('task.wrong_outcome');
    given(taskActor, ...WORKING)
      .when(answers(whole))
      .thenRejected('task.wrong_outcome', 'judges no result');
  });
});

describe('a task that candidates work for', () => {
  const spec = { agent: null, candidates: contest({ taskId, seed: 2 ** 31 - 1 }) };
  const waiting = () =>
    given(taskActor, created(spec), queued).when(say('run_by_server')).thenFacts('TaskAssigned', 'TaskStarted');
  const winner = (attempt = 1) => say('submit_winner', { attempt, summary: 'Variant 1.', tree: keptTree() });

  it('waits for the winner, whose work is then judged and merged as its own', () => {
    const won = waiting()
      .when(winner())
      .thenFacts({ type: 'WorkSubmitted', data: { how: 'server', agentId: null } }, 'TreeKept');
    won.when(winner()).thenNothing();
    won.when(winner(2)).thenRejected('task.stale_attempt');
    expect(won.when(passValidation()).thenFacts('ValidationPassed').state.value).toBe('merging');
  });

  it('is not done by anybody’s word, and takes a winner only when it has candidates', () => {
    waiting()
      .when(status('done', {}, 'operator'))
      .thenRejected('task.wrong_outcome');
    given(taskActor, ...WORKING)
      .when(winner())
      .thenRejected('task.out_of_order', 'No candidates');
  });

  it('has another best-of-N for each attempt, also when the work comes back from the merge train', () => {
    const first = waiting();
    expect(bestOfNIdOf(first.state.context)).toBe('bon_parser');
    const back = first.when(winner()).next.when(passValidation()).next.when(sendBack());
    const second = back.thenFacts('WorkSentBack', 'TaskQueued').when(say('run_by_server')).next;
    const again = bestOfNSpecOf(second.state.context);
    expect(again).toMatchObject({ taskId, seed: 0, directive: spec.candidates.directive });
    expect(again?.bestOfNId).not.toBe('bon_parser');
    expect(again?.bestOfNId).toBe(bestOfNIdOf(second.state.context));
  });
});

describe('a candidate', () => {
  const candidate = { bestOfNId: 'bon_parser', index: 1, base: 'c0' };

  it('is created and queued in one, and once', () => {
    const said = exampleOf('create_candidate');
    given(taskActor).when(said).thenFacts('TaskCreated', 'TaskQueued').when(said).thenNothing();
  });

  it('is done when its work passes: it is kept, and not merged', () => {
    const facts = SUBMITTED.with(0, created({ candidate }));
    const done = given(taskActor, ...facts, treeKept)
      .when(passValidation())
      .thenFacts('ValidationPassed', 'TaskCompleted');
    expect(done.state).toMatchObject({ value: 'done', context: { merged: null } });
  });
});

describe('the worktree of an ended task', () => {
  const removed = say('record_worktree_removed', { rescued: null });

  it('is removed once, and only when there was one', () => {
    given(taskActor, ...QUEUED, assigned(), failed)
      .when(removed)
      .thenFacts('WorktreeRemoved')
      .when(removed)
      .thenNothing();
    given(taskActor, ...QUEUED, failed)
      .when(removed)
      .thenNothing();
  });

  it('stays while the task is open', () => {
    given(taskActor, ...ASSIGNED)
      .when(removed)
      .thenRejected('task.out_of_order');
  });
});

describe('a task that repeats another', () => {
  const duplicated = (of?: string): Said => ({
    name: 'update_task_status',
    input: { taskId, status: 'duplicated', ...(of && { of }) },
    actor: 'operator',
  });

  it('ends as a duplicate, said once or twice', () => {
    given(taskActor, ...QUEUED)
      .when(duplicated('tsk_other'))
      .thenFacts({ type: 'TaskDuplicated', data: { of: 'tsk_other' } })
      .when(duplicated('tsk_other'))
      .thenNothing();
  });

  it('names another task', () => {
    given(taskActor, ...QUEUED)
      .when(duplicated())
      .thenRejected('task.duplicate_of_nothing');
    given(taskActor, ...QUEUED)
      .when(duplicated(taskId))
      .thenRejected('task.duplicate_of_nothing');
  });
});
