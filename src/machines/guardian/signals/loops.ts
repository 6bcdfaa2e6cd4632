import type { Measure } from '../measured.ts';
import type { Thresholds } from '../thresholds.ts';
import { type Signal, signal, times as inWords, troubleOf } from './signal.ts';

/** The same action with the same outcome, and nothing new between: a retry after a change is none. */
export function loops({ times, action, stale }: Measure<'loops'>, { loopsMax }: Pick<Thresholds, 'loopsMax'>): Signal {
  if (action === null || times <= 1) return signal(0, 'Each step brought something new.');
  const why = `${inWords(times)[0]?.toUpperCase()}${inWords(times).slice(1)} the same with the same outcome, ${stale} steps without anything new: ${action}`;
  return signal(troubleOf(times, loopsMax), why);
}
