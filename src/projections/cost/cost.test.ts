import { describe, expect, it } from 'vitest';
import { bugfix } from '../../../tests/support/bugfix-story.ts';
import { contests } from '../../../tests/support/contest-story.ts';
import { createStory } from '../../../tests/support/story.ts';
import { writable } from '../../machines/best-of-n/index.ts';
import { createLiveFold } from '../live-fold.ts';
import { costView } from './index.ts';
import { addToSeries, BUCKETS_MAX, bucketsOf, newSeries } from './series.ts';

function given() {
  const story = createStory();
  const steps = bugfix(story);
  const show = (params: Record<string, unknown> = {}, events = story.events) => {
    const fold = createLiveFold(costView.overall);
    fold.apply(events);
    const parsed = costView.params.parse(params);
    expect(fold.degraded).toBe(null);
    return costView.overall.render(fold.state, parsed, { position: fold.position, asOf: story.now() });
  };
  const use = (taskId: string, agentId: string | null, used: Record<string, number>) =>
    story.send('report_usage', { taskId, ...used }, { actor: agentId === null ? 'operator' : `agent:${agentId}` });
  const run = () => {
    const workflowId = steps.start('Mend it.');
    steps.phase(workflowId, 'fix');
    return workflowId;
  };
  const working = (workflowId: string, more = {}, agent?: string) => {
    const taskId = steps.task(workflowId, more);
    steps.queue(taskId);
    return { taskId, agentId: steps.work(taskId, agent) };
  };
  return { story, ...steps, ...contests(story), show, use, run, working };
}

describe('the view of costs', () => {
  it('sums tokens and money by workflow, phase, task, agent and model', () => {
    const { show, use, run, working } = given();
    const [one, two] = [run(), run()];
    const a = working(one, { title: 'A' }, 'repair');
    const b = working(one, { title: 'B', model: 'small', agent: 'claude' }, 'claude');
    const c = working(two, { title: 'C', phase: 'verify' }, 'claude');
    use(a.taskId, a.agentId, { inputTokens: 10, outputTokens: 1, costUsd: 0.25, wallMs: 5 });
    use(a.taskId, a.agentId, { inputTokens: 20, costUsd: 0.25 });
    use(b.taskId, b.agentId, { inputTokens: 100, costUsd: 2 });
    use(c.taskId, c.agentId, { inputTokens: 5, costUsd: 0.5 });
    const rows = (params: object) => Object.values(show({ ...params }).rows);
    expect(rows({})).toMatchObject([
      { key: one, label: 'Mend it.', costUsd: 2.5, inputTokens: 130, tasks: 2, agents: 2 },
      { key: two, costUsd: 0.5, tasks: 1 },
    ]);
    expect(rows({ by: 'phase' })).toMatchObject([
      { label: 'fix', workflow: 'bugfix', inputTokens: 130 },
      { label: 'verify', inputTokens: 5 },
    ]);
    expect(rows({ by: 'task', workflowId: one })).toMatchObject([
      { key: b.taskId, label: 'B', costUsd: 2, evidence: { type: 'UsageReported' } },
      { key: a.taskId, label: 'A', inputTokens: 30, outputTokens: 1, wallMs: 5 },
    ]);
    expect(rows({ by: 'agent' })).toMatchObject([
      { key: 'claude', costUsd: 2.5, tasks: 2 },
      { key: 'repair', inputTokens: 30 },
    ]);
    expect(rows({ by: 'model' })).toMatchObject([
      { key: 'small', model: 'small', costUsd: 2 },
      { key: 'unknown', model: null, label: 'not told' },
    ]);
    expect(show({ by: 'task', limit: 1 }).summary).toMatchObject({
      ...{ groups: 3, more: true, total: { inputTokens: 135, tasks: 3, agents: 3, agentsSilent: 0 } },
      budget: { costUsdMax: null, tokensMax: null },
    });
  });

  it('says null, not nothing, of what nobody reported', () => {
    const { show, use, run, working } = given();
    const workflowId = run();
    const silent = working(workflowId, { title: 'silent' });
    const tokens = working(workflowId, { title: 'tokens only' });
    use(tokens.taskId, tokens.agentId, { inputTokens: 7 });
    const { rows, summary } = show({ by: 'task' });
    expect(rows[silent.taskId]).toMatchObject({ inputTokens: null, costUsd: null, agentsSilent: 1, evidence: null });
    expect(rows[tokens.taskId]).toMatchObject({ inputTokens: 7, costUsd: null, costUnknown: 1, agentsSilent: 0 });
    expect(summary.total).toMatchObject({ inputTokens: 7, costUsd: null, agents: 2, agentsSilent: 1, costUnknown: 1 });
    expect(show({ workflowId: 'wfl_none' })).toMatchObject({
      rows: {},
      summary: { total: { costUsd: null }, series: null },
    });
  });

  it('knows the model that a preset named when its agent was started', () => {
    const { story, show, use, run, working } = given();
    const workflowId = run();
    const set = (model: string) =>
      story.send('set_config', { changes: { 'agents.own': { argv: ['own', '{prompt}'], model } } });
    set('old');
    const before = working(workflowId, {}, 'own');
    set('new');
    const after = working(workflowId, {}, 'own');
    use(before.taskId, before.agentId, { inputTokens: 1, costUsd: 1 });
    use(after.taskId, after.agentId, { inputTokens: 2, costUsd: 2 });
    expect(Object.keys(show({ by: 'model' }).rows)).toEqual(['new', 'old']);
  });

  it('counts the attempts of a task together, and a report of nobody in particular as the task’s', () => {
    const { story, show, use, run, working, work, exit } = given();
    const { taskId, agentId } = working(run());
    use(taskId, agentId, { inputTokens: 1 });
    exit(agentId);
    story.send('fail_attempt', { taskId, agentId, attempt: 1, code: 'agent.died', reason: 'x', counts: true });
    const second = work(taskId);
    use(taskId, second, { inputTokens: 10 });
    use(taskId, null, { inputTokens: 100 });
    expect(show({ by: 'task' }).rows[taskId]).toMatchObject({ inputTokens: 111, agents: 2, agentsSilent: 0 });
  });

  it('counts what a model wrote for a best-of-N', () => {
    const { story, begin, spec, show } = given();
    const bestOfNId = begin({ n: 2, agents: ['claude'] });
    const asked = writable(spec(bestOfNId)).length;
    story.send('start_mutating', { bestOfNId, workflowId: 'wfl_of_it' });
    story.send('record_drafts', {
      ...{ bestOfNId, model: 'writer', asked, modelMs: 9, drafts: [], problem: '' },
      ...{ inputTokens: 100, outputTokens: 20, costUsd: 0.25 },
    });
    expect(show({ by: 'model' }).rows.writer).toMatchObject({ costUsd: 0.25, outputTokens: 20 });
    expect(show({ by: 'agent' }).rows.server).toMatchObject({ label: 'the server’s model', agent: null });
    expect(Object.keys(show().rows)).toEqual(['wfl_of_it']);
  });

  it('keeps the sums of runs that ended long ago, but not their tasks', () => {
    const { story, show, use, run, working } = given();
    const first = run();
    const { taskId, agentId } = working(first);
    use(taskId, agentId, { inputTokens: 9, costUsd: 1 });
    for (let n = 0; n <= 100; n++)
      story.send('cancel_workflow', { workflowId: n === 0 ? first : run(), reason: 'over' });
    use(taskId, agentId, { inputTokens: 1, costUsd: 1 });
    const { rows, summary } = show({ by: 'task', workflowId: first });
    expect(Object.values(rows)).toMatchObject([{ taskId: null, costUsd: 2, inputTokens: 10 }]);
    expect(summary).toMatchObject({ tasksMerged: 1, series: null });
    expect(show({ by: 'phase', workflowId: first }).rows['bugfix/fix']).toMatchObject({ costUsd: 1 });
    expect(show().rows[first]).toMatchObject({ costUsd: 2 });
  });

  it('tells them over time, all and of one workflow', () => {
    const { story, show, use, run, working } = given();
    const [one, two] = [working(run()), working(run())];
    use(one.taskId, one.agentId, { inputTokens: 1, costUsd: 1 });
    story.pass(600_000);
    use(one.taskId, one.agentId, { inputTokens: 2, costUsd: 2 });
    use(two.taskId, two.agentId, { inputTokens: 4, costUsd: 4 });
    const series = (params: object) =>
      show({ ...params }).summary.series as { buckets: { at: number; costUsd: number }[] };
    expect(series({}).buckets.map(({ costUsd }) => costUsd)).toEqual([1, 6]);
    const [first, second] = series({}).buckets;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(600_000);
    const { workflowId } = Object.values(show({ by: 'workflow' }).rows)[0] as { workflowId: string };
    expect(series({ workflowId }).buckets).toHaveLength(1);
  });

  it('is the same when it is restored in the middle and goes on', () => {
    const { story, use, run, working, show } = given();
    const { taskId, agentId } = working(run());
    use(taskId, agentId, { inputTokens: 1, costUsd: 1 });
    const middle = story.events.length;
    use(taskId, agentId, { inputTokens: 2 });
    const whole = createLiveFold(costView.overall);
    whole.apply(story.events);
    const half = createLiveFold(costView.overall);
    half.apply(story.events.slice(0, middle));
    const snapshot = half.snapshot();
    if (!snapshot) throw new Error('nothing to save');
    const restored = createLiveFold(costView.overall, snapshot);
    restored.apply(story.events.slice(middle));
    expect(restored.checksum()).toBe(whole.checksum());
    expect(show({ by: 'task' }, story.events.slice(0, middle)).rows[taskId]).toMatchObject({ inputTokens: 1 });
  });
});

describe('sums over time', () => {
  it('stay within so many buckets, lose nothing, and take what comes late', () => {
    const series = newSeries();
    const minute = 60_000;
    let sum = 0;
    for (let n = 0; n < 3000; n += 7) {
      addToSeries(series, 1e12 + n * minute, { inputTokens: n, outputTokens: 1, costUsd: 0 });
      sum += n;
    }
    addToSeries(series, 1e12 - 5000 * minute, { inputTokens: 1, outputTokens: 0, costUsd: 0 });
    const { bucketMs, buckets } = bucketsOf(series);
    const [first, last] = [buckets[0]?.at ?? 0, buckets.at(-1)?.at ?? 0];
    expect((last - first) / bucketMs).toBeLessThan(BUCKETS_MAX);
    expect(buckets.reduce((all, one) => all + one.inputTokens, 0)).toBe(sum + 1);
    expect(buckets.map(({ at }) => at)).toEqual(buckets.map(({ at }) => at).toSorted((a, b) => a - b));
  });
});
