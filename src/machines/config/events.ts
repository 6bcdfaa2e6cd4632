import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';

const values = z.record(z.string(), z.unknown());

export const configFacts = {
  /** Values by dotted path, as an operator set them; null takes one back. */
  ConfigChanged: z.object({ changes: values, version: z.number().int(), hash: z.string() }),
  /** Values by dotted path that flags and `HEPH_*` gave to the server at its start; they lie above the others. */
  ConfigOverridden: z.object({
    overrides: values,
    /** What holds where nobody set anything. Another release may have others, and these were the ones decided by. */
    defaults: values.optional(),
    version: z.number().int(),
    hash: z.string(),
  }),
};
export type ConfigFact = FactsOf<typeof configFacts>;
