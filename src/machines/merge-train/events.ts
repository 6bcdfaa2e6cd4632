import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';
import { judgeSchema } from '../task/events.ts';
import { checkSummarySchema } from '../workflow/check-summary.ts';

export const revertSchema = z.object({
  /** The commit that the merge had brought in. */
  brought: z.string(),
  check: z.string().nullable(),
  baseline: checkSummarySchema.nullable(),
  baseCommit: z.string(),
  reason: z.string(),
  /** Who resolves it when it conflicts; absent: nobody can, and it is refused. */
  agent: z.string().optional(),
});

export const candidateSchema = z.object({
  candidateId: z.string(),
  workflowId: z.string(),
  /** Null: the whole run, on its way to the base branch. */
  taskId: z.string().nullable(),
  attempt: z.number().int(),
  commit: z.string(),
  message: z.string(),
  /** It takes `commit`, a merge that landed before, out again. What it is judged by is here, since its run may be over. */
  revert: revertSchema.optional(),
});
export type Candidate = z.infer<typeof candidateSchema>;

export const trainSchema = z.object({
  trainId: z.string(),
  repositoryId: z.string(),
  /** `run`: a branch of ours in the mirror. `base`: a branch of the user’s repository. */
  kind: z.enum(['run', 'base']),
  branch: z.string(),
  path: z.string(),
});
export type TrainSpec = z.infer<typeof trainSchema>;

export const mergeTrainFacts = {
  TrainOpened: trainSchema,
  CandidateQueued: candidateSchema,
  MergeStarted: z.object({ candidateId: z.string() }),
  /** Those that stand first are merged one upon the other and checked together; there could have been `limit` of them. */
  BatchStarted: z.object({ candidateIds: z.array(z.string()).min(2), limit: z.number().int() }),
  /** The merged tree exists; the branch has not moved yet. */
  CandidateMerged: z.object({ candidateId: z.string(), onto: z.string(), commit: z.string(), tree: z.string() }),
  /** What a check of the first `count` of the batch, as they are merged, came to. */
  BatchChecked: z.object({
    count: z.number().int(),
    commit: z.string(),
    pass: z.boolean(),
    /** It was red before, and is asked a second time. */
    again: z.boolean(),
    check: checkSummarySchema.nullable(),
    judge: judgeSchema.optional(),
  }),
  /** Those of the batch that have not come to their end are first in the queue again; so many may be in the next one. */
  BatchEnded: z.object({
    outcome: z.enum(['landed', 'split', 'abandoned']),
    reason: z.string(),
    limit: z.number().int().nullable(),
    judge: judgeSchema.optional(),
  }),
  /** The branch moved underneath: merge again onto where it is now. */
  MergeRestarted: z.object({ candidateId: z.string(), reason: z.string() }),
  CandidateLanded: z.object({
    candidateId: z.string(),
    commit: z.string(),
    from: z.string(),
    base: z.enum(['moved', 'left', 'not_asked']),
    reason: z.string().nullable(),
    check: checkSummarySchema.nullable(),
    /** The check was red, and green when it was run again. */
    flaky: z.boolean().optional(),
    /** It touches what judges it: both verdicts on the merged tree. */
    judge: judgeSchema.optional(),
  }),
  CandidateRefused: z.object({
    candidateId: z.string(),
    code: z.string(),
    reason: z.string(),
    files: z.array(z.string()),
    check: checkSummarySchema.nullable(),
    judge: judgeSchema.optional(),
  }),
  /** A revert that conflicts has become somebody's task: in its own run, or in one that was started for it. */
  RevertHandedOver: z.object({
    candidateId: z.string(),
    workflowId: z.string(),
    /** Null: all of that run. */
    taskId: z.string().nullable(),
    files: z.array(z.string()),
  }),
  /** The merge of the current candidate is given up, and it is first in the queue again. */
  MergeAbandoned: z.object({ candidateId: z.string(), reason: z.string() }),
  /** It waits no longer: the end of a candidate that was in the queue. */
  CandidateWithdrawn: z.object({ candidateId: z.string(), reason: z.string() }),
};
export type MergeTrainFact = FactsOf<typeof mergeTrainFacts>;
