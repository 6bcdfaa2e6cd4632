import { z } from 'zod';
import { correspondenceSchema } from '../correspondence.ts';
import type { FactsOf } from '../define-actor.ts';
import { bestOfNSpecSchema } from '../best-of-n/events.ts';
import { checkSummarySchema } from '../workflow/check-summary.ts';

export const PRIORITIES = ['critical', 'high', 'medium', 'low'] as const;
export const prioritySchema = z.enum(PRIORITIES);

/** Why a task waits: a code to group by, a sentence to read, and the event it rests on. */
export const waitSchema = z.object({ code: z.string(), text: z.string(), eventId: z.string().nullable() });
export type Wait = z.infer<typeof waitSchema>;

/** Everything that was settled about a task when it was created. */
export const taskSpecSchema = z.object({
  taskId: z.string(),
  workflowId: z.string(),
  repositoryId: z.string(),
  phase: z.string(),
  /** The phase's place in the workflow, from 0; earlier phases go first in the queue. */
  phaseIndex: z.number().int(),
  role: z.string(),
  title: z.string(),
  description: z.string(),
  inputs: z.record(z.string(), z.unknown()),
  priority: prioritySchema,
  /** Which agent works on it; null: the server itself. */
  agent: z.string().nullable(),
  check: z.string().nullable(),
  checks: z.enum(['none', 'own_failures', 'all']),
  changes: z.enum(['none', 'optional', 'required']),
  allowedTools: z.array(z.string()),
  attemptsMax: z.number().int(),
  roundsMax: z.number().int(),
  backoffMs: z.number().int(),
  parentTaskId: z.string().nullable(),
  createdBy: z.string(),
  /** It judges another task's work, at that commit; its end is a verdict. */
  review: z
    .object({
      /** Null: it judges the result of the run. */
      taskId: z.string().nullable(),
      attempt: z.number().int(),
      commit: z.string(),
      /** Of a result: which submission, and the criteria that it answers, numbered from 1. */
      submission: z.number().int().optional(),
      criteria: z.array(z.string()).optional(),
    })
    .optional(),
  /** Instead of an agent several candidates work for it, and the best one's work becomes its own; what was settled of them. */
  candidates: bestOfNSpecSchema.optional(),
  /** It is a candidate of that best-of-N, and begins at `base`. Its work is kept and not merged: what wins becomes its parent's. */
  candidate: z.object({ bestOfNId: z.string(), index: z.number().int(), base: z.string() }).optional(),
  /** It takes this merge out again, which does not come out by itself. */
  takesOut: z.object({ commit: z.string() }).optional(),
  /** What its agent uses instead of its own model. */
  model: z.string().optional(),
  /** Whether its agents' first word after a verdict is recorded as the sign that they got it. */
  acknowledges: z.boolean().optional(),
  /** Its phase ran already, so that it is queued at once; else its queueing follows when the phase starts. */
  phaseRuns: z.boolean().optional(),
});
export type TaskSpec = z.infer<typeof taskSpecSchema>;

const attempt = { agentId: z.string().nullable(), attempt: z.number().int() };
const fileStat = z.object({ path: z.string(), insertions: z.number().int(), deletions: z.number().int() });

export const treeSchema = z.object({
  turn: z.number().int(),
  base: z.string(),
  /** Null: nothing differs from the base. */
  commit: z.string().nullable(),
  tree: z.string(),
  ref: z.string().nullable(),
  files: z.array(fileStat).max(500),
  /** Files beyond those listed. */
  filesMore: z.number().int(),
});
export type KeptTreeRecord = z.infer<typeof treeSchema>;

/** Whether the tests see a change, short enough for an event; `resultHash` names the blob with each survivor. */
export const mutationSummarySchema = z.object({
  survivorsMax: z.number().int(),
  /** Null: not measurable, for the reason beside it. */
  score: z.number().min(0).max(1).nullable(),
  reason: z.string().nullable(),
  mutants: z.number().int(),
  killed: z.number().int(),
  survived: z.number().int(),
  timedOut: z.number().int(),
  untested: z.number().int(),
  seed: z.number().int(),
  millis: z.number(),
  resultHash: z.string(),
});
export type MutationSummary = z.infer<typeof mutationSummarySchema>;
const verdictSchema = z.object({ pass: z.boolean(), code: z.string(), check: checkSummarySchema });

/** The work touches what judges it: which files, and both verdicts. */
export const judgeSchema = z.object({
  touched: z.array(z.object({ path: z.string(), kind: z.string(), change: z.enum(['added', 'changed', 'removed']) })),
  /** Files beyond those listed. */
  touchedMore: z.number().int(),
  /** With the judge as the work has it. */
  own: verdictSchema,
  /** With the judge of the base; null when the work only adds tests, or the tests are the work. */
  original: verdictSchema.nullable(),
});
export type JudgeRecord = z.infer<typeof judgeSchema>;

export const reviewVerdictSchema = z.enum(['pass', 'fail']);

/** Each criterion by its number, from 1. */
export const criterionAnswersSchema = z.array(
  z.strictObject({
    criterion: z.number().int().min(1).describe('Its number, from 1'),
    verdict: reviewVerdictSchema,
    evidence: z.string().min(1).max(3000).describe('What was looked at and run: files with lines, commands'),
  }),
);

export type CriterionAnswer = z.infer<typeof criterionAnswersSchema>[number];

export const taskFacts = {
  TaskCreated: taskSpecSchema,
  TaskBlocked: z.object({ reasons: z.array(waitSchema).min(1) }),
  TaskQueued: z.object({ because: z.string() }),
  TaskBoosted: z.object({ by: z.string() }),
  TaskPrioritySet: z.object({ priority: prioritySchema, by: z.string() }),
  /** What a person wants whoever works on it next to know; it stands in the prompt of each further attempt. */
  MessageLeft: z.object({ text: z.string(), by: z.string() }),
  TaskAssigned: z.object({ ...attempt }),
  TaskStarted: z.object({ ...attempt }),
  /** The agent that was told what the last verdict said has spoken for the first time since. */
  FeedbackAcknowledged: z.object({ agentId: z.string(), attempt: z.number().int() }),
  TaskProgressed: z.object({ message: z.string(), fraction: z.number().min(0).max(1).nullable() }),
  UsageReported: z.object({
    agentId: z.string().nullable(),
    inputTokens: z.number().int(),
    outputTokens: z.number().int(),
    costUsd: z.number(),
    wallMs: z.number(),
  }),
  WorkSubmitted: z.object({
    ...attempt,
    summary: z.string(),
    outputs: z.record(z.string(), z.unknown()),
    how: z.enum(['reported', 'exited', 'server']),
  }),
  TreeKept: treeSchema,
  /** The checks have passed, and the phase asks for a reviewer too: a task of its own. */
  ReviewRequested: z.object({
    reviewId: z.string(),
    check: checkSummarySchema.nullable(),
    verdict: z.string(),
    judge: judgeSchema.optional(),
    mutation: mutationSummarySchema.optional(),
  }),
  /** The verdict of the task that reviews, in its own stream. */
  ReviewGiven: z.object({ verdict: reviewVerdictSchema, feedback: z.string(), evidence: z.string(), by: z.string() }),
  /** What it says of the run's result, in its own stream. */
  ResultValidationGiven: z.object({ criteria: criterionAnswersSchema, feedback: z.string(), by: z.string() }),
  ValidationPassed: z.object({
    round: z.number().int(),
    check: checkSummarySchema.nullable(),
    verdict: z.string(),
    mutation: mutationSummarySchema.optional(),
    judge: judgeSchema.optional(),
  }),
  ValidationFailed: z.object({
    round: z.number().int(),
    check: checkSummarySchema.nullable(),
    code: z.string(),
    feedback: z.string(),
    mutation: mutationSummarySchema.optional(),
    judge: judgeSchema.optional(),
  }),
  /** The work was good by itself but could not be merged: a conflict, or a red check on the merged tree. */
  WorkSentBack: z.object({ code: z.string(), feedback: z.string(), files: z.array(z.string()) }),
  /** One attempt came to nothing through no verdict on its work: the agent died, hung or was stopped. */
  AttemptFailed: z.object({
    ...attempt,
    code: z.string(),
    reason: z.string(),
    counts: z.boolean(),
    notBefore: z.number(),
  }),
  TaskMerged: z.object({ commit: z.string(), branch: z.string() }),
  TaskCompleted: z.object({ summary: z.string() }),
  TaskFailed: z.object({
    code: z.string(),
    reason: z.string(),
    by: z.string(),
    /** Of work that came back again and again. */
    correspondence: correspondenceSchema.optional(),
  }),
  TaskCancelled: z.object({ reason: z.string(), by: z.string() }),
  TaskDuplicated: z.object({ of: z.string(), by: z.string() }),
  TaskRestarted: z.object({ by: z.string() }),
  /** What it held that was in no ref of ours is kept under `rescued`. */
  WorktreeRemoved: z.object({ rescued: z.string().nullable() }),
};
export type TaskFact = FactsOf<typeof taskFacts>;
