import { describe, expect, it } from 'vitest';
import { scaleOf } from './past-scale.ts';

describe('the slider of the past', () => {
  it('has a step for each position of a log that is not long', () => {
    const { max, toPosition, toValue } = scaleOf('1', '197');
    expect([max, toPosition(0), toPosition(196), toPosition(185)]).toEqual([196, '1', '197', '186']);
    for (let value = 0; value <= max; value++) expect(toValue(toPosition(value))).toBe(value);
  });

  it('reaches both ends of a log whose positions are larger than numbers are exact', () => {
    const last = '9007199254740993000';
    const { max, toPosition, toValue } = scaleOf('17', last);
    expect([toPosition(0), toPosition(max), toValue('17'), toValue(last)]).toEqual(['17', last, 0, max]);
    expect(max).toBe(1_000_000);
  });

  it('stays within the log', () => {
    const { toPosition, toValue } = scaleOf('5', '9');
    expect([toPosition(-3), toPosition(99), toValue('1'), toValue('100')]).toEqual(['5', '9', 0, 4]);
    expect(scaleOf('5', '5')).toMatchObject({ max: 0 });
    expect(scaleOf('5', '5').toPosition(0)).toBe('5');
  });
});
