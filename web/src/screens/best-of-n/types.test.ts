import { describe, expect, it } from 'vitest';
import { type Candidate, judgedBy, scorersOf } from './types.ts';

const score = (scorer: string, value: number, weight: number) => ({ scorer, value, weight, words: '' });

function candidate(index: number, more: Partial<Candidate> = {}): Candidate {
  const times = { mutateMs: 1, modelMs: 0, buildMs: null, testMs: null, judgeMs: null };
  return {
    ...{ buildId: `bon_one/${index}`, index, words: '', agent: 'repair', model: null, taskId: null, commit: null },
    ...{ status: 'passed', statusText: '', evidence: null, check: null, reason: null, changedLines: null },
    ...{
      scores: [score('tests', 1, 3)],
      total: 0.9,
      rank: index + 1,
      won: index === 0,
      costUsd: null,
      times,
      later: [],
    },
    ...more,
  };
}

describe('what a verdict says of a candidate', () => {
  const rescoring = { verdict: 2, by: 'operator', score: 'diff=1', check: null, judges: null, status: 'reached' };
  const rescorings = [{ ...rescoring, winner: 1, differs: true, words: 'Variant 1.' }];
  const later = (passed: boolean) => [{ verdict: 2, passed, total: 0.5, rank: 1, scores: [score('diff', 0.5, 1)] }];

  it('is what was recorded first, unless a later verdict is asked for', () => {
    const one = candidate(1, { later: later(true) });
    expect(judgedBy(one, 1, rescorings)).toMatchObject({ total: 0.9, rank: 2, won: false, passed: true });
    expect(judgedBy(one, 2, rescorings)).toMatchObject({ total: 0.5, rank: 1, won: true, passed: true });
    expect(judgedBy(candidate(0), 2, rescorings)).toEqual({
      total: null,
      rank: null,
      scores: [],
      passed: null,
      won: false,
    });
  });

  it('is not known of one that was not judged', () => {
    const building = candidate(0, { status: 'building', scores: null, total: null, rank: null, won: false });
    expect(judgedBy(building, 1, [])).toEqual({ total: null, rank: null, scores: [], passed: null, won: false });
  });

  it('names every scorer that was asked once, the weightiest first', () => {
    const judged = [
      { total: 1, rank: 1, passed: true, won: true, scores: [score('time', 1, 1), score('tests', 1, 3)] },
      { total: 1, rank: 2, passed: true, won: false, scores: [score('tests', 0, 3), score('lineage', 1, 0)] },
    ];
    expect(scorersOf(judged)).toEqual([
      { scorer: 'tests', weight: 3 },
      { scorer: 'time', weight: 1 },
      { scorer: 'lineage', weight: 0 },
    ]);
  });
});
