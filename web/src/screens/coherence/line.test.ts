import { describe, expect, it } from 'vitest';
import { gapsIn, lineOf, sparkOf } from './line.ts';

describe('a line of scores', () => {
  it('goes on to where its last value is known', () => {
    expect(lineOf([[10, 1]], 50)).toEqual({ times: [10, 50], values: [1, 1] });
    expect(lineOf([[10, 1]], null)).toEqual({ times: [10, 1010], values: [1, 1] });
    expect(lineOf([[10, null]], 50).values).toEqual([null, null]);
    expect(lineOf([], 50)).toEqual({ times: [], values: [] });
  });

  it('has a gap where nobody measured, and not one for what it begins with', () => {
    const line = lineOf(
      [
        [0, null],
        [10, 1],
        [20, null],
        [30, 0.5],
      ],
      40,
    );
    expect(gapsIn(line)).toBe(1);
    expect(sparkOf(line, 40, 10)).toEqual(['10.0,0.0', '30.0,5.0 40.0,5.0']);
  });
});
