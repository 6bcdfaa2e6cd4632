import { z } from 'zod';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';
import { judgeSchema } from '../task/events.ts';
import { checkSummarySchema } from '../workflow/check-summary.ts';
import { candidateSchema, trainSchema } from './events.ts';

const trainId = z.string();
const candidateId = z.string();
const target = (input: { trainId: string }) => input.trainId;
const internal = { v: 1, roles: INTERNAL, target };

const mergedFields = { onto: z.string(), commit: z.string(), tree: z.string() };
const landedFields = {
  base: z.enum(['moved', 'left', 'not_asked']),
  reason: z.string().nullable(),
  check: checkSummarySchema.nullable(),
  judge: judgeSchema.optional(),
};
const refusedFields = {
  code: z.string(),
  reason: z.string().max(60_000),
  files: z.array(z.string()),
  check: checkSummarySchema.nullable(),
  judge: judgeSchema.optional(),
};

const agent = z.string().max(40).optional().describe('Who resolves it if it conflicts; default: the agent of the run');
const reason = z.string().max(2000).default('').describe('Why it is taken out');
/** The train that the work went through, and the merge to be taken out as one more candidate of it. */
export const preparedRevert = z.strictObject({ trainId, train: trainSchema, candidate: candidateSchema });

export const mergeTrainCommands = {
  queue_candidate: command({
    ...internal,
    summary: 'A commit waits to be merged.',
    schema: z.strictObject({ trainId, train: trainSchema, candidate: candidateSchema }),
  }),
  revert_task: command({
    v: 1,
    summary:
      'Takes the merged work of a task out again: a revert is merged, checked and landed as any other candidate of the same train.',
    schema: z.strictObject({ taskId: z.string().max(60).describe('tsk_…, or a unique prefix of it'), reason, agent }),
    prepared: preparedRevert,
    roles: ['operator'],
    target: (input) => input.taskId,
    preparedTarget: (prepared) => prepared.trainId,
    cli: 'task revert <taskId>',
    example: 'heph task revert tsk_01k --reason "it broke the import"',
  }),
  revert_workflow: command({
    v: 1,
    summary: 'Takes everything that a run has merged into the base branch out again, through the base branch’s train.',
    schema: z.strictObject({
      workflowId: z.string().max(60).describe('wfl_…, or a unique prefix of it'),
      reason,
      agent,
    }),
    prepared: preparedRevert,
    roles: ['operator'],
    target: (input) => input.workflowId,
    preparedTarget: (prepared) => prepared.trainId,
    cli: 'workflow revert <workflowId>',
    example: 'heph workflow revert wfl_01k --reason "it broke the import"',
  }),
  start_merge: command({
    ...internal,
    summary: 'It is the candidate’s turn.',
    schema: z.strictObject({ trainId, candidateId }),
  }),
  record_merged: command({
    ...internal,
    summary: 'The merged tree exists.',
    schema: z.strictObject({ trainId, candidateId, ...mergedFields }),
  }),
  start_batch: command({
    ...internal,
    summary: 'Several candidates have their turn together.',
    schema: z.strictObject({ trainId, candidateIds: z.array(candidateId).min(2).max(100), limit: z.number().int() }),
  }),
  record_batch_merged: command({
    ...internal,
    summary: 'The batch is merged, one upon the other; those that do not merge are out of it.',
    schema: z.strictObject({
      trainId,
      merged: z.array(z.strictObject({ candidateId, ...mergedFields })),
      refused: z.array(z.strictObject({ candidateId, ...refusedFields })),
    }),
  }),
  record_batch_check: command({
    ...internal,
    summary: 'The first so many of the batch have been checked together.',
    schema: z.strictObject({
      trainId,
      count: z.number().int().min(1),
      commit: z.string(),
      pass: z.boolean(),
      again: z.boolean(),
      check: checkSummarySchema.nullable(),
      judge: judgeSchema.optional(),
    }),
  }),
  settle_batch: command({
    ...internal,
    summary: 'The branch is at the commit of the last that passed; the next one is at fault, the rest waits again.',
    schema: z.strictObject({
      trainId,
      landed: z.strictObject({ count: z.number().int().min(1), commit: z.string(), ...landedFields }).nullable(),
      refused: z.strictObject({ candidateId, ...refusedFields }).nullable(),
    }),
  }),
  abandon_batch: command({
    ...internal,
    summary: 'The batch does not go on; its candidates are first in the queue again, to be merged one by one.',
    schema: z.strictObject({ trainId, candidateId, reason: z.string() }),
  }),
  restart_merge: command({
    ...internal,
    summary: 'The branch moved underneath.',
    schema: z.strictObject({ trainId, candidateId, reason: z.string() }),
  }),
  land_candidate: command({
    ...internal,
    summary: 'The branch is at the merged commit.',
    schema: z.strictObject({ trainId, candidateId, ...landedFields, flaky: z.boolean().optional() }),
  }),
  refuse_candidate: command({
    ...internal,
    summary: 'The candidate does not merge, or the merged tree does not pass.',
    schema: z.strictObject({ trainId, candidateId, ...refusedFields }),
  }),
  hand_over_revert: command({
    ...internal,
    summary: 'A revert that conflicts is an agent’s work now.',
    schema: z.strictObject({
      trainId,
      candidateId,
      workflowId: z.string(),
      taskId: z.string().nullable(),
      files: z.array(z.string()),
    }),
  }),
  withdraw_candidate: command({
    ...internal,
    summary: 'Nobody wants it any more.',
    schema: z.strictObject({ trainId, candidateId, reason: z.string() }),
  }),
};
export type MergeTrainCommand = CommandsOf<typeof mergeTrainCommands>;
