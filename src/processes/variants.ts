import { type BestOfN, mutate, type Variant } from '../machines/best-of-n/index.ts';
import type { Hands } from './define-process.ts';

/** A variant with the time that it took to think of it, of which `modelMs` passed in waiting for a model. */
export interface PlannedVariant extends Variant {
  mutateMs: number;
  modelMs: number;
}

/**
 * The variants of one best-of-N, all `n` of them in order; variant 0 is the directive as given. Called again after a crash:
 * whatever was recorded by then stands, and only what follows it is taken.
 */
export async function planVariants(
  { spec, drafting }: BestOfN,
  { clock }: Pick<Hands, 'clock'>,
): Promise<PlannedVariant[]> {
  if (!spec) return [];
  const begun = clock.monotonicMs();
  const variants = mutate({ ...spec, written: drafting });
  const mutateMs = (clock.monotonicMs() - begun) / variants.length;
  return variants.map((variant) => ({ ...variant, mutateMs, modelMs: 0 }));
}
