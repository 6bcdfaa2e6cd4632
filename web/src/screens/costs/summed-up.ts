export interface Series {
  bucketMs: number;
  /** Those in which something was reported, in order of time. */
  buckets: readonly { at: number; inputTokens: number; outputTokens: number; costUsd: number }[];
}

export const AMOUNTS = [
  { key: 'cost', title: 'Money' },
  { key: 'tokens', title: 'Tokens' },
] as const;
export type Shown = (typeof AMOUNTS)[number]['key'];

/** All that had been reported by each moment. Where nothing was reported for a while the line is level, and does not climb. */
export function summedUp({ bucketMs, buckets }: Series, shown: Shown) {
  const sums = { cost: 0, input: 0, output: 0 };
  const times: number[] = [];
  const values = { cost: [] as number[], input: [] as number[], output: [] as number[] };
  const point = (at: number) => {
    times.push(at);
    for (const key of ['cost', 'input', 'output'] as const) values[key].push(sums[key]);
  };
  for (const { at, costUsd, inputTokens, outputTokens } of buckets) {
    if (at !== times.at(-1)) point(at);
    sums.cost += costUsd;
    sums.input += inputTokens;
    sums.output += outputTokens;
    // By the end of the bucket it had all been reported.
    point(at + bucketMs);
  }
  if (shown === 'cost') return { times, series: [{ name: 'Money', values: values.cost }] };
  return {
    times,
    series: [
      { name: 'Input', values: values.input },
      { name: 'Output', values: values.output, tone: 'waiting' as const },
    ],
  };
}
