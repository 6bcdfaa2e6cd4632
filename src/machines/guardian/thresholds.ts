import { z } from 'zod';

const weight = (byDefault: number, meaning: string) => z.number().min(0).max(100).default(byDefault).describe(meaning);

/** How much each signal counts in the score; a signal that could not be measured is left out of it. */
export const weightsSchema = z.strictObject({
  silence: weight(
    3,
    'How much silence counts in the coherence score. Weights are relative to each other; 0: not at all.',
  ),
  repeated_errors: weight(2, 'How much the same error, again and again, counts in the coherence score.'),
  outside_scope: weight(3, 'How much files outside the phase’s bounds count in the coherence score.'),
  loops: weight(3, 'How much the same action with the same outcome counts in the coherence score.'),
  budget: weight(1, 'How much the time and budget used count in the coherence score.'),
  regression: weight(2, 'How much tests that go the wrong way count in the coherence score.'),
});
export type Weights = z.infer<typeof weightsSchema>;

/** At which measure a signal is in trouble by half; it is by all at twice that, where twice exists. */
export const thresholdsSchema = z.strictObject({
  warnAt: z
    .number()
    .min(0.05)
    .max(1)
    .default(0.5)
    .describe('A signal in so much trouble (0 to 1) is warned of, and the warning taken back below it.'),
  repeatedErrorsMax: z
    .number()
    .int()
    .min(2)
    .max(1000)
    .default(5)
    .describe('The same error so often means trouble by half, twice as often by all.'),
  loopsMax: z
    .number()
    .int()
    .min(2)
    .max(1000)
    .default(4)
    .describe('The same action with the same outcome so often, and nothing new between, means trouble by half.'),
  outsideFilesMax: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe('One file outside the phase’s bounds means trouble by half, so many by all.'),
  budgetShareMax: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.8)
    .describe('So much of the time or budget used (1: all of it) means trouble by half.'),
  busyShareMin: z
    .number()
    .min(0)
    .max(100)
    .default(0.05)
    .describe('A silent agent whose processes use so much of a processor is taken to be working.'),
});
export type Thresholds = z.infer<typeof thresholdsSchema>;
