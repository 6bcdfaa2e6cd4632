import type { Goal } from './support/goals.ts';

/** What a benchmark module offers: `run`, whose figures come with their floors. `quick` is a look, with fewer and smaller rounds. */
export interface Bench {
  run(options: BenchOptions): Promise<Figure[]>;
  /** Why it cannot be measured here, or null; one that says nothing always can. */
  missing?(): string | null;
}

export interface BenchOptions {
  quick: boolean;
}

/** One figure beside its floor, taken in the same run. */
export interface Figure {
  subject: string;
  unit: string;
  /** Medians of the rounds. */
  product: number;
  floor: number;
  /** The median of what the rounds' own ratios are, not the ratio of the medians: a slow minute hits both sides of a round. */
  ratio: number;
  goal: string;
  /** Null where no goal is set. */
  met: boolean | null;
}

/** Below this a median says nothing. */
const ROUNDS_MIN = 5;

/** Runs product and floor by turns and keeps the medians, so that a noisy moment of the machine hits both. */
export async function compare(
  about: { subject: string; unit: string; goal: Goal | null },
  sides: { product(): Promise<number>; floor(): Promise<number> },
  rounds = 7,
): Promise<Figure> {
  const product: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < Math.max(rounds, ROUNDS_MIN); round++) {
    floor.push(await sides.floor());
    product.push(await sides.product());
  }
  return figureOf(about, product, floor);
}

/** The figure of rounds that were measured elsewhere, each beside its floor. */
export function figureOf(
  { subject, unit, goal }: { subject: string; unit: string; goal: Goal | null },
  product: readonly number[],
  floor: readonly number[],
): Figure {
  const measured = {
    product: median(product),
    floor: median(floor),
    ratio: median(product.map((value, round) => value / (floor[round] as number))),
  };
  return { subject, unit, ...measured, goal: goal?.text ?? 'none', met: goal ? goal.isMet(measured) : null };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** Seconds that `work` takes. */
export async function seconds(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Milliseconds that `work` takes. */
export async function milliseconds(work: () => Promise<unknown> | unknown): Promise<number> {
  return (await seconds(work)) * 1000;
}
