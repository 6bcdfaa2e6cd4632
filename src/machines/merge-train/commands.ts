import { z } from 'zod';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';
import { checkSummarySchema } from '../workflow/check-summary.ts';
import { candidateSchema, trainSchema } from './events.ts';

const trainId = z.string();
const candidateId = z.string();
const target = (input: { trainId: string }) => input.trainId;
const internal = { v: 1, roles: INTERNAL, target };

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
    schema: z.strictObject({ taskId: z.string().max(60).describe('tsk_…, or a unique prefix of it'), reason }),
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
    schema: z.strictObject({ workflowId: z.string().max(60).describe('wfl_…, or a unique prefix of it'), reason }),
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
    schema: z.strictObject({ trainId, candidateId, onto: z.string(), commit: z.string(), tree: z.string() }),
  }),
  restart_merge: command({
    ...internal,
    summary: 'The branch moved underneath.',
    schema: z.strictObject({ trainId, candidateId, reason: z.string() }),
  }),
  land_candidate: command({
    ...internal,
    summary: 'The branch is at the merged commit.',
    schema: z.strictObject({
      trainId,
      candidateId,
      base: z.enum(['moved', 'left', 'not_asked']),
      reason: z.string().nullable(),
      check: checkSummarySchema.nullable(),
    }),
  }),
  refuse_candidate: command({
    ...internal,
    summary: 'The candidate does not merge, or the merged tree does not pass.',
    schema: z.strictObject({
      trainId,
      candidateId,
      code: z.string(),
      reason: z.string().max(60_000),
      files: z.array(z.string()),
      check: checkSummarySchema.nullable(),
    }),
  }),
  withdraw_candidate: command({
    ...internal,
    summary: 'Nobody wants it any more.',
    schema: z.strictObject({ trainId, candidateId, reason: z.string() }),
  }),
};
export type MergeTrainCommand = CommandsOf<typeof mergeTrainCommands>;
