import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SCORE, formatWeights, parseWeights, SCORER_NAMES, sameWeights } from './weights.ts';

describe('a score in words', () => {
  it('is read with spaces or without', () => {
    expect(parseWeights('tests=3,diff=1,time=0.5')).toEqual({ tests: 3, diff: 1, time: 0.5 });
    expect(parseWeights(' tests = 3 , diff = 0 ')).toEqual({ tests: 3, diff: 0 });
    expect(parseWeights(DEFAULT_SCORE)).toMatchObject({ tests: 3 });
  });

  it.each([
    ['', 'names no scorer'],
    ['tests=3,', 'a comma with nothing beside it'],
    ['tests', '"tests" without a weight'],
    ['tests=', 'weight of tests is ""'],
    ['tests=-1', 'not a number from 0'],
    ['tests=1e9', 'not a number from 0'],
    ['tests=Infinity', 'not a number from 0'],
    ['tests=1=2', 'not a number from 0'],
    ['=3', '"" is no name of a scorer'],
    ['Tests=3', '"Tests" is no name of a scorer'],
    ['beauty=3', 'no scorer beauty; there are checks, tests'],
    ['constructor=3', 'no scorer constructor'],
    ['tests=1,tests=2', 'names tests twice'],
    ['tests=0,diff=0', 'No scorer has a weight above 0'],
    [Array.from({ length: 21 }, (_none, n) => `s${n}=1`).join(','), 'more than 20 scorers'],
  ])('%j is refused with what is wrong', (text, words) => {
    const answer = parseWeights(text);
    expect(answer).toMatchObject({ kind: 'invalid', code: 'best.bad_score' });
    expect((answer as { message: string }).message).toContain(words);
    expect((answer as { message: string }).message).toContain('tests=3,diff=1');
  });

  it('takes a scorer of somebody’s own where any may be named', () => {
    expect(parseWeights('my-scorer=2', null)).toEqual({ 'my-scorer': 2 });
  });

  it('is what formatting writes', () => {
    const weights = fc.dictionary(fc.constantFrom(...SCORER_NAMES), fc.integer({ min: 1, max: 99 }), { minKeys: 1 });
    fc.assert(
      fc.property(weights, (given) => {
        const read = parseWeights(formatWeights(given));
        expect(read).toEqual({ ...given });
        expect(sameWeights(given, { ...(read as typeof given), nothing: 0 })).toBe(true);
      }),
    );
  });
});
