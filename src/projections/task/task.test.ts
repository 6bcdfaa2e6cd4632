import { afterEach, describe, expect, it } from 'vitest';
import { bugfix } from '../../../tests/support/bugfix-story.ts';
import { createStory, tell } from '../../../tests/support/story.ts';
import { systemClock } from '../../kernel/adapters/system.ts';
import { openMemoryStore } from '../../store/adapters/memory.ts';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { type ProjectionHost, startProjectionHost, VIEWS } from '../index.ts';

const CHECK = {
  command: 'npm test',
  commit: 'c',
  status: 'failed',
  exitCode: 1,
  durationMs: 5,
  resultHash: 'a'.repeat(64),
};
const COUNTS = { passed: 3, failed: 1, skipped: 0 };

const open: ProjectionHost[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((host) => host.close()));
});

async function given() {
  const story = createStory();
  const steps = bugfix(story);
  const workflowId = steps.start('Mend all.');
  steps.phase(workflowId, 'fix');
  const store = openMemoryStore();
  const views = await startProjectionHost({
    ...{ store, views: VIEWS, cache: createMemoryCache(), logId: 'log_one', clock: systemClock },
  });
  open.push(views);
  let told = 0;
  const show = async (taskId: string, at?: bigint) => {
    await tell(store, story.events.slice(told));
    told = story.events.length;
    const until = await store.head();
    const view = await views.view('task', { taskId }, at === undefined ? { until } : { at });
    const rows = Object.entries(view.rows);
    const of = (kind: string) => rows.filter(([key]) => key.startsWith(`${kind}/`)).map(([, row]) => row);
    return { view, summary: view.summary, of };
  };
  const here = () => BigInt(story.events.length);
  return { story, ...steps, workflowId, show, here, store, views };
}

describe('the view of a task', () => {
  it('has what the workflow knows of it, where it belongs and who made it', async () => {
    const { show, task, workflowId, views, store } = await given();
    const parent = task(workflowId, { title: 'All' });
    const taskId = task(workflowId, { parentTaskId: parent, title: 'One', model: 'small' });
    const { summary, of } = await show(taskId);
    const { rows } = await views.view('workflow', { workflowId }, { until: await store.head() });
    const { ageMs: _age, ...facts } = rows[taskId] as { ageMs: number };
    expect(summary).toMatchObject(facts);
    expect(summary).toMatchObject({
      ...{ taskId, model: 'small', worktree: false, childrenCount: 0, bestOfN: null, usage: null },
      ...{ parent: { taskId: parent, title: 'All', status: 'pending' }, workflow: { workflowId, goal: 'Mend all.' } },
    });
    expect(of('state')).toMatchObject([{ status: 'pending', from: 'absent', evidence: { type: 'TaskCreated' } }]);
    const above = await show(parent);
    expect(above.of('child')).toMatchObject([{ taskId, title: 'One', status: 'pending', candidate: null }]);
    expect(above.summary.childrenCount).toBe(1);
  });

  it('tells every attempt with its agent, how it ended and what it used', async () => {
    const { story, show, task, queue, work, workflowId, exit } = await given();
    const taskId = task(workflowId);
    queue(taskId);
    const first = work(taskId);
    story.send('report_usage', { taskId, inputTokens: 10, costUsd: 0.5 }, { actor: `agent:${first}` });
    story.send('report_progress', { taskId, message: 'half', fraction: 0.5 }, { actor: `agent:${first}` });
    expect((await show(taskId)).of('attempt')).toMatchObject([
      {
        ...{ attempt: 1, agentId: first, agent: 'repair', endedAt: null, submitted: null, failure: null, end: null },
        ...{ agentEvidence: { type: 'AgentStarted' }, usage: { inputTokens: 10, costUsd: 0.5 } },
      },
    ]);
    exit(first);
    const failure = { code: 'agent.died', reason: 'It died.', counts: true };
    story.send('fail_attempt', { taskId, agentId: first, attempt: 1, ...failure });
    const second = work(taskId);
    const { of, summary } = await show(taskId);
    expect(of('attempt')).toMatchObject([
      {
        ...{ attempt: 1, agentStatus: 'exited', end: { how: 'exited', code: 0 }, endedAt: expect.any(Number) },
        failure: { code: 'agent.died', reason: 'It died.', evidence: { type: 'AttemptFailed' } },
      },
      { attempt: 2, agentId: second, endedAt: null, usage: null, failure: null },
    ]);
    expect(of('progress')).toMatchObject([{ message: 'half', fraction: 0.5, evidence: { type: 'TaskProgressed' } }]);
    expect(of('state').map(({ status }) => status)).toEqual([
      'pending',
      'queued',
      'assigned',
      'in_progress',
      'queued',
      'assigned',
      'in_progress',
    ]);
    expect(summary).toMatchObject({ status: 'in_progress', attempt: 2, agentId: second, worktree: true });
  });

  it('tells every verdict, every kept turn and every way into the branch', async () => {
    const { story, show, task, queue, work, finish, keep, exit, board, land, workflowId } = await given();
    const taskId = task(workflowId);
    queue(taskId);
    const first = work(taskId);
    story.send('update_task_status', { taskId, status: 'done', summary: 'Try.' }, { actor: `agent:${first}` });
    exit(first);
    keep(taskId);
    story.send('fail_validation', {
      ...{ taskId, attempt: 1, check: { ...CHECK, ...COUNTS }, code: 'check.red', feedback: 'One test is red.' },
    });
    queue(taskId);
    finish(taskId, work(taskId));
    const { trainId, candidateId } = board(workflowId, taskId);
    expect((await show(taskId)).of('merge')).toMatchObject([
      { candidateId, trainId, status: 'queued', landedAs: null },
    ]);
    land(trainId, candidateId, taskId);
    const { of, summary } = await show(taskId);
    expect(of('round')).toMatchObject([
      {
        ...{ attempt: 1, verdict: 'failed', code: 'check.red', words: 'One test is red.', review: null },
        ...{ check: { status: 'failed', failed: 1 }, evidence: { type: 'ValidationFailed' } },
      },
      { attempt: 2, verdict: 'passed', evidence: { type: 'ValidationPassed' } },
    ]);
    expect(of('turn')).toMatchObject([
      { turn: 1, attempt: 1, commit: 'c'.repeat(40), files: [{ path: 'src/a.js' }], evidence: { type: 'TreeKept' } },
      // The story keeps every tree as turn 1; what counts is the attempt.
      { attempt: 2 },
    ]);
    expect(of('merge')).toMatchObject([
      { candidateId, status: 'landed', landedAs: 'e'.repeat(40), evidence: { type: 'CandidateLanded' } },
    ]);
    expect(of('attempt')[0]).toMatchObject({ submitted: { summary: 'Try.', how: 'reported' } });
    expect(summary).toMatchObject({ status: 'done', merged: 'e'.repeat(40), round: 1 });
  });

  it('has the review in the place of the verdict while it goes on, and with it afterwards', async () => {
    const { story, show, task, queue, work, keep, exit, workflowId } = await given();
    const taskId = task(workflowId);
    queue(taskId);
    const agentId = work(taskId);
    story.send('update_task_status', { taskId, status: 'done', summary: 's' }, { actor: `agent:${agentId}` });
    exit(agentId);
    keep(taskId);
    const review = { taskId, attempt: 1, commit: 'c'.repeat(40) };
    const reviewId = task(workflowId, { review, changes: 'none', checks: 'none', parentTaskId: taskId });
    const check = { ...CHECK, ...COUNTS, status: 'passed', exitCode: 0, failed: 0 };
    story.send('request_review', { taskId, attempt: 1, reviewId, check, verdict: 'Its failures pass.' });
    expect((await show(taskId)).of('round')).toMatchObject([
      { verdict: 'under_review', check: { status: 'passed' }, review: { taskId: reviewId, verdict: null } },
    ]);
    queue(reviewId);
    const reviewer = work(reviewId);
    const answer = { taskId: reviewId, verdict: 'fail', feedback: 'No test.', evidence: 'a.js:1' };
    story.send('give_validation_review', answer, { actor: `agent:${reviewer}` });
    story.send('fail_validation', { taskId, attempt: 1, check: null, code: 'review.failed', feedback: 'No test.' });
    const { of } = await show(taskId);
    expect(of('round')).toMatchObject([
      {
        ...{ verdict: 'failed', check: { status: 'passed' } },
        review: { taskId: reviewId, agentId: reviewer, verdict: 'fail', feedback: 'No test.', evidence: 'a.js:1' },
      },
    ]);
    expect(of('child')).toMatchObject([{ taskId: reviewId, reviews: true }]);
  });

  it('tells the best-of-N that a task is of', async () => {
    const { show, task, workflowId } = await given();
    const candidate = { bestOfNId: 'bon_one', index: 2, base: 'b'.repeat(40) };
    const { summary } = await show(task(workflowId, { candidate }));
    expect(summary.bestOfN).toEqual({ bestOfNId: 'bon_one', role: 'candidate', index: 2 });
  });

  it('shows an earlier position as it was shown then, and folds to the same when it is folded anew', async () => {
    const { show, task, queue, work, finish, board, land, workflowId, here } = await given();
    const taskId = task(workflowId);
    const seen: { at: bigint; rows: unknown; summary: unknown }[] = [];
    const look = async () => {
      const at = here();
      const { view } = await show(taskId);
      seen.push({ at, rows: withoutAges(view.rows), summary: withoutAges(view.summary) });
    };
    await look();
    queue(taskId);
    const agentId = work(taskId);
    await look();
    finish(taskId, agentId);
    const { trainId, candidateId } = board(workflowId, taskId);
    await look();
    land(trainId, candidateId, taskId);
    await look();
    for (const { at, rows, summary } of seen) {
      const { view } = await show(taskId, at);
      expect(view.position).toBe(String(at));
      expect([withoutAges(view.rows), withoutAges(view.summary)]).toEqual([rows, summary]);
    }
  });

  it('says unknown of a task that is not there, and was not yet', async () => {
    const { show, task, workflowId, here } = await given();
    expect((await show('tsk_none')).summary).toEqual({ taskId: null, status: 'unknown' });
    const before = here();
    const taskId = task(workflowId);
    await show(taskId);
    expect((await show(taskId, before)).view).toMatchObject({ rows: {}, summary: { taskId: null } });
  });
});

function withoutAges(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, one) => (key === 'ageMs' || key === 'durationMs' ? undefined : one)));
}
