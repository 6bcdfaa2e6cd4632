import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';

const number = z.int().min(0);
const text = z.string().max(2000);

/** What became of one check of a run. */
export const checkedSchema = z.strictObject({
  name: z.string().min(1).max(100),
  status: z.enum(['passed', 'failed', 'warning', 'flaky', 'skipped', 'cancelled']),
  cached: z.boolean(),
  why: text,
  key: z.string().max(100).nullable(),
  durationMs: number,
  attempts: number,
  exitCode: z.int().nullable(),
  tests: z
    .strictObject({
      passed: number,
      failed: number,
      skipped: number,
      newlyFailing: z.array(z.string().max(500)).max(50).nullable(),
    })
    .nullable(),
  tail: text,
});

export const checkRunFacts = {
  CheckRunPlanned: z.object({
    runId: z.string(),
    repositoryId: z.string(),
    folder: z.string(),
    source: z.string(),
    checks: z.array(z.string()),
  }),
  CheckRunStarted: z.object({ startedAt: z.number(), head: z.string().nullable(), clean: z.boolean().nullable() }),
  CheckRunPassed: ended(),
  CheckRunFailed: ended(),
  /** Nothing had to run: every result was known. */
  CheckRunSkipped: ended(),
  CheckRunCancelled: ended(),
};
export type CheckRunFact = FactsOf<typeof checkRunFacts>;

function ended() {
  return z.object({
    durationMs: z.number(),
    savedMs: z.number(),
    checks: z.array(checkedSchema),
    fixes: z.array(z.string()),
    webhook: z.object({ delivered: z.boolean(), detail: z.string() }).nullable(),
  });
}
