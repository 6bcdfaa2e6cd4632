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
});
export type CheckSummary = z.infer<typeof checkSummarySchema>;
