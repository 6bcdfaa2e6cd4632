import { describe, expect, it } from 'vitest';
import { contests } from '../../../tests/support/contest-story.ts';
import { contestScore } from '../../../tests/support/examples.ts';
import { createStory, tell } from '../../../tests/support/story.ts';
import { openMemoryStore } from '../../store/adapters/memory.ts';
import { bestOfNView } from './index.ts';

function given() {
  const story = createStory();
  /** As it stands, or stood after so many events. */
  const show = async (bestOfNId: string, upTo = story.events.length) => {
    const store = openMemoryStore();
    await tell(store, story.events);
    return bestOfNView.query(store, { bestOfNId }, { position: BigInt(upTo), asOf: story.now() });
  };
  return { story, ...contests(story), show };
}

describe('candidates side by side', () => {
  it('show what each was asked, came to and scored, and who won', async () => {
    const { story, show, begin, plan, build, end, score, complete } = given();
    const id = begin({ from: { bestOfNId: 'bon_earlier', index: 3 } });
    const workflowId = plan(id);
    const taskId = build(id, 1);
    story.pass(5000);
    const early = await show(id);
    expect(early.summary).toMatchObject({
      ...{ status: 'building', n: 3, score: 'tests=1,time=1', goal: 'Make the tests pass', workflowId, verdict: null },
      ...{ from: 'bon_earlier/3', startedBy: 'operator', evidence: { type: 'BuildingStarted' } },
      counts: { planned: 2, building: 1 },
    });
    expect(early.rows[`${id}/1`]).toMatchObject({
      ...{ status: 'building', statusText: `It is being built by ${taskId}.`, parent: `${id}/0`, scores: null },
      ...{ evidence: { type: 'BuildStarted' }, ageMs: 5000, times: { mutateMs: 2, buildMs: null, judgeMs: null } },
    });
    expect(early.rows[`${id}/0`]).toMatchObject({ parent: 'bon_earlier/3', words: 'As given.', mutators: [] });
    build(id, 0);
    build(id, 2);
    end(id, 0, { changedLines: 9 });
    end(id, 1);
    end(id, 2, { outcome: 'failed', reason: 'Two tests fail.' });
    expect((await show(id)).rows[`${id}/0`]).toMatchObject({ statusText: 'It passed and waits for its scores.' });
    score(id, 0, 0.5);
    score(id, 1, 1);
    complete(id);
    const { rows, summary } = await show(id);
    expect(rows[`${id}/1`]).toMatchObject({
      ...{ status: 'passed', statusText: 'It passed.', total: 0.95, rank: 1, won: true, changedLines: 4 },
      times: { mutateMs: 2, buildMs: 60_000, testMs: 1_000, judgeMs: 7 },
      scores: [
        { scorer: 'tests', value: 1, weight: 1 },
        { scorer: 'time', value: 0.9, weight: 1 },
        { scorer: 'agreement', value: 1, weight: 0 },
      ],
    });
    expect(rows[`${id}/2`]).toMatchObject({ statusText: 'It failed: Two tests fail.', rank: null, won: false });
    expect(summary).toMatchObject({ status: 'completed', commit: 'm1', verdict: { winner: 1, tie: 'none' } });
  });

  it('keep every later verdict beside the first, with the scores it rests on', async () => {
    const { story, show, judged, complete } = given();
    const id = judged({}, [0.5, 1]);
    complete(id);
    story.send('rescore_best_of_n', { bestOfNId: id, score: 'time=1' });
    story.send('rescore_best_of_n', { bestOfNId: id, check: 'npm run slow' });
    const rescored = (index: number, passed: boolean) =>
      story.send('record_rescore', {
        ...{ bestOfNId: id, verdict: 3, index, passed, judgeMs: 3 },
        scores: [contestScore('tests', 0.3), contestScore('time', 0.5)],
      });
    rescored(0, true);
    expect((await show(id)).summary.rescorings).toMatchObject([
      { verdict: 2, status: 'reached', winner: 0, differs: true, score: 'time=1', measured: false },
      { verdict: 3, status: 'open', winner: null, check: 'npm run slow', judges: null, measured: true },
    ]);
    rescored(1, false);
    story.send('rescore_best_of_n', { bestOfNId: id, measure: true });
    story.send('abandon_rescoring', { bestOfNId: id, verdict: 4, reason: 'They were pruned.' });
    const { rows, summary } = await show(id);
    expect(summary).toMatchObject({
      verdict: { winner: 1 },
      rescorings: [{ verdict: 2 }, { verdict: 3, winner: 0 }, { status: 'abandoned', words: 'They were pruned.' }],
    });
    expect(rows[`${id}/0`]).toMatchObject({
      later: [
        { verdict: 2, rank: 1, total: 0.9 },
        { verdict: 3, rank: 1 },
      ],
    });
    expect(rows[`${id}/1`]).toMatchObject({ won: true, later: [{ verdict: 2 }, { passed: false, rank: null }] });
  });

  it('are as they were at any earlier position', async () => {
    const { story, show, judged } = given();
    const other = judged({}, [1, 0.5]);
    const id = judged({}, [1, 0.5]);
    const from = story.events.findIndex(({ stream }) => stream === `bestOfN-${id}`);
    expect(await show(id, from)).toEqual({ rows: {}, summary: { bestOfNId: null, status: 'unknown', counts: {} } });
    const seen = new Set<unknown>();
    for (let at = from + 1; at <= story.events.length; at++) {
      const { summary, rows } = await show(id, at);
      seen.add(summary.status);
      expect(Object.keys(rows).every((build) => build.startsWith(id))).toBe(true);
      expect(summary.verdict === null).toBe(at < story.events.length);
    }
    expect([...seen]).toEqual(['planned', 'mutating', 'building', 'scoring', 'selected']);
    expect((await show(other)).summary).toMatchObject({ bestOfNId: other });
  });
});
