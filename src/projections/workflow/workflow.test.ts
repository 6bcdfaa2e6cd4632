import { describe, expect, it } from 'vitest';
import { bugfix } from '../../../tests/support/bugfix-story.ts';
import { createStory } from '../../../tests/support/story.ts';
import type { Projection } from '../define-projection.ts';
import { detailProjection } from './detail.ts';
import { overviewProjection } from './overview.ts';

function given() {
  const story = createStory();
  const show = <S>(projection: Projection<S>, workflowId?: string) => {
    const state = projection.init();
    for (const event of story.events)
      if (workflowId === undefined || event.meta.scope?.workflowId === workflowId) projection.fold(state, event);
    return projection.render(state, {}, { position: 0n, asOf: story.now() });
  };
  return {
    story,
    ...bugfix(story),
    overview: () => show(overviewProjection),
    detail: (id: string) => show(detailProjection, id),
  };
}

describe('workflow overview', () => {
  it('has a row for each, with its phase, its counts and its end', () => {
    const { story, start, phase, task, queue, work, complete, over, finish, board, land, overview } = given();
    const [one, two] = [start('one'), start('two')];
    phase(one, 'fix');
    const [mended, given_up] = [task(one), task(one)];
    queue(mended);
    const agentId = work(mended);
    story.send('report_usage', { taskId: mended, inputTokens: 10, costUsd: 0.5 });
    finish(mended, agentId);
    story.send('cancel_task', { taskId: given_up });
    expect(overview().rows[one]).toMatchObject({
      status: 'active',
      goal: 'one',
      phase: { name: 'fix', round: 1, status: 'started' },
      tasks: { merging: 1, cancelled: 1 },
      usage: { inputTokens: 10, costUsd: 0.5 },
      endedAt: null,
    });
    const { trainId, candidateId } = board(one, mended);
    land(trainId, candidateId, mended);
    over(one, 'fix');
    complete(one);
    story.send('cancel_workflow', { workflowId: two, reason: 'no need' });
    const { rows, summary } = overview();
    expect(rows[one]).toMatchObject({
      status: 'completed',
      evidence: { type: 'WorkflowCompleted' },
      tasks: { done: 1, cancelled: 1 },
      delivery: { base: 'moved' },
    });
    expect(rows[two]).toMatchObject({ status: 'cancelled', reason: 'no need', usage: null });
    expect(summary).toEqual({ counts: { completed: 1, cancelled: 1 } });
  });

  it('has where its result stands', () => {
    const { story, start, phase, overview } = given();
    const workflowId = start();
    const standing = () => overview().rows[workflowId]?.result;
    expect(standing()).toBe(null);
    story.send('submit_result', { workflowId, summary: 'Done.', outputs: {}, commit: 'c1', taskId: null });
    expect(standing()).toMatchObject({ submission: 1, status: 'submitted', evidence: { type: 'ResultSubmitted' } });
    story.send('accept_result', { workflowId, submission: 1, check: null, criteria: [] });
    expect(standing()).toMatchObject({ submission: 1, status: 'accepted' });
    phase(workflowId, 'fix');
    expect(standing()).toMatchObject({ status: 'superseded', evidence: { type: 'PhaseStarted' } });
  });

  it('counts what its tasks become after its end', () => {
    const { story, start, phase, task, overview } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const taskId = task(workflowId);
    story.send('cancel_workflow', { workflowId });
    story.send('cancel_task', { taskId });
    expect(overview().rows[workflowId]).toMatchObject({ tasks: { cancelled: 1 } });
  });
});

describe('workflow detail', () => {
  it('says how far the merge of a task is', () => {
    const { story, start, phase, task, queue, work, finish, board, detail } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const tasks = [task(workflowId), task(workflowId), task(workflowId)];
    for (const one of tasks) queue(one);
    for (const one of tasks) finish(one, work(one));
    const words = () => tasks.map((one) => detail(workflowId).rows[one]?.merging);
    expect(words()).toEqual([null, null, null]);
    const boarded = tasks.map((one) => board(workflowId, one));
    const [{ trainId } = { trainId: '' }] = boarded;
    const candidateIds = boarded.slice(0, 2).map(({ candidateId }) => candidateId);
    story.send('start_batch', { trainId, candidateIds, limit: 2 });
    const merged = candidateIds.map((candidateId, n) => ({
      candidateId,
      onto: `m${n}`,
      commit: `m${n + 1}`,
      tree: 't',
    }));
    story.send('record_batch_merged', { trainId, merged, refused: [] });
    const { runBranch } = detail(workflowId).summary;
    expect(words()).toEqual([
      `It is merged with ${runBranch}, in a batch of 2 that is being checked.`,
      `It is merged with ${runBranch}, in a batch of 2 that is being checked.`,
      `It waits to be merged into ${runBranch}; 2 candidates are before it.`,
    ]);
  });

  it('shows the tree of tasks with progress and results, and every phase with its rounds', () => {
    const { story, start, phase, over, task, queue, work, finish, detail } = given();
    const workflowId = start();
    phase(workflowId, 'investigate');
    const root = task(workflowId, { phase: 'investigate', changes: 'none', checks: 'none' });
    const child = task(workflowId, { parentTaskId: root, inputs: { failures: [] }, createdBy: 'agent:x' });
    const grandchild = task(workflowId, { parentTaskId: child });
    queue(root);
    finish(root, work(root));
    over(workflowId, 'investigate');
    phase(workflowId, 'fix');
    queue(child);
    const agentId = work(child);
    story.send('report_progress', { taskId: child, message: 'half', fraction: 0.5 }, { actor: `agent:${agentId}` });
    const { rows, summary } = detail(workflowId);
    expect([root, child, grandchild].map((id) => rows[id]?.depth)).toEqual([0, 1, 2]);
    expect(rows[root]).toMatchObject({ status: 'done', result: { summary: 'Mended.', how: 'reported' }, usage: null });
    expect(rows[child]).toMatchObject({
      status: 'in_progress',
      agentId,
      attempt: 1,
      evidence: { type: 'TaskStarted' },
      progress: { message: 'half', fraction: 0.5 },
      inputs: { failures: [] },
      parentTaskId: root,
    });
    expect(summary).toMatchObject({
      ...{
        workflowId,
        status: 'active',
        baseline: { status: 'failed', failed: 3 },
        evidence: { type: 'WorkflowStarted' },
      },
      phases: [
        { name: 'investigate', status: 'green', rounds: [{ round: 1, evidence: { type: 'PhaseCompleted' } }] },
        { name: 'fix', status: 'started', rounds: [{ round: 1, evidence: { type: 'PhaseStarted' } }] },
        { name: 'verify', status: 'not_started', rounds: [] },
      ],
    });
  });

  it('shows the result with every criterion, its verdict and what that rests on, and for what it waits', () => {
    const { story, start, phase, over, detail } = given();
    const texts = ['All checks pass.', 'The manual tells of it.'];
    const result = { criteria: [{ text: texts[0], proved_by: 'checks' }, texts[1]], submitted_by: 'operator' };
    const workflowId = start('g', undefined, {}, result);
    const shown = () => detail(workflowId).summary as { result: object; results: object[] };
    expect(shown().result).toEqual({
      criteria: [
        { criterion: texts[0], provedBy: 'checks' },
        { criterion: texts[1], provedBy: null },
      ],
      ...{ submittedBy: 'operator', onResult: 'finish_open', reviewedBy: null },
      ...{ status: 'not_submitted', submissions: 0, awaits: null },
    });
    for (const name of ['investigate', 'fix', 'verify']) {
      phase(workflowId, name);
      over(workflowId, name);
    }
    expect(shown().result).toMatchObject({
      awaits: { from: 'operator', text: expect.stringContaining(`heph result submit ${workflowId}`) },
    });
    story.send('submit_result', { workflowId, summary: 'Done.', outputs: {}, commit: 'c1', taskId: null });
    expect(shown().result).toMatchObject({
      status: 'submitted',
      awaits: { from: 'checks', text: 'The checks look at the result.' },
    });
    const criteria = texts.map((criterion, at) => ({
      ...{ criterion, verdict: at === 0 ? 'pass' : 'fail', evidence: `looked at ${at}` },
    }));
    story.send('reject_result', {
      workflowId,
      submission: 1,
      check: null,
      criteria,
      code: 'red',
      feedback: 'No page.',
    });
    expect(shown().result).toMatchObject({ status: 'rejected', submissions: 1 });
    expect(shown().results).toMatchObject([{ submission: 1, summary: 'Done.', criteria, feedback: 'No page.' }]);
  });

  it('says unknown of a workflow that is not there', () => {
    expect(given().detail('wfl_none')).toEqual({
      rows: {},
      summary: { workflowId: null, status: 'unknown', counts: {} },
    });
  });
});
