/** One figure beside its floor, taken in the same run. `goal` is what `ratio` should reach, such as `≥ 0.6`. */
export interface Figure {
  subject: string;
  unit: string;
  product: number;
  floor: number;
  ratio: number;
  goal: string;
}

/** Runs product and floor by turns and keeps the medians, so that a noisy moment of the machine hits both. */
export async function compare(
  figure: Pick<Figure, 'subject' | 'unit' | 'goal'>,
  sides: { product(): Promise<number>; floor(): Promise<number> },
  rounds = 7,
): Promise<Figure> {
  const product: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < rounds; round++) {
    floor.push(await sides.floor());
    product.push(await sides.product());
  }
  const [p, f] = [median(product), median(floor)];
  return { ...figure, product: p, floor: f, ratio: p / f };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** Seconds that `work` takes. */
export async function seconds(work: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
