import { z } from 'zod';
import { correspondenceSchema } from '../correspondence.ts';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';
import { CANDIDATES_MAX } from '../best-of-n/events.ts';
import { checkSummarySchema } from '../workflow/check-summary.ts';
import {
  criterionAnswersSchema,
  judgeSchema,
  mutationSummarySchema,
  prioritySchema,
  reviewVerdictSchema,
  taskSpecSchema,
  treeSchema,
  waitSchema,
} from './events.ts';

const taskId = z.string().max(60).describe('tsk_…, or a unique prefix of it');
const attempt = { agentId: z.string().nullable(), attempt: z.number().int() };
/** What the verdict is about, unless it has been recorded before. */
const judgedTree = treeSchema.optional();
/** With the verdict after which there is no further round. */
const correspondence = correspondenceSchema.optional();
/** Ten of them fit into a prompt that is given as an argument. */
const TASK_MESSAGE_CHARS_MAX = 4_000;
const target = (input: { taskId: string }) => input.taskId;

export const taskCommands = {
  create_task: command({
    v: 1,
    summary: 'Adds a task to a phase of a running workflow; it starts when its phase does and a slot is free.',
    schema: z.strictObject({
      workflowId: z.string().max(60).optional().describe('Default for an agent: its own workflow'),
      phase: z.string().max(40).describe('The phase it belongs to'),
      title: z.string().min(1).max(300),
      description: z.string().max(20_000).default(''),
      inputs: z.record(z.string(), z.unknown()).default({}).describe('What the agent needs, structured'),
      priority: prioritySchema.default('medium'),
      agent: z.string().max(40).optional().describe('Default: the phase’s'),
      candidates: z
        .number()
        .int()
        .min(1)
        .max(CANDIDATES_MAX)
        .optional()
        .describe('Several agents try it, each in its own way, and the best result is taken; default: one agent works'),
    }),
    prepared: taskSpecSchema,
    roles: ['operator', 'worker'],
    target: (_input, newId) => newId('tsk'),
    cli: 'task create',
    tool: true,
    example: 'heph task create --workflow-id wfl_01k --phase fix --title "Mend the parser"',
  }),
  update_task_status: command({
    v: 1,
    summary:
      'An agent’s word on its own task: done (the work is then kept, checked and merged), failed with a reason, or duplicated.',
    schema: z.strictObject({
      taskId,
      status: z.enum(['done', 'failed', 'duplicated']),
      of: z.string().max(60).optional().describe('The task that this one repeats; with duplicated'),
      summary: z.string().max(20_000).default('').describe('What was done'),
      reason: z.string().max(20_000).default('').describe('Why it failed'),
      outputs: z.record(z.string(), z.unknown()).default({}),
    }),
    roles: ['worker', 'operator'],
    target,
    tool: true,
    cli: 'task update <taskId> <status>',
    example: 'heph task update tsk_01k failed --reason "cannot be reproduced"',
  }),
  give_validation_review: command({
    v: 1,
    summary:
      'A reviewer’s verdict on the work that its task names, with the evidence that it rests on; it ends the review.',
    schema: z.strictObject({
      taskId,
      verdict: reviewVerdictSchema,
      feedback: z.string().max(20_000).default('').describe('What has to be mended; goes to whoever did the work'),
      evidence: z.string().min(1).max(20_000).describe('What was looked at and run: files with lines, commands'),
    }),
    roles: ['worker', 'operator'],
    target,
    tool: true,
    cli: 'task review <taskId> <verdict>',
    example: 'heph task review tsk_01k pass --evidence "src/parse.js:12 keeps empty fields"',
  }),
  submit_result_validation: command({
    v: 1,
    summary:
      'A reviewer’s answer to each criterion of a run’s result, with the evidence that it rests on; it ends the review.',
    schema: z.strictObject({
      taskId,
      criteria: criterionAnswersSchema.min(1).max(30),
      feedback: z.string().max(20_000).default('').describe('What has to be mended; goes to whoever mends it'),
    }),
    roles: ['worker', 'operator'],
    target,
    tool: true,
    cli: 'result validate <taskId>',
    example: `heph result validate tsk_01k --criteria '[{"criterion": 1, "verdict": "pass", "evidence": "npm test: 40 pass"}]'`,
  }),
  report_progress: command({
    v: 1,
    summary: 'Says in a sentence how far the task is.',
    schema: z.strictObject({
      taskId,
      message: z.string().min(1).max(2000),
      fraction: z.number().min(0).max(1).nullable().default(null),
    }),
    roles: ['worker', 'operator'],
    target,
    tool: true,
    cli: 'task progress <taskId> <message>',
    example: 'heph task progress tsk_01k "half of the tests pass"',
  }),
  report_usage: command({
    v: 1,
    summary: 'Adds to the ledger what the task has used since the last report.',
    schema: z.strictObject({
      taskId,
      inputTokens: z.number().int().min(0).default(0),
      outputTokens: z.number().int().min(0).default(0),
      costUsd: z.number().min(0).default(0),
      wallMs: z.number().min(0).default(0),
    }),
    roles: ['worker', 'operator'],
    target,
    tool: true,
    cli: 'task usage <taskId>',
    example: 'heph task usage tsk_01k --input-tokens 1200 --output-tokens 300',
  }),
  cancel_task: command({
    v: 1,
    summary: 'Ends the task; its agent is stopped and its work so far is kept.',
    schema: z.strictObject({ taskId, reason: z.string().max(2000).default('') }),
    roles: ['operator'],
    target,
    cli: 'task cancel <taskId>',
    example: 'heph task cancel tsk_01k --reason "done by hand"',
  }),
  restart_task: command({
    v: 1,
    summary: 'Begins an ended task again as a new attempt; its history stays.',
    schema: z.strictObject({ taskId }),
    roles: ['operator'],
    target,
    cli: 'task restart <taskId>',
    example: 'heph task restart tsk_01k',
  }),
  boost_task: command({
    v: 1,
    summary: 'Puts a waiting task at the front of the queue.',
    schema: z.strictObject({ taskId }),
    roles: ['operator'],
    target,
    cli: 'task boost <taskId>',
    example: 'heph task boost tsk_01k',
  }),
  set_task_priority: command({
    v: 1,
    summary: 'A waiting task goes before those of a lower priority in its phase.',
    schema: z.strictObject({ taskId, priority: prioritySchema }),
    roles: ['operator'],
    target,
    cli: 'task priority <taskId> <priority>',
    example: 'heph task priority tsk_01k high',
  }),
  message_task: command({
    v: 1,
    summary: 'Leaves a message for whoever works on the task next: it stands in the prompt of each further attempt.',
    schema: z.strictObject({ taskId, text: z.string().trim().min(1).max(TASK_MESSAGE_CHARS_MAX) }),
    roles: ['operator'],
    target,
    cli: 'task message <taskId> <text>',
    example: 'heph task message tsk_01k "the parser is right, the test is wrong"',
  }),
  block_task: command({
    v: 1,
    summary: 'The task cannot start yet, for the reasons given.',
    schema: z.strictObject({ taskId, reasons: z.array(waitSchema).min(1) }),
    roles: INTERNAL,
    target,
  }),
  queue_task: command({
    v: 1,
    summary: 'Nothing but a slot is missing any more.',
    schema: z.strictObject({ taskId, because: z.string() }),
    roles: INTERNAL,
    target,
  }),
  assign_task: command({
    v: 1,
    summary: 'The task has a slot and an agent’s name.',
    schema: z.strictObject({ taskId, agentId: z.string(), attempt: z.number().int() }),
    roles: INTERNAL,
    target,
  }),
  start_task: command({
    v: 1,
    summary: 'The task’s agent lives.',
    schema: z.strictObject({ taskId, agentId: z.string(), attempt: z.number().int() }),
    roles: INTERNAL,
    target,
  }),
  run_by_server: command({
    v: 1,
    summary: 'A task without an agent begins: the server judges the tree as it is.',
    schema: z.strictObject({ taskId }),
    roles: INTERNAL,
    target,
  }),
  submit_winner: command({
    v: 1,
    summary: 'The best of its candidates is the task’s work; it is judged and merged as every work is.',
    schema: z.strictObject({ taskId, attempt: z.number().int(), summary: z.string().max(20_000), tree: treeSchema }),
    roles: INTERNAL,
    target,
  }),
  submit_on_exit: command({
    v: 1,
    summary: 'The agent ended well without a word; the checks shall tell.',
    schema: z.strictObject({ taskId, ...attempt, summary: z.string() }),
    roles: INTERNAL,
    target,
  }),
  record_tree: command({
    v: 1,
    summary: 'What the agent left is kept as a commit.',
    schema: z.strictObject({ taskId, ...attempt, tree: treeSchema }),
    roles: INTERNAL,
    target,
  }),
  create_review: command({
    v: 1,
    summary: 'Another agent is to judge the work of a task.',
    schema: taskSpecSchema,
    roles: INTERNAL,
    target,
  }),
  create_revert: command({
    v: 1,
    summary: 'An agent is to take a merge out of the run’s branch that does not come out by itself.',
    schema: taskSpecSchema,
    roles: INTERNAL,
    target,
  }),
  create_candidate: command({
    v: 1,
    summary: 'One of several that work for the same task, each in a worktree of its own.',
    schema: taskSpecSchema,
    roles: INTERNAL,
    target,
  }),
  request_review: command({
    v: 1,
    summary: 'The checks have passed; the work waits for a reviewer’s verdict.',
    schema: z.strictObject({
      taskId,
      attempt: z.number().int(),
      reviewId: z.string(),
      tree: judgedTree,
      check: checkSummarySchema.nullable(),
      judge: judgeSchema.optional(),
      verdict: z.string(),
      mutation: mutationSummarySchema.optional(),
    }),
    roles: INTERNAL,
    target,
  }),
  pass_validation: command({
    v: 1,
    summary: 'The work is good.',
    schema: z.strictObject({
      taskId,
      attempt: z.number().int(),
      tree: judgedTree,
      check: checkSummarySchema.nullable(),
      judge: judgeSchema.optional(),
      verdict: z.string(),
      mutation: mutationSummarySchema.optional(),
    }),
    roles: INTERNAL,
    target,
  }),
  fail_validation: command({
    v: 1,
    summary: 'The work is not good enough; it goes back with the feedback, a bounded number of times.',
    schema: z.strictObject({
      taskId,
      attempt: z.number().int(),
      tree: judgedTree,
      check: checkSummarySchema.nullable(),
      judge: judgeSchema.optional(),
      code: z.string(),
      feedback: z.string().max(60_000),
      mutation: mutationSummarySchema.optional(),
      correspondence,
    }),
    roles: INTERNAL,
    target,
  }),
  send_back: command({
    v: 1,
    summary: 'The work does not merge; it goes back with what is in the way.',
    schema: z.strictObject({
      taskId,
      attempt: z.number().int(),
      code: z.string(),
      feedback: z.string().max(60_000),
      files: z.array(z.string()),
      correspondence,
    }),
    roles: INTERNAL,
    target,
  }),
  record_merge: command({
    v: 1,
    summary: 'The work is in the run’s branch.',
    schema: z.strictObject({ taskId, commit: z.string(), branch: z.string() }),
    roles: INTERNAL,
    target,
  }),
  record_worktree_removed: command({
    v: 1,
    summary: 'The worktree of an ended task is gone; nothing that it held is lost.',
    schema: z.strictObject({ taskId, rescued: z.string().nullable() }),
    roles: INTERNAL,
    target,
  }),
  fail_attempt: command({
    v: 1,
    summary: 'The attempt came to nothing; the task is tried again after a pause, a bounded number of times.',
    schema: z.strictObject({
      taskId,
      ...attempt,
      code: z.string(),
      reason: z.string().max(20_000),
      counts: z.boolean(),
    }),
    roles: INTERNAL,
    target,
  }),
  fail_task: command({
    v: 1,
    summary: 'The task cannot be done; the reason is recorded.',
    schema: z.strictObject({ taskId, code: z.string(), reason: z.string().max(20_000), correspondence }),
    roles: INTERNAL,
    target,
  }),
};
export type TaskCommand = CommandsOf<typeof taskCommands>;
