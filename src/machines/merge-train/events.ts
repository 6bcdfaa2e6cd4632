import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';
import { checkSummarySchema } from '../workflow/check-summary.ts';

export const revertSchema = z.object({
  /** The commit that the merge had brought in. */
  brought: z.string(),
  check: z.string().nullable(),
  baseline: checkSummarySchema.nullable(),
  baseCommit: z.string(),
  reason: z.string(),
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
  /** The merged tree exists; the branch has not moved yet. */
  CandidateMerged: z.object({ candidateId: z.string(), onto: z.string(), commit: z.string(), tree: z.string() }),
  /** The branch moved underneath: merge again onto where it is now. */
  MergeRestarted: z.object({ candidateId: z.string(), reason: z.string() }),
  CandidateLanded: z.object({
    candidateId: z.string(),
    commit: z.string(),
    from: z.string(),
    base: z.enum(['moved', 'left', 'not_asked']),
    reason: z.string().nullable(),
    check: checkSummarySchema.nullable(),
  }),
  CandidateRefused: z.object({
    candidateId: z.string(),
    code: z.string(),
    reason: z.string(),
    files: z.array(z.string()),
    check: checkSummarySchema.nullable(),
  }),
  /** The merge of the current candidate is given up, and it is first in the queue again. */
  MergeAbandoned: z.object({ candidateId: z.string(), reason: z.string() }),
  /** It waits no longer: the end of a candidate that was in the queue. */
  CandidateWithdrawn: z.object({ candidateId: z.string(), reason: z.string() }),
};
export type MergeTrainFact = FactsOf<typeof mergeTrainFacts>;
