import type { Measure } from '../measured.ts';
import type { Thresholds } from '../thresholds.ts';
import { type Signal, signal, times as inWords, troubleOf } from './signal.ts';

/** The same error each time that something is tried. What is not seen any more is half as bad. */
export function repeatedErrors(
  { times, error, fresh }: Measure<'repeated_errors'>,
  { repeatedErrorsMax }: Pick<Thresholds, 'repeatedErrorsMax'>,
): Signal {
  if (error === null || times <= 1) return signal(0, 'No error came twice.');
  const trouble = troubleOf(times, repeatedErrorsMax);
  const why = `The same error ${inWords(times)}: ${error}`;
  return fresh ? signal(trouble, why) : signal(trouble / 2, `${why} (not lately)`);
}
