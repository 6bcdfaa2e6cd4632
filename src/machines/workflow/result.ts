import { z } from 'zod';
import { type CheckSummary, checkSummarySchema } from './check-summary.ts';
import type { WorkflowDefinition } from './definition.ts';

/**
 * What a run came to: it is submitted, judged by the criteria that its template writes down, and accepted or rejected.
 * Only what was accepted is delivered, at the very commit that was judged.
 *
 *   submitted ─┬─ in_review ─┬─► accepted ── a phase starts after all ──► superseded
 *              └─────────────┴─► rejected ── a phase mends it ──► the next submission
 */
export const criterionVerdictSchema = z.object({
  criterion: z.string(),
  /** `not_judged`: nobody was asked who could say. */
  verdict: z.enum(['pass', 'fail', 'not_judged']),
  evidence: z.string(),
});
export type CriterionVerdict = z.infer<typeof criterionVerdictSchema>;

const submission = z.number().int();
const judged = {
  submission,
  /** The whole check on that commit; null: none was asked for. */
  check: checkSummarySchema.nullable(),
  /** One for each criterion of the template, in its order. */
  criteria: z.array(criterionVerdictSchema),
};
export const submittedSchema = z.object({
  summary: z.string(),
  outputs: z.record(z.string(), z.unknown()),
  /** The tip of the run's branch when it was submitted. */
  commit: z.string(),
  /** The task of the agent that submitted it. */
  taskId: z.string().nullable(),
});

export const resultFacts = {
  /** `submission`: counted from 1. */
  ResultSubmitted: z.object({ submission, by: z.string(), ...submittedSchema.shape }),
  /** What the checks could say stands for it; another agent answers the criteria, in a task of its own. */
  ResultReviewRequested: z.object({ ...judged, reviewId: z.string() }),
  ResultAccepted: z.object({ ...judged, commit: z.string() }),
  ResultRejected: z.object({ ...judged, commit: z.string(), code: z.string(), feedback: z.string() }),
};

export interface RunResult extends z.infer<typeof submittedSchema> {
  submission: number;
  by: string;
  status: 'submitted' | 'in_review' | 'accepted' | 'rejected' | 'superseded';
  reviewId: string | null;
  check: CheckSummary | null;
  criteria: CriterionVerdict[];
  code: string | null;
  feedback: string | null;
  /** How often phases had started when it was submitted. */
  phases: number;
  /** Of one that was rejected: whether a phase was started to mend it. */
  mended: boolean;
  submittedAt: number;
  /** When its status came about. */
  since: number;
}

/** Nobody has said yet whether it is good. */
export const isPending = ({ status }: RunResult): boolean => status === 'submitted' || status === 'in_review';

/** The one that was accepted and that nothing has superseded, also while what was merged after it is being judged. */
export function standingResult(results: readonly RunResult[]): RunResult | null {
  const last = results.at(-1);
  const found = last && isPending(last) ? results.at(-2) : last;
  return found?.status === 'accepted' ? found : null;
}

/** Who submits the result, who judges it, and what follows: as the template says, or as it has always been. */
export function resultPolicy({ result, phases }: WorkflowDefinition) {
  const { submitted_by = 'phases', on_result = 'finish_open', review, on_fail } = result;
  const mender = on_fail ?? phases.at(-1)?.on_red ?? phases.findLast(canMend)?.name;
  return { submitted_by, on_result, review, mender: mender ?? null };
}

const canMend = ({ agent, changes }: WorkflowDefinition['phases'][number]) => agent !== 'none' && changes !== 'none';

export interface Criterion {
  text: string;
  proved_by?: 'checks' | 'baseline';
}

/** Every criterion in one shape. */
export function criteriaOf({ result }: WorkflowDefinition): Criterion[] {
  return result.criteria.map((one) => (typeof one === 'string' ? { text: one } : one));
}
