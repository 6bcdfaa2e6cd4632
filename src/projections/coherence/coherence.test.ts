import { describe, expect, it } from 'vitest';
import { bugfix } from '../../../tests/support/bugfix-story.ts';
import { measured } from '../../../tests/support/measures.ts';
import { createStory } from '../../../tests/support/story.ts';
import type { Measured } from '../../machines/guardian/index.ts';
import { coherenceProjection, coherenceView } from './index.ts';
import { addPoint, breakAt, holdUntil, type Point, POINTS_MAX } from './series.ts';

const INTERVAL_MS = 30_000;
const CIRCLES: Measured['loops'] = { times: 8, action: '$ npm test', stale: 12 };
const SILENT: Measured['silence'] = {
  ...{ silentMs: 400_000, promisedMs: 300_000, activity: 'working', running: null, busy: 0 },
};

function given() {
  const story = createStory();
  const steps = bugfix(story);
  const workflowId = steps.start();
  steps.phase(workflowId, 'fix');
  const working = () => {
    const taskId = steps.task(workflowId);
    steps.queue(taskId);
    return { taskId, agentId: steps.work(taskId) };
  };
  const lookedAt = new Map<string, number>();
  /** The next look at it; `heldUntil` is the one before it, unless nobody looked. */
  const look = (who: { taskId: string; agentId: string }, differs: Partial<Measured> = {}, gap = false) => {
    const measuredAt = story.now();
    const heldUntil = gap ? null : (lookedAt.get(who.agentId) ?? null);
    lookedAt.set(who.agentId, measuredAt);
    const watched = {
      workflowId,
      repositoryId: 'rep_one',
      runnerId: 'local',
      agent: 'claude',
      phase: 'fix',
      attempt: 1,
    };
    story.send(
      'judge_agent',
      { ...who, ...watched, measuredAt, heldUntil, watchedSince: 0, measured: measured(differs) },
      { actor: 'process:guardian' },
    );
  };
  const show = (params: Record<string, unknown> = {}, projection = coherenceProjection) => {
    const state = projection.init();
    for (const event of story.events) projection.fold(state, event);
    return projection.render(state, params, { position: 0n, asOf: story.now() });
  };
  return { story, ...steps, workflowId, working, look, show };
}

describe('coherence', () => {
  it('shows of each agent what was measured, the score and the event it rests on', () => {
    const { working, look, show } = given();
    const who = working();
    look(who, { loops: CIRCLES });
    expect(show().rows[who.agentId]).toMatchObject({
      ...{ status: 'live.working', living: true, phase: 'fix', why: expect.stringContaining('npm test') },
      score: expect.closeTo(1 - 3 / 9, 2),
      verdictEvidence: { type: 'AgentJudged' },
      signals: expect.arrayContaining([
        expect.objectContaining({ name: 'loops', trouble: 1, weight: 3 }),
        expect.objectContaining({ name: 'regression', trouble: null }),
      ]),
    });
  });

  it('knows nothing of one that was not looked at, nor of one that is not any more', () => {
    const { story, working, look, show } = given();
    const [one, other] = [working(), working()];
    look(one);
    expect(show().rows[other.agentId]).toMatchObject({ score: null, why: 'It was not looked at yet.', series: [] });
    story.pass(30 * INTERVAL_MS);
    expect(show().rows[one.agentId]).toMatchObject({ score: null, why: 'Nobody has looked at it lately.' });
    expect(show().summary).toMatchObject({ score: null, living: 2, measured: 0 });
  });

  it('draws a verdict as it held, and a gap where nobody looked', () => {
    const { story, working, look, show } = given();
    const who = working();
    look(who);
    const first = story.now() - 1;
    for (let n = 0; n < 3; n++) {
      story.pass(INTERVAL_MS);
      look(who);
    }
    const held = story.now() - 1;
    story.pass(INTERVAL_MS);
    look(who, { loops: CIRCLES });
    const changed = story.now() - 1;
    story.pass(100 * INTERVAL_MS);
    look(who, {}, true);
    const again = story.now() - 1;
    expect(show({ agentId: who.agentId }).rows[who.agentId]?.series).toEqual([
      [first, 1],
      [held, 1],
      [changed, expect.any(Number)],
      [changed + INTERVAL_MS, expect.any(Number)],
      [changed + INTERVAL_MS + 1, null],
      [again, 1],
    ]);
  });

  it('is unknown where nothing could be measured, and drawn as a gap', () => {
    const { story, working, look, show } = given();
    const who = working();
    look(who);
    story.pass(INTERVAL_MS);
    const nothing = { unknown: 'The holder does not answer.' };
    look(who, { silence: nothing, repeated_errors: nothing, loops: nothing, budget: nothing });
    const { rows, summary } = show();
    expect(rows[who.agentId]).toMatchObject({ score: null, why: 'Nothing that counts could be measured.' });
    const series = (rows[who.agentId]?.series ?? []) as Point[];
    expect(series.at(-1)?.[1]).toBeNull();
    expect(summary).toMatchObject({ score: null, living: 1, measured: 0 });
  });

  it('says of a warning what followed', () => {
    const { story, working, look, exit, show } = given();
    const [cleared, stopped, ended] = [working(), working(), working()];
    for (const who of [cleared, ended]) look(who, { loops: CIRCLES });
    look(stopped, { silence: SILENT });
    story.pass(INTERVAL_MS);
    look(cleared);
    exit(ended.agentId);
    expect(show().summary.warnings).toBe(1);
    for (let n = 0; n < 21; n++) {
      story.pass(INTERVAL_MS);
      look(stopped, { silence: SILENT });
    }
    const { rows } = show();
    expect(rows[cleared.agentId]?.warnings).toMatchObject([{ warning: 'loops', followed: { what: 'cleared' } }]);
    expect(rows[stopped.agentId]?.warnings).toMatchObject([{ warning: 'silence', followed: { what: 'stop_decided' } }]);
    expect(rows[ended.agentId]).toMatchObject({
      living: false,
      warnings: [{ followed: { what: 'ended', text: 'The agent ended: with exit code 0.' } }],
    });
  });

  it('draws all together as the mean of what is known', () => {
    const { story, working, look, exit, show } = given();
    const [one, other] = [working(), working()];
    look(one);
    story.pass(1_000);
    look(other, { loops: CIRCLES });
    const mean = show().summary;
    expect(mean).toMatchObject({ score: expect.closeTo(1 - 3 / 18, 2), living: 2, measured: 2 });
    story.pass(1_000);
    exit(other.agentId);
    const series = show().summary.series as Point[];
    expect(series[0]?.[1]).toBe(1);
    expect(series.some(([, value]) => value === mean.score)).toBe(true);
    expect(series.at(-1)?.[1]).toBe(1);
    story.pass(1_000);
    exit(one.agentId);
    expect((show().summary.series as Point[]).at(-1)?.[1]).toBeNull();
  });

  it('shows an orphan of which the log knows nothing else, until it is gone', () => {
    const { story, show } = given();
    const agentId = story.id('agt');
    const nobody = { taskId: null, workflowId: null, repositoryId: null, agent: null, phase: null, attempt: null };
    const orphan = { agentId, ...nobody, runnerId: 'local', reason: 'It lives here.', stopAfterMs: 1_000 };
    story.send('report_orphan', orphan, { actor: 'process:guardian' });
    expect(show().rows[agentId]).toMatchObject({ status: 'orphan', living: true, score: null });
    story.send('clear_warning', { agentId, warning: 'orphan', reason: 'It was stopped.' });
    expect(show().rows[agentId]).toMatchObject({ living: false, warnings: [{ followed: { what: 'cleared' } }] });
  });

  it('forgets ended agents of which nothing was measured, and the oldest of the others', () => {
    const { workflowId, working, look, exit, show } = given();
    const quick = working();
    exit(quick.agentId);
    for (let n = 0; n < 105; n++) {
      const who = working();
      look(who);
      exit(who.agentId);
    }
    expect(show().rows[quick.agentId]).toBeUndefined();
    expect(Object.keys(show().rows)).toHaveLength(100);
    expect(Object.keys(show({ workflowId }, coherenceView.ofWorkflow as typeof coherenceProjection).rows)).toHaveLength(
      105,
    );
  });

  it('is the same from its saved state', () => {
    const { story, working, look, show } = given();
    const who = working();
    look(who, { loops: CIRCLES });
    const state = coherenceProjection.init();
    for (const event of story.events) coherenceProjection.fold(state, event);
    const restored = coherenceProjection.restore(JSON.parse(JSON.stringify(coherenceProjection.save(state))));
    const moment = { position: 0n, asOf: story.now() };
    expect(coherenceProjection.render(restored, {}, moment)).toEqual(show());
  });
});

describe('a line', () => {
  it('stays bounded, keeps its gaps and its newest values', () => {
    const points: Point[] = [];
    for (let n = 0; n < 10_000; n++) {
      if (n === 5_000) breakAt(points, n * 10 + 5);
      addPoint(points, n * 10 + 6, n / 10_000);
      holdUntil(points, n * 10 + 9);
    }
    expect(points.length).toBeLessThanOrEqual(POINTS_MAX);
    expect(points.filter(([, value]) => value === null)).toHaveLength(1);
    expect(points.at(-1)?.[1]).toBe(0.9999);
    const times = points.map(([at]) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('has a break where the clock was put back', () => {
    const points: Point[] = [[100, 1]];
    addPoint(points, 50, 0.5);
    expect(points).toEqual([
      [100, 1],
      [101, null],
    ]);
  });
});
