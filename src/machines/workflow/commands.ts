import { z } from 'zod';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';
import { ownRunIdOf } from '../best-of-n/run-id.ts';
import { correspondenceSchema } from '../correspondence.ts';
import { checkSummarySchema } from './check-summary.ts';
import { deliverySchema, workflowFacts } from './events.ts';
import { resultFacts, submittedSchema } from './result.ts';

const workflowId = z.string().describe('wfl_…, or a unique prefix of it');
/** What is recorded of a submission, to whose workflow it goes. */
const ofResult = <S extends z.ZodRawShape>(shape: S) => z.strictObject({ workflowId, ...shape });
const reason = z.string().max(2000).default('');

const prepared = workflowFacts.WorkflowStarted.omit({ startedBy: true });

export const workflowCommands = {
  start_workflow: command({
    v: 1,
    summary:
      'Starts a workflow on a repository. The repository is looked at first and refused with a reason when it cannot be used.',
    schema: z.strictObject({
      workflow: z.string().max(40).describe('The name of a definition, e.g. bugfix'),
      repository: z.string().min(1).max(4000).describe('Path of the git repository'),
      goal: z.string().min(1).max(20_000).describe('What to reach, in words'),
      branch: z.string().max(200).optional().describe('The base branch; default: the one checked out'),
      agent: z.string().max(40).optional().describe('Which agent works; default: repair'),
      check: z
        .string()
        .min(1)
        .max(1000)
        .optional()
        .describe('The repository’s own check; default: its checks.yaml, else found in package.json and the like'),
      merge: z.boolean().default(true).describe('Whether a green run is merged into the base branch'),
      fromHead: z.boolean().default(false).describe('Start from the last commit although tracked files are changed'),
      params: z.record(z.string(), z.unknown()).default({}),
    }),
    prepared,
    roles: ['operator'],
    target: (_input, newId) => newId('wfl'),
    cli: 'workflow start',
    example: 'heph workflow start --workflow bugfix --repository . --goal "Make the tests pass"',
  }),
  start_best_of_n_run: command({
    v: 1,
    summary: 'The run in which the candidates of a best-of-N work; it takes everything from what was settled there.',
    schema: z.strictObject({ bestOfNId: z.string() }),
    prepared,
    roles: INTERNAL,
    target: (input) => ownRunIdOf(input.bestOfNId),
  }),
  start_revert_run: command({
    v: 1,
    summary: 'The run in which an agent takes a merge out of the base branch that does not come out by itself.',
    schema: prepared,
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  pause_workflow: command({
    v: 1,
    summary: 'No further task of the workflow starts; agents that work go on.',
    schema: z.strictObject({ workflowId, reason }),
    roles: ['operator'],
    target: (input) => input.workflowId,
    cli: 'workflow pause <workflowId>',
    example: 'heph workflow pause wfl_01k',
  }),
  resume_workflow: command({
    v: 1,
    summary: 'Tasks of a paused workflow start again.',
    schema: z.strictObject({ workflowId }),
    roles: ['operator'],
    target: (input) => input.workflowId,
    cli: 'workflow resume <workflowId>',
    example: 'heph workflow resume wfl_01k',
  }),
  cancel_workflow: command({
    v: 1,
    summary: 'Ends the workflow: its agents are stopped, its open tasks cancelled, its branch is kept.',
    schema: z.strictObject({ workflowId, reason }),
    roles: ['operator'],
    target: (input) => input.workflowId,
    cli: 'workflow cancel <workflowId>',
    example: 'heph workflow cancel wfl_01k --reason "not needed any more"',
  }),
  record_run_opened: command({
    v: 1,
    summary: 'The run’s branch exists in the mirror.',
    schema: z.strictObject({ workflowId, commit: z.string() }),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  record_baseline: command({
    v: 1,
    summary: 'The checks have been run on the base commit.',
    schema: z.strictObject({ workflowId, check: checkSummarySchema }),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  start_phase: command({
    v: 1,
    summary: 'The phase’s tasks may start.',
    schema: z.strictObject({ workflowId, ...workflowFacts.PhaseStarted.shape }),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  complete_phase: command({
    v: 1,
    summary: 'The phase has no open task.',
    schema: z.strictObject({
      workflowId,
      phase: z.string(),
      round: z.number().int(),
      outcome: z.enum(['green', 'red', 'empty']),
    }),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  submit_result: command({
    v: 1,
    summary:
      'Says that the run has come to its result: what is on its branch now. It is judged by the template’s criteria.',
    schema: z.strictObject({
      workflowId: z
        .string()
        .max(60)
        .optional()
        .describe('wfl_…, or a unique prefix of it; default for an agent: its own'),
      summary: z.string().min(1).max(20_000).describe('What was reached, and where to see it'),
      outputs: z.record(z.string(), z.unknown()).default({}).describe('What others go on with, structured'),
      commit: z.string().max(64).optional().describe('The tip of the run’s branch; another one is refused'),
    }),
    prepared: z.object({ workflowId: z.string(), ...submittedSchema.shape }),
    roles: ['operator', 'worker'],
    target: (input) => input.workflowId ?? '',
    preparedTarget: (prepared) => prepared.workflowId,
    tool: true,
    cli: 'result submit <workflowId>',
    example: 'heph result submit wfl_01k --summary "All parsers keep empty fields"',
  }),
  request_result_review: command({
    v: 1,
    summary: 'The checks have nothing against the result; another agent is to answer the criteria.',
    schema: ofResult(resultFacts.ResultReviewRequested.shape),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  accept_result: command({
    v: 1,
    summary: 'The result meets its criteria.',
    schema: ofResult(resultFacts.ResultAccepted.omit({ commit: true }).shape),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  reject_result: command({
    v: 1,
    summary: 'The result does not meet its criteria; a phase mends it, a bounded number of times.',
    schema: ofResult(resultFacts.ResultRejected.omit({ commit: true }).shape),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  start_delivery: command({
    v: 1,
    summary: 'Every phase is green; the result goes to the user’s repository.',
    schema: z.strictObject({ workflowId, commit: z.string() }),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  complete_workflow: command({
    v: 1,
    summary: 'The result is delivered.',
    schema: z.strictObject({ workflowId, delivery: deliverySchema, summary: z.string() }),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  fail_workflow: command({
    v: 1,
    summary: 'The workflow cannot reach its goal; the reason is recorded.',
    schema: z.strictObject({
      workflowId,
      code: z.string(),
      reason: z.string(),
      delivery: deliverySchema.nullable(),
      correspondence: correspondenceSchema.optional(),
    }),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
  adopt_workflow: command({
    v: 1,
    summary: 'A runner takes over from one whose server is gone; of several that try, one succeeds.',
    schema: z.strictObject({ workflowId, ...workflowFacts.WorkflowAdopted.shape }),
    roles: INTERNAL,
    target: (input) => input.workflowId,
  }),
};
export type WorkflowCommand = CommandsOf<typeof workflowCommands>;
