import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';
import { definitionSchema } from './definition.ts';

export const repositorySchema = z.object({
  repositoryId: z.string(),
  path: z.string(),
  baseBranch: z.string(),
  baseCommit: z.string(),
});

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
  /** So many checks gave a warning, which fails nothing; absent where none did. */
  warnings: z.number().int().optional(),
});
export type CheckSummary = z.infer<typeof checkSummarySchema>;

export const deliverySchema = z.object({
  runBranch: z.string(),
  commit: z.string().nullable(),
  baseBranch: z.string(),
  /** `moved`: the base branch holds the work. */
  base: z.enum(['moved', 'left', 'not_asked']),
  reason: z.string().nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;

export const workflowFacts = {
  WorkflowStarted: z.object({
    workflowId: z.string(),
    definition: definitionSchema,
    definitionHash: z.string(),
    goal: z.string(),
    params: z.record(z.string(), z.unknown()),
    repository: repositorySchema,
    runBranch: z.string(),
    agent: z.string(),
    check: z.string().nullable(),
    /** The command that runs the tests, where `check` is a graph of checks that has one. */
    tests: z.string().optional(),
    merge: z.boolean(),
    startedBy: z.string(),
    /** Whose work it is; absent where there is one runner only. */
    runnerId: z.string().optional(),
    /** The best-of-N that it was started for, and that its first task's candidates are of. */
    bestOfNId: z.string().optional(),
  }),
  RunOpened: z.object({ commit: z.string() }),
  BaselineRecorded: z.object({ check: checkSummarySchema }),
  PhaseStarted: z.object({ phase: z.string(), round: z.number().int() }),
  PhaseCompleted: z.object({ phase: z.string(), round: z.number().int(), outcome: z.enum(['green', 'red', 'empty']) }),
  WorkflowPaused: z.object({ reason: z.string(), by: z.string() }),
  WorkflowResumed: z.object({ by: z.string() }),
  DeliveryStarted: z.object({ commit: z.string(), merge: z.boolean() }),
  WorkflowCompleted: z.object({ delivery: deliverySchema, summary: z.string() }),
  WorkflowFailed: z.object({ code: z.string(), reason: z.string(), delivery: deliverySchema.nullable() }),
  WorkflowCancelled: z.object({ reason: z.string(), by: z.string() }),
  /** It is another runner's work from here on. What the agents had not handed in is kept under the refs that are named. */
  WorkflowAdopted: z.object({
    from: z.string(),
    runnerId: z.string(),
    reason: z.string(),
    rescued: z.array(z.object({ taskId: z.string(), ref: z.string() })),
  }),
};
export type WorkflowFact = FactsOf<typeof workflowFacts>;
