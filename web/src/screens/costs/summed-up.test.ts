import { describe, expect, it } from 'vitest';
import { summedUp } from './summed-up.ts';

const bucket = (at: number, costUsd: number) => ({ at, costUsd, inputTokens: costUsd * 10, outputTokens: costUsd });

describe('costs over time', () => {
  it('climb while something is reported, and stay level while nothing is', () => {
    const series = { bucketMs: 60, buckets: [bucket(0, 1), bucket(60, 2), bucket(600, 4)] };
    expect(summedUp(series, 'cost')).toEqual({
      times: [0, 60, 120, 600, 660],
      series: [{ name: 'Money', values: [0, 1, 3, 3, 7] }],
    });
    expect(summedUp(series, 'tokens').series).toMatchObject([
      { name: 'Input', values: [0, 10, 30, 30, 70] },
      { name: 'Output', values: [0, 1, 3, 3, 7] },
    ]);
  });

  it('are nothing when nothing was reported', () => {
    expect(summedUp({ bucketMs: 60, buckets: [] }, 'cost').times).toEqual([]);
  });
});
