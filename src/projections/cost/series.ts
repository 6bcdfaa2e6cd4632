/** Sums over time in a bounded number of buckets of equal width, which doubles when there would be too many. */
export interface Series {
  bucketMs: number;
  /** By number since the epoch; only those in which something was reported. */
  buckets: Map<number, Amount>;
}

export interface Amount {
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
}

const FIRST_MS = 60_000;
/** From the first to the last, empty ones between them included. */
export const BUCKETS_MAX = 240;

export const newSeries = (): Series => ({ bucketMs: FIRST_MS, buckets: new Map() });

export function addToSeries(series: Series, at: number, more: Amount): void {
  let number = Math.floor(at / series.bucketMs);
  const numbers = [...series.buckets.keys(), number];
  let [first, last] = [Math.min(...numbers), Math.max(...numbers)];
  while (last - first >= BUCKETS_MAX) {
    series.bucketMs *= 2;
    const before = series.buckets;
    series.buckets = new Map();
    for (const [old, amount] of before) put(series.buckets, Math.floor(old / 2), amount);
    [number, first, last] = [Math.floor(number / 2), Math.floor(first / 2), Math.floor(last / 2)];
  }
  put(series.buckets, number, more);
}

function put(buckets: Map<number, Amount>, number: number, more: Amount): void {
  const before = buckets.get(number) ?? { inputTokens: 0, outputTokens: 0, costUsd: 0 };
  buckets.set(number, {
    inputTokens: before.inputTokens + more.inputTokens,
    outputTokens: before.outputTokens + more.outputTokens,
    costUsd: before.costUsd + more.costUsd,
  });
}

/** In order of time, the empty ones left out; `at` is when a bucket begins. */
export function bucketsOf({ bucketMs, buckets }: Series) {
  const ordered = [...buckets].sort(([a], [b]) => a - b);
  return { bucketMs, buckets: ordered.map(([number, amount]) => ({ at: number * bucketMs, ...amount })) };
}
