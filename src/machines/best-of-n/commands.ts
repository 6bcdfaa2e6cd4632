import { z } from 'zod';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';
import { constraintsSchema, directiveSchema, parametersSchema } from './directive.ts';
import {
  bestOfNFacts,
  bestOfNSpecSchema,
  buildEndSchema,
  CANDIDATES_MAX,
  draftingSchema,
  scoreSchema,
  variantSchema,
} from './events.ts';
import { ownScorersSchema } from './own-scorers.ts';
import { scoreTextSchema } from './weights.ts';

const bestOfNId = z.string().max(60).describe('bon_…, or a unique prefix of it');
const index = z
  .number()
  .int()
  .min(0)
  .max(CANDIDATES_MAX - 1);
const verdict = z.number().int().min(2);
const ms = z.number().min(0);
const reason = z.string().max(2000).default('');
/** A scorer scores a candidate once. */
const scores = z
  .array(scoreSchema)
  .max(40)
  .refine((list) => new Set(list.map(({ scorer }) => scorer)).size === list.length, 'A scorer stands twice.');
const target = (input: { bestOfNId: string }) => input.bestOfNId;
const internal = { v: 1, roles: INTERNAL, target };

const rescoreSchema = z.strictObject({
  bestOfNId,
  score: scoreTextSchema.optional().describe('What counts how much; default: as before'),
  check: z.string().min(1).max(1000).optional().describe('Another check that says who passes'),
  judgesFrom: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('The branch whose tests and configuration judge; default: what the candidates began at'),
  measure: z.boolean().default(false).describe('Measure anew, also what has a recorded score'),
});

export const bestOfNCommands = {
  start_best_of_n: command({
    v: 1,
    summary:
      'Starts several candidates for one goal; the best by the score is kept. The repository is looked at first.',
    schema: z.strictObject({
      n: z.number().int().min(1).max(CANDIDATES_MAX).default(3).describe('How many candidates'),
      repository: z.string().min(1).max(4000).describe('Path of the git repository'),
      goal: z
        .string()
        .min(1)
        .max(20_000)
        .optional()
        .describe('What to reach, in words; default: what the build that it starts from was to reach'),
      from: z
        .string()
        .min(1)
        .max(80)
        .optional()
        .describe('A build of an earlier run, bon_…/2, whose directive is variant 0'),
      agents: z
        .array(z.string().min(1).max(40))
        .min(1)
        .max(CANDIDATES_MAX)
        .optional()
        .describe('Take part in turn; default: repair, or the agent of the build that it starts from'),
      models: z
        .record(z.string(), z.array(z.string().min(1).max(200)).max(20))
        .default({})
        .describe('Models by agent, for agents whose settings say with {model} where they take one'),
      score: scoreTextSchema
        .optional()
        .describe('What counts how much, as scorer=weight,…; default: the setting bestOfN.score'),
      seed: z.number().int().min(0).max(2_147_483_647).default(1).describe('The same seed makes the same variants'),
      earlyStop: z.boolean().default(false).describe('Withdraw candidates that can no longer win'),
      constraints: constraintsSchema.optional().describe('What a candidate must keep to'),
      criteria: directiveSchema.shape.criteria.unwrap().optional().describe('What a good result is, in words'),
      parameters: parametersSchema.omit({ agent: true }).optional().describe('Of variant 0'),
      branch: z.string().max(200).optional().describe('The base branch; default: the one checked out'),
      check: z
        .string()
        .min(1)
        .max(1000)
        .optional()
        .describe('The repository’s own check; default: its checks.yaml, else found in package.json and the like'),
      merge: z.boolean().default(true).describe('Whether the winner is merged into the base branch'),
      fromHead: z.boolean().default(false).describe('Start from the last commit although tracked files are changed'),
    }),
    prepared: bestOfNSpecSchema,
    roles: ['operator'],
    target: (_input, newId) => newId('bon'),
    tool: true,
    example: 'heph best-of 3 "Make the tests pass" --repo .',
  }),
  start_best_of_n_of_task: command({
    ...internal,
    summary: 'Candidates work for a task of a run, as was settled when the task was created.',
    schema: bestOfNSpecSchema,
  }),
  cancel_best_of_n: command({
    v: 1,
    summary: 'Ends it without a winner: its candidates are cancelled, their work so far is kept.',
    schema: z.strictObject({ bestOfNId, reason }),
    roles: ['operator'],
    target,
    cli: 'best-of cancel <bestOfNId>',
    tool: true,
    example: 'heph best-of cancel bon_01k --reason "not needed any more"',
  }),
  rescore_best_of_n: command({
    v: 1,
    summary:
      'Judges past candidates again without running any agent, and says who would have won; the first verdict stands.',
    schema: rescoreSchema,
    prepared: rescoreSchema.extend({
      scorers: ownScorersSchema.optional(),
      /** The tip of the branch that was named. */
      judges: z.string().optional(),
    }),
    roles: ['operator'],
    target,
    cli: 'best-of rescore <bestOfNId>',
    tool: true,
    example: 'heph best-of rescore bon_01k --score "tests=3,agreement=2"',
  }),
  start_mutating: command({
    ...internal,
    summary: 'The run that holds the candidates is open, and their directives are made.',
    schema: z.strictObject({ bestOfNId, ...bestOfNFacts.MutationStarted.shape }),
  }),
  record_drafts: command({
    ...internal,
    summary: 'A model was asked to write the variants, and answered or did not.',
    schema: z.strictObject({ bestOfNId, ...draftingSchema.shape }),
  }),
  record_variant: command({
    ...internal,
    summary: 'The directive of one candidate is settled; with the last one, building begins.',
    schema: z.strictObject({ bestOfNId, ...variantSchema.shape, index, mutateMs: ms, modelMs: ms }),
  }),
  record_build_started: command({
    ...internal,
    summary: 'The candidate has a task.',
    schema: z.strictObject({ bestOfNId, index, taskId: z.string() }),
  }),
  record_build_ended: command({
    ...internal,
    summary: 'The candidate passed or did not; with the last one, scoring begins.',
    schema: z.strictObject({ bestOfNId, ...buildEndSchema.shape, index }),
  }),
  record_scores: command({
    ...internal,
    summary: 'Every scorer has judged the candidate; with the last one, the winner is selected.',
    schema: z.strictObject({ bestOfNId, index, scores, judgeMs: ms }),
  }),
  stop_early: command({
    ...internal,
    summary: 'The outcome cannot change: who is still being built is withdrawn, and the winner is selected.',
    schema: z.strictObject({
      bestOfNId,
      /** Of each candidate that has not ended: what it has used so far. */
      open: z.array(z.object({ index, buildMs: ms, costUsd: z.number().min(0).nullable() })).max(CANDIDATES_MAX),
    }),
  }),
  record_winner_sent: command({
    ...internal,
    summary: 'The winner waits in the merge train.',
    schema: z.strictObject({ bestOfNId, trainId: z.string(), candidateId: z.string() }),
  }),
  complete_best_of_n: command({
    ...internal,
    summary: 'The winner is merged into its run.',
    schema: z.strictObject({ bestOfNId, commit: z.string().nullable(), words: z.string() }),
  }),
  fail_best_of_n: command({
    ...internal,
    summary: 'No winner can be had; the reason is recorded.',
    schema: z.strictObject({ bestOfNId, code: z.string(), reason: z.string().max(20_000) }),
  }),
  record_rescore: command({
    ...internal,
    summary: 'A past candidate was judged again; with the last one, the new verdict is reached.',
    schema: z.strictObject({ bestOfNId, verdict, index, passed: z.boolean(), scores, judgeMs: ms }),
  }),
  abandon_rescoring: command({
    ...internal,
    summary: 'The candidates cannot be judged again; the reason is recorded.',
    schema: z.strictObject({ bestOfNId, verdict, reason: z.string().max(2000) }),
  }),
};
export type BestOfNCommand = CommandsOf<typeof bestOfNCommands>;
