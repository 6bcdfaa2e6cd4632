import { z } from 'zod';
import { correspondenceSchema } from '../correspondence.ts';
import type { FactsOf } from '../define-actor.ts';
import { checkSummarySchema } from './check-summary.ts';
import { definitionSchema } from './definition.ts';
import { resultFacts } from './result.ts';

export const repositorySchema = z.object({
  repositoryId: z.string(),
  path: z.string(),
  baseBranch: z.string(),
  baseCommit: z.string(),
});

export const deliverySchema = z.object({
  runBranch: z.string(),
  commit: z.string().nullable(),
  baseBranch: z.string(),
  /** `moved`: the base branch holds the work. */
  base: z.enum(['moved', 'left', 'not_asked']),
  reason: z.string().nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** It takes a merge out again that does not come out by itself. */
const takesOutSchema = z.object({
  /** The candidate of the base branch’s train that did not merge. */
  candidateId: z.string(),
  /** The merge, and the check before the run that it came from: what passed there has to pass without it. */
  commit: z.string(),
  baseline: checkSummarySchema.nullable(),
});
export type TakesOut = z.infer<typeof takesOutSchema>;

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
    takesOut: takesOutSchema.optional(),
  }),
  RunOpened: z.object({ commit: z.string() }),
  BaselineRecorded: z.object({ check: checkSummarySchema }),
  PhaseStarted: z.object({
    phase: z.string(),
    round: z.number().int(),
    /** The submission of the result that it is to mend. */
    mends: z.number().int().optional(),
  }),
  PhaseCompleted: z.object({ phase: z.string(), round: z.number().int(), outcome: z.enum(['green', 'red', 'empty']) }),
  WorkflowPaused: z.object({ reason: z.string(), by: z.string() }),
  WorkflowResumed: z.object({ by: z.string() }),
  ...resultFacts,
  DeliveryStarted: z.object({ commit: z.string(), merge: z.boolean() }),
  WorkflowCompleted: z.object({ delivery: deliverySchema, summary: z.string() }),
  WorkflowFailed: z.object({
    code: z.string(),
    reason: z.string(),
    delivery: deliverySchema.nullable(),
    /** Of a result that was rejected: every submission with what was said of it. */
    correspondence: correspondenceSchema.optional(),
  }),
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
