import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';
import { checkSummarySchema } from '../workflow/check-summary.ts';
import { repositorySchema } from '../workflow/events.ts';
import { directiveSchema } from './directive.ts';
import { writtenSchema } from './drafts.ts';
import { ownScorersSchema } from './own-scorers.ts';
import { weightsSchema } from './weights.ts';

/** So many candidates at most: each costs an agent, a worktree and its part of the judging. */
export const CANDIDATES_MAX = 32;

/** One candidate of one run, for good: a build. */
export const buildRefSchema = z.object({ bestOfNId: z.string(), index: z.number().int().min(0) });
export type BuildRef = z.infer<typeof buildRefSchema>;

/** Everything that was settled when it was asked for. */
export const bestOfNSpecSchema = z.object({
  bestOfNId: z.string(),
  repository: repositorySchema,
  directive: directiveSchema,
  n: z.number().int().min(1).max(CANDIDATES_MAX),
  /** Which agents take part, in turn; the first works on variant 0. */
  agents: z.array(z.string()).min(1),
  /** What an agent may be given instead of its own model, by agent. */
  models: z.record(z.string(), z.array(z.string())),
  weights: weightsSchema,
  /** The user's own scorers among the weights, as they were set then; absent where there is none. */
  scorers: ownScorersSchema.optional(),
  /** All variants follow from it. */
  seed: z.number().int(),
  /** Whether candidates that can no longer win are withdrawn. */
  earlyStop: z.boolean(),
  check: z.string().nullable(),
  /** The command that runs the tests, where `check` is a graph of checks that has one. */
  tests: z.string().optional(),
  /** Whether the run that gets the winner goes to the base branch. */
  merge: z.boolean(),
  /** Whose work it is; absent where there is one runner only. */
  runnerId: z.string().optional(),
  /** The build whose directive is variant 0; absent: the directive was given in words. */
  from: buildRefSchema.optional(),
  /** The task of a run that it works for; absent: it has a run of its own. */
  taskId: z.string().optional(),
});
export type BestOfNSpec = z.infer<typeof bestOfNSpecSchema>;

const index = z.number().int().min(0);
const ms = z.number().min(0);

export const variantSchema = z.object({
  index,
  directive: directiveSchema,
  /** What was changed, by the mutators' names; empty for variant 0. */
  mutators: z.array(z.string()),
  /** The same in words. */
  words: z.string(),
});
export type Variant = z.infer<typeof variantSchema>;

/** What a model was asked for, and what it answered and used. What it does not tell is null. */
export const draftingSchema = writtenSchema.extend({
  asked: z.number().int().min(1),
  modelMs: ms,
  inputTokens: z.number().int().min(0).nullable(),
  outputTokens: z.number().int().min(0).nullable(),
  costUsd: z.number().min(0).nullable(),
});
export type Drafting = z.infer<typeof draftingSchema>;

/** One scorer's word on one candidate. */
export const scoreSchema = z.object({
  scorer: z.string(),
  /** 0 to 1, more is better. */
  value: z.number().min(0).max(1),
  words: z.string().max(2000),
  /** The blob with what was measured; null when nothing could be. */
  evidence: z.string().nullable(),
});
export type Score = z.infer<typeof scoreSchema>;

/** How the building of a candidate ended. Only one that `passed` can win. */
export const buildEndSchema = z.object({
  index,
  outcome: z.enum(['passed', 'failed', 'died', 'withdrawn']),
  /** Why it did not pass; empty when it did. */
  reason: z.string().max(20_000),
  /** The kept work; null when it left none. */
  commit: z.string().nullable(),
  tree: z.string().nullable(),
  /** Lines added and removed; a binary file counts as one. */
  changedLines: z.number().int().min(0),
  check: checkSummarySchema.nullable(),
  buildMs: ms,
  testMs: ms,
  /** What its agent says it has cost; null when it does not say. */
  costUsd: z.number().min(0).nullable(),
});
export type BuildEnd = z.infer<typeof buildEndSchema>;

/** Where a candidate's time went, in milliseconds. */
export const timesSchema = z.object({ mutateMs: ms, buildMs: ms, testMs: ms, judgeMs: ms, modelMs: ms });
export type Times = z.infer<typeof timesSchema>;

/** A candidate's place: the first of a ranking wins. */
export const placeSchema = z.object({ index, total: z.number().min(0).max(1), changedLines: z.number().int() });
export type Place = z.infer<typeof placeSchema>;

/** Who comes first among those that passed, and why. */
export const verdictSchema = z.object({
  /** Null: nobody passed. */
  winner: index.nullable(),
  ranking: z.array(placeSchema),
  /** What decided between those with the same total. */
  tie: z.enum(['none', 'fewer_lines', 'earlier_variant']),
  words: z.string(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** The first verdict is number 1; each rescoring has the next. */
const verdict = z.number().int().min(1);

export const bestOfNFacts = {
  BestOfNStarted: bestOfNSpecSchema.extend({ startedBy: z.string() }),
  /** The run that holds the candidates is open. */
  MutationStarted: z.object({
    workflowId: z.string(),
    /** The task whose work the winner becomes. */
    taskId: z.string().optional(),
    /** The commit that every candidate begins at; absent: the repository’s base. */
    base: z.string().optional(),
  }),
  /** A model was asked once for all variants that it can write; the built-in mutators make what it did not. */
  DraftsWritten: draftingSchema,
  VariantPlanned: variantSchema.extend({ mutateMs: ms, modelMs: ms }),
  BuildingStarted: z.object({ candidates: z.number().int() }),
  BuildStarted: z.object({ index, taskId: z.string() }),
  BuildEnded: buildEndSchema,
  /** No candidate is built any more. `early`: the outcome could not change. */
  ScoringStarted: z.object({ early: z.boolean(), words: z.string() }),
  CandidateScored: z.object({
    index,
    scores: z.array(scoreSchema),
    total: z.number().min(0).max(1),
    times: timesSchema,
  }),
  WinnerSelected: verdictSchema.extend({ winner: index }),
  /** It waits in its run's merge train. */
  WinnerSent: z.object({ trainId: z.string(), candidateId: z.string() }),
  BestOfNCompleted: z.object({ commit: z.string().nullable(), words: z.string() }),
  BestOfNFailed: z.object({ code: z.string(), reason: z.string() }),
  BestOfNCancelled: z.object({ reason: z.string(), by: z.string() }),
  /** The candidates are judged again; the first verdict stands. */
  RescoringStarted: z.object({
    verdict,
    by: z.string(),
    weights: weightsSchema,
    /** Another check that says who passes; null: the run’s own. */
    check: z.string().nullable(),
    /** Whether the candidates are measured, or recorded scores weighed anew. */
    measured: z.boolean(),
    /** Whether what was measured before is measured once more; absent: no. */
    anew: z.boolean().optional(),
    /** The commit whose tests, runner and configuration judge; absent: what the candidates began at. */
    judges: z.string().optional(),
    scorers: ownScorersSchema.optional(),
  }),
  CandidateRescored: z.object({
    verdict,
    index,
    passed: z.boolean(),
    scores: z.array(scoreSchema),
    total: z.number().min(0).max(1),
    judgeMs: ms,
  }),
  VerdictReached: verdictSchema.extend({ verdict, differs: z.boolean() }),
  RescoringAbandoned: z.object({ verdict, reason: z.string() }),
};
export type BestOfNFact = FactsOf<typeof bestOfNFacts>;
