import { describe, expect, it } from 'vitest';
import { bugfix, CHECK } from '../../../tests/support/bugfix-story.ts';
import { createStory } from '../../../tests/support/story.ts';
import { createLiveFold } from '../live-fold.ts';
import { checksView } from './index.ts';

const REPOSITORY = 'rep_library';
const line = (name: string, status: string, more: object = {}) => ({
  ...{ name, status, cached: false, why: '', key: null, durationMs: 5, attempts: 1, exitCode: 0, tests: null },
  ...{ tail: `the end of ${name}`, ...more },
});

function given() {
  const story = createStory();
  const steps = bugfix(story);
  const show = (params: Record<string, unknown> = {}, events = story.events) => {
    const { overall, ofWorkflow } = checksView;
    const fold = createLiveFold(params.workflowId === undefined || !ofWorkflow ? overall : ofWorkflow);
    fold.apply(
      events.filter(({ meta }) => params.workflowId === undefined || meta.scope?.workflowId === params.workflowId),
    );
    expect(fold.degraded).toBe(null);
    const at = { position: fold.position, asOf: story.now() };
    const { rows, summary } = fold.projection.render(fold.state, checksView.params.parse(params), at);
    return { rows: Object.values(rows), summary };
  };
  const run = () => {
    const workflowId = steps.start();
    steps.phase(workflowId, 'fix');
    return workflowId;
  };
  const handIn = (taskId: string) => {
    steps.queue(taskId);
    const agentId = steps.work(taskId);
    story.send('update_task_status', { taskId, status: 'done', summary: 's' }, { actor: `agent:${agentId}` });
    steps.exit(agentId);
    steps.keep(taskId);
  };
  const byHand = (state: string, checks: object[], more: object = {}) =>
    story.send('record_check_run', {
      ...{
        runId: story.id('chk'),
        repositoryId: REPOSITORY,
        folder: '/repo',
        source: 'checks.yaml',
        state,
        startedAt: 1,
      },
      ...{ durationMs: 90, savedMs: 30, head: 'f'.repeat(40), clean: true, checks, ...more },
    });
  return { story, ...steps, show, run, handIn, byHand };
}

describe('the view of checks', () => {
  it('has the check before a run, each verdict on a task’s work, the merge and the result', () => {
    const { story, show, run, handIn, task, board, land } = given();
    const workflowId = run();
    const taskId = task(workflowId, { title: 'Mend it' });
    handIn(taskId);
    const red = { ...CHECK, status: 'failed', exitCode: 1, failed: 2 };
    story.send('fail_validation', { taskId, attempt: 1, check: red, code: 'check.red', feedback: 'Two are red.' });
    handIn(taskId);
    story.send('pass_validation', { taskId, attempt: 2, check: CHECK, verdict: 'Its failures pass.' });
    const { trainId, candidateId } = board(workflowId, taskId);
    land(trainId, candidateId, taskId);
    story.send('submit_result', { workflowId, summary: 'Done.', outputs: {}, commit: 'c1', taskId: null });
    story.send('accept_result', { workflowId, submission: 1, check: CHECK, criteria: [] });
    const { rows, summary } = show({ workflowId });
    expect(rows).toMatchObject([
      { kind: 'result', verdict: 'passed', workflowId, evidence: { type: 'ResultAccepted' } },
      { kind: 'merge', verdict: 'passed', taskId, title: 'Mend it', key: `merge/${candidateId}` },
      { kind: 'gate', verdict: 'passed', attempt: 2, words: 'Its failures pass.', summary: { status: 'passed' } },
      {
        kind: 'gate',
        verdict: 'failed',
        attempt: 1,
        taskId,
        code: 'check.red',
        words: 'Two are red.',
        title: 'Mend it',
      },
      { kind: 'baseline', verdict: 'failed', summary: { failed: 3 }, evidence: { type: 'BaselineRecorded' } },
    ]);
    expect(summary).toEqual({
      ...{ shown: 5, more: false },
      counts: { result: { passed: 1 }, merge: { passed: 1 }, gate: { passed: 1, failed: 1 }, baseline: { failed: 1 } },
    });
    expect(show({ workflowId, failed: true }).rows.map(({ kind }) => kind)).toEqual(['gate', 'baseline']);
    expect(show({ kind: 'merge' }).rows).toHaveLength(1);
    expect(show({ limit: 2 })).toMatchObject({ summary: { shown: 2, more: true } });
    expect(show({ workflowId: 'wfl_none' })).toEqual({ rows: [], summary: { counts: {}, shown: 0, more: false } });
  });

  it('keeps one row for a check and the review that comes after it', () => {
    const { story, show, run, handIn, task } = given();
    const workflowId = run();
    const taskId = task(workflowId);
    handIn(taskId);
    const reviewId = task(workflowId, { review: { taskId, attempt: 1, commit: 'c'.repeat(40) }, changes: 'none' });
    story.send('request_review', { taskId, attempt: 1, reviewId, check: CHECK, verdict: 'Green.' });
    expect(show({ kind: 'gate' }).rows).toMatchObject([{ verdict: 'under_review', summary: { status: 'passed' } }]);
    story.send('fail_validation', { taskId, attempt: 1, check: null, code: 'review.failed', feedback: 'No test.' });
    expect(show({ kind: 'gate' })).toMatchObject({
      rows: [{ verdict: 'failed', code: 'review.failed', summary: { status: 'passed' } }],
      summary: { counts: { gate: { failed: 1 } } },
    });
  });

  it('leaves out verdicts that rest on no check', () => {
    const { story, show, run, handIn, task } = given();
    const taskId = task(run(), { checks: 'none' });
    handIn(taskId);
    story.send('pass_validation', { taskId, attempt: 1, check: null, verdict: 'Nothing to check.' });
    expect(show({ kind: 'gate' }).rows).toEqual([]);
  });

  it('tells both verdicts of work that touches what judges it', () => {
    const { story, show, run, handIn, task } = given();
    const taskId = task(run());
    handIn(taskId);
    const said = (pass: boolean) => ({ pass, code: pass ? 'green' : 'red', check: CHECK });
    const touched = [{ path: 'a.test.js', kind: 'test', change: 'changed' }];
    const judge = { touched, touchedMore: 0, own: said(true), original: said(false) };
    story.send('fail_validation', { taskId, attempt: 1, check: CHECK, code: 'judge_changed', feedback: 'No.', judge });
    expect(show({ kind: 'gate' }).rows).toMatchObject([
      { verdict: 'failed', judge: { own: true, original: false, touched: ['a.test.js'] } },
    ]);
  });

  it('has what a person ran, each check with its end where it failed', () => {
    const { show, byHand } = given();
    const tests = { passed: 3, failed: 1, skipped: 0, newlyFailing: null };
    byHand('failed', [line('lint', 'passed', { cached: true }), line('unit', 'failed', { exitCode: 1, tests })]);
    byHand('skipped', [line('lint', 'passed', { cached: true })]);
    expect(show().rows).toMatchObject([
      { kind: 'run', verdict: 'skipped' },
      {
        ...{
          kind: 'run',
          verdict: 'failed',
          folder: '/repo',
          words: 'checks.yaml',
          commit: 'f'.repeat(40),
          clean: true,
        },
        ...{
          repositoryId: REPOSITORY,
          workflowId: null,
          durationMs: 90,
          savedMs: 30,
          evidence: { type: 'CheckRunFailed' },
        },
        checks: [
          { name: 'lint', status: 'passed', cached: true, tail: '' },
          { name: 'unit', status: 'failed', tail: 'the end of unit', tests: { passed: 3, failed: 1, skipped: 0 } },
        ],
      },
    ]);
  });

  it('keeps the newest, and counts all', () => {
    const { show, byHand } = given();
    for (let n = 0; n < 305; n++) byHand('passed', [line(`check${n}`, 'passed')]);
    const { rows, summary } = show({ limit: 1000 });
    expect(rows).toHaveLength(300);
    expect(rows[0]).toMatchObject({ checks: [{ name: 'check304' }] });
    expect(summary).toMatchObject({ counts: { run: { passed: 305 } }, more: false });
  });

  it('is the same when it is restored in the middle, and as of an earlier event', () => {
    const { story, show, byHand, run } = given();
    run();
    byHand('passed', [line('lint', 'passed')]);
    const middle = story.events.length - 1;
    byHand('passed', [line('unit', 'passed')]);
    const whole = createLiveFold(checksView.overall);
    whole.apply(story.events);
    const half = createLiveFold(checksView.overall);
    half.apply(story.events.slice(0, middle));
    const restored = createLiveFold(checksView.overall, half.snapshot() ?? undefined);
    restored.apply(story.events.slice(middle));
    expect(restored.checksum()).toBe(whole.checksum());
    expect(show({ kind: 'run' }, story.events.slice(0, middle)).rows).toMatchObject([
      { verdict: 'running', checks: null },
    ]);
  });
});
