import { describe, expect, it } from 'vitest';
import { contests } from '../../../tests/support/contest-story.ts';
import { createStory } from '../../../tests/support/story.ts';
import type { Row } from '../define-projection.ts';
import { buildsProjection, buildsView } from './index.ts';

function given() {
  const story = createStory();
  const show = (params: Record<string, unknown> = {}, upTo = story.events.length) => {
    const state = buildsProjection.init();
    for (const event of story.events.slice(0, upTo)) buildsProjection.fold(state, event);
    const moment = { position: BigInt(upTo), asOf: story.now() };
    return buildsProjection.render(state, buildsView.params.parse(params), moment);
  };
  const ids = (params: Record<string, unknown>) => Object.keys(show(params).rows);
  return { story, ...contests(story), show, ids };
}

const rowsOf = (rows: Record<string, Row>) => Object.values(rows);

describe('builds', () => {
  it('have a row each, from their variant to the verdict on them', () => {
    const { show, begin, plan, build, end, score, complete } = given();
    const id = begin({ agents: ['repair', 'claude'], models: { claude: ['small'] } });
    expect(show().rows).toEqual({});
    const workflowId = plan(id);
    expect(rowsOf(show().rows).map(({ index, status, agent }) => [index, status, agent])).toEqual([
      [2, 'planned', 'repair'],
      [1, 'planned', 'claude'],
      [0, 'planned', 'repair'],
    ]);
    const taskId = build(id, 0);
    expect(show().rows[`${id}/0`]).toMatchObject({ status: 'building', taskId, total: null, rank: null, won: false });
    build(id, 1);
    build(id, 2);
    end(id, 0, { changedLines: 2, costUsd: 0.25 });
    end(id, 1, { costUsd: null });
    end(id, 2, { outcome: 'died', reason: 'It was killed.' });
    score(id, 0, 0.5);
    score(id, 1, 1);
    complete(id);
    const { rows, summary } = show();
    expect(rows[`${id}/1`]).toMatchObject({
      ...{ bestOfNId: id, parent: `${id}/0`, agent: 'claude', won: true, rank: 1, total: 0.95, workflowId },
      ...{ status: 'passed', commit: 'c1', costUsd: null, score: 'tests=1,time=1', goal: 'Make the tests pass' },
    });
    expect(rows[`${id}/0`]).toMatchObject({
      parent: null,
      won: false,
      rank: 2,
      total: 0.7,
      mutators: [],
      costUsd: 0.25,
    });
    expect(rows[`${id}/2`]).toMatchObject({ status: 'died', reason: 'It was killed.', rank: null, total: null });
    const hashes = rowsOf(rows).map(({ directive }) => directive);
    expect(new Set(hashes).size).toBe(3);
    expect(summary).toEqual({ count: 3, more: false });
  });

  it('that had not ended when their run did are cancelled', () => {
    const { story, show, begin, plan, build, end } = given();
    const id = begin();
    plan(id);
    build(id, 0);
    end(id, 0);
    story.send('cancel_best_of_n', { bestOfNId: id, reason: 'no need' });
    expect(rowsOf(show().rows).map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'passed']);
  });

  it('come newest first, or best first, and no more than asked for', () => {
    const { judged, ids, show } = given();
    const one = judged({}, [0.2, 1, null]);
    const two = judged({}, [0.9, 0.4]);
    expect(ids({})).toEqual([`${two}/1`, `${two}/0`, `${one}/2`, `${one}/1`, `${one}/0`]);
    expect(ids({ order: 'top' })).toEqual([`${one}/1`, `${two}/0`, `${two}/1`, `${one}/0`]);
    expect(ids({ bestOfNId: one, order: 'top', limit: 1 })).toEqual([`${one}/1`]);
    expect(show({ order: 'top', limit: 3 }).summary).toEqual({ count: 3, more: true });
  });

  it('know what they were made from and what was made from them, over runs', () => {
    const { judged, ids } = given();
    const one = judged({}, [0.2, 1]);
    const two = judged({ from: { bestOfNId: one, index: 1 } }, [0.9, 0.4]);
    const three = judged({ from: { bestOfNId: two, index: 0 } }, [1]);
    const other = judged({}, [1]);
    expect(ids({ build: `${three}/0`, relation: 'ancestors' })).toEqual([`${two}/0`, `${one}/1`, `${one}/0`]);
    expect(ids({ build: `${two}/1`, relation: 'ancestors' })).toEqual([`${two}/0`, `${one}/1`, `${one}/0`]);
    expect(ids({ build: `${one}/0`, relation: 'descendants' })).toEqual([
      ...[`${one}/1`, `${two}/0`, `${two}/1`, `${three}/0`],
    ]);
    expect(ids({ build: `${two}/1`, relation: 'descendants' })).toEqual([]);
    expect(ids({ build: `${other}/0`, relation: 'ancestors' })).toEqual([]);
    expect(ids({ build: `${one}/1` })).toEqual([`${one}/1`]);
  });

  it.each([
    [{ build: 'bon_none/0' }, 'no build'],
    [{ build: 'bon_none' }, 'names no build'],
    [{ relation: 'ancestors' }, 'name one'],
  ])('refuse %j with what was wrong', (params, words) => {
    expect(() => given().show(params)).toThrow(words);
  });
});

describe('runs', () => {
  it('have a row each with what became of their candidates, newest first', () => {
    const { story, judged, begin, complete, show } = given();
    const one = judged({}, [0.2, 1, null]);
    complete(one);
    story.send('rescore_best_of_n', { bestOfNId: one, score: 'time=1' });
    const two = judged({ n: 2 }, [null, null]);
    const three = begin({ from: { bestOfNId: one, index: 1 } });
    const { rows, summary } = show({ show: 'runs' });
    expect(Object.keys(rows)).toEqual([three, two, one]);
    expect(rows[one]).toMatchObject({
      ...{ status: 'completed', candidates: { passed: 2, failed: 1 }, winner: 1, total: 0.95, from: null },
      words: 'Variant 1 scores 0.95, more than variant 0 with 0.55.',
      rescored: [{ verdict: 2, winner: 0, differs: true }],
    });
    expect(rows[two]).toMatchObject({ status: 'failed', winner: null, words: expect.stringContaining('None of 2') });
    expect(rows[three]).toMatchObject({ status: 'planned', from: `${one}/1`, evidence: { type: 'BestOfNStarted' } });
    expect(summary).toMatchObject({ counts: { completed: 1, failed: 1, planned: 1 } });
    expect(Object.keys(show({ show: 'runs', status: 'failed' }).rows)).toEqual([two]);
  });
});

describe('statistics', () => {
  it('tell for each agent how often it won, and how much worse it would have been alone', () => {
    const { judged, show } = given();
    const agents = ['repair', 'claude'];
    judged({ agents }, [1, 0.4, 0.6]);
    judged({ agents }, [null, 1]);
    judged({ agents }, [null, null]);
    const { rows, summary } = show({ show: 'stats', by: 'agent' });
    // Alone, repair would have lost nothing in the first run and everything in the second; claude 0.3 and nothing.
    expect(rows['agent repair']).toMatchObject({
      ...{ builds: 4, passed: 2, failed: 2, passRate: 0.5, runs: 3, decided: 2, won: 1, winRate: 0.5, regret: 0.475 },
      ...{ costUsd: 0, costUnknown: 0, buildMs: 60_000 },
    });
    expect(rows['agent claude']).toMatchObject({ builds: 3, decided: 2, won: 1, regret: 0.15 });
    expect(summary).toEqual({ runs: 3, decided: 2 });
  });

  it('count a build for each of its mutators, and variant 0 as given', () => {
    const { judged, show } = given();
    judged({}, [0.2, 1, null]);
    const { rows } = show({ show: 'stats', by: 'mutator' });
    expect(rows['mutator as given']).toMatchObject({ builds: 1, won: 0, regret: 0.4 });
    expect(rows['mutator seed']).toMatchObject({ builds: 2, passed: 1, won: 1, winRate: 1, regret: 0 });
  });

  it('say nothing of what a withdrawn build would have come to, or an agent has not told', () => {
    const { story, show, begin, plan, build, end, score } = given();
    const id = begin({ agents: ['repair', 'claude'], n: 2, earlyStop: true });
    plan(id);
    build(id, 0);
    build(id, 1);
    end(id, 0, { changedLines: 1, costUsd: 2 });
    score(id, 0, 1);
    story.send('stop_early', { bestOfNId: id, open: [{ index: 1, buildMs: 1_200_000, costUsd: null }] });
    const { rows } = show({ show: 'stats' });
    expect(rows['agent claude']).toMatchObject({
      ...{ withdrawn: 1, passRate: null, decided: 1, won: 0, winRate: 0, regret: null, buildMs: null },
      ...{ costUsd: null, costUnknown: 1 },
    });
    expect(rows['agent repair']).toMatchObject({ won: 1, regret: 0, costUsd: 2 });
    expect(rows['model repair with its own model']).toMatchObject({ builds: 1 });
  });
});

it('is the same after it was saved and restored at any point, and rows share nothing with it', () => {
  const { story, judged, complete } = given();
  const one = judged({}, [0.2, 1, null]);
  complete(one);
  story.send('rescore_best_of_n', { bestOfNId: one, score: 'time=1' });
  judged({ from: { bestOfNId: one, index: 1 } }, [null]);
  const whole = buildsProjection.init();
  for (const event of story.events) buildsProjection.fold(whole, event);
  const expected = JSON.stringify(buildsProjection.save(whole));
  for (let at = 0; at <= story.events.length; at++) {
    const before = buildsProjection.init();
    for (const event of story.events.slice(0, at)) buildsProjection.fold(before, event);
    const after = buildsProjection.restore(JSON.parse(JSON.stringify(buildsProjection.save(before))));
    for (const event of story.events.slice(at)) buildsProjection.fold(after, event);
    expect(JSON.stringify(buildsProjection.save(after))).toBe(expected);
  }
});
