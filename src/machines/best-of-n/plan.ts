import type { BestOfNSpec, Drafting, Variant } from './events.ts';
import { mutate, writable } from './mutators.ts';

export interface PlannedVariant extends Variant {
  /** Its part of the time for which a model was asked. */
  modelMs: number;
}

/** Every variant of a best-of-N: the same for the same request and the same answer of the model that was asked. */
export function planVariants(spec: BestOfNSpec, drafting: Drafting | null): PlannedVariant[] {
  const asked = drafting ? writable(spec) : [];
  return mutate({ ...spec, written: drafting }).map((variant) => ({
    ...variant,
    modelMs: drafting && asked.includes(variant.index) ? drafting.modelMs / asked.length : 0,
  }));
}
