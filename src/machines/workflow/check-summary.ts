import { z } from 'zod';

/** What a check said, short enough for an event; `resultHash` names the blob with every test's outcome. */
export const checkSummarySchema = z.object({
  command: z.string(),
  commit: z.string(),
  status: z.enum(['passed', 'failed', 'timed_out', 'not_run']),
  exitCode: z.number().int().nullable(),
  durationMs: z.number(),
  passed: z.number().int().nullable(),
  failed: z.number().int().nullable(),
  skipped: z.number().int().nullable(),
  resultHash: z.string().nullable(),
  /** What was taken from earlier runs on the same inputs, and why it could be; absent where everything ran. */
  cache: z
    .object({
      /** So many of its checks, of so many. */
      cached: z.number().int(),
      checks: z.number().int(),
      savedMs: z.number(),
      why: z.string(),
    })
    .optional(),
  /** What all its checks took when they ran, one after another, whether that was now or not; absent where it is `durationMs`. */
  checksMs: z.number().optional(),
  /** So many checks gave a warning, which fails nothing; absent where none did. */
  warnings: z.number().int().optional(),
});
export type CheckSummary = z.infer<typeof checkSummarySchema>;
