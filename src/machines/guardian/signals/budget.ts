import type { Measure } from '../measured.ts';
import type { Thresholds } from '../thresholds.ts';
import { minutes, type Signal, signal } from './signal.ts';

type Part = Measure<'budget'>['parts'][number];

const AMOUNTS: Record<Part['what'], (part: Part) => string> = {
  time: ({ used, limit }) => `${minutes(used)} of the ${minutes(limit)} that an attempt may take`,
  tokens: ({ used, limit }) => `${used} of its run’s ${limit} tokens`,
  cost: ({ used, limit }) => `${used.toFixed(2)} of its run’s ${limit} USD`,
};

/** The scarcest of time, tokens and money: half of the trouble at the threshold, all of it when it is used up. */
export function budget({ parts }: Measure<'budget'>, { budgetShareMax }: Pick<Thresholds, 'budgetShareMax'>): Signal {
  const [worst] = [...parts].sort((one, other) => other.used / other.limit - one.used / one.limit);
  if (!worst) return signal(0, 'Nothing limits it.');
  const share = worst.used / worst.limit;
  const why = `${AMOUNTS[worst.what](worst)} are used.`;
  if (share < budgetShareMax) return signal(share < budgetShareMax / 2 ? 0 : 0.25, why);
  return signal(budgetShareMax === 1 ? 1 : 0.5 + (share - budgetShareMax) / (1 - budgetShareMax) / 2, why);
}
