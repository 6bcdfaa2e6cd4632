import type { Measure } from '../measured.ts';
import type { Thresholds } from '../thresholds.ts';
import { type Signal, signal } from './signal.ts';

export function outsideScope(
  { touched, outside, examples, scope }: Measure<'outside_scope'>,
  { outsideFilesMax }: Pick<Thresholds, 'outsideFilesMax'>,
): Signal {
  if (touched === 0) return signal(0, `No file is touched; the phase’s bounds: ${scope}.`);
  if (outside === 0) return signal(0, `${touched} files touched, all within the phase’s bounds (${scope}).`);
  const share = outsideFilesMax === 1 ? 1 : Math.min(1, (outside - 1) / (outsideFilesMax - 1));
  const more = outside > examples.length ? ` and ${outside - examples.length} more` : '';
  return signal(0.5 + share / 2, `Outside the phase’s bounds (${scope}): ${examples.join(', ')}${more}.`);
}
