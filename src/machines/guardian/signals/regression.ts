import type { Measure } from '../measured.ts';
import { type Signal, signal } from './signal.ts';

/** More tests fail at the last verdict than before: by half at the first, by all when they have doubled or none failed. */
export function regression({ before, after, round }: Measure<'regression'>): Signal {
  const said = `${after} tests failed in round ${round}, ${before} before it.`;
  if (after <= before) return signal(0, said);
  return signal(before === 0 ? 1 : 0.5 + (after - before) / before / 2, said);
}
