import type { z } from 'zod';
import type { ActorHost } from '../actors/actor-host.ts';
import { type Failure, isFailure, rejected } from '../kernel/errors.ts';
import { deriveId } from '../kernel/ids.ts';
import { baseTrainOf, type preparedRevert, runTrainOf, type TrainSpec } from '../machines/merge-train/index.ts';
import type { Task } from '../machines/task/index.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import type { PreparationContext } from './command-bus.ts';

type Prepared = z.infer<typeof preparedRevert>;
interface Parts {
  host: ActorHost;
}

/** What of a task is in a branch of which train: the run's own while it goes on, the base branch's when it was delivered. */
export function prepareRevertTask({ host }: Parts) {
  return async (
    input: { taskId: string; reason: string },
    { commandId }: PreparationContext,
  ): Promise<Prepared | Failure> => {
    const { value, context: task } = await host.read<Task>('task', input.taskId);
    if (value === 'absent') return rejected('task.not_open', 'There is no such task.');
    const brought = task.tree?.commit;
    if (!task.merged || !brought)
      return rejected('revert.not_merged', `The task ${input.taskId} has merged nothing; it is ${value}.`);
    const { taskId, workflowId, title } = task.spec;
    const workflow = await host.read<Workflow>('workflow', workflowId);
    const train = trainHolding(workflow.value, workflow.context);
    if (isFailure(train)) return train;
    const what = { taskId, attempt: task.attempt, commit: task.merged, brought, title };
    return candidateFor(train, workflow.context, what, input.reason, commandId);
  };
}

/** Everything that a run has delivered to its base branch. */
export function prepareRevertWorkflow({ host }: Parts) {
  return async (
    input: { workflowId: string; reason: string },
    { commandId }: PreparationContext,
  ): Promise<Prepared | Failure> => {
    const { value, context: workflow } = await host.read<Workflow>('workflow', input.workflowId);
    if (value === 'absent') return rejected('workflow.not_open', 'There is no such workflow.');
    const commit = workflow.delivery?.commit;
    const brought = workflow.delivering?.commit;
    if (workflow.delivery?.base !== 'moved' || !commit || !brought) return notDelivered(value, workflow);
    const what = { taskId: null, attempt: 1, commit, brought, title: workflow.goal.split('\n')[0] ?? '' };
    return candidateFor(baseTrainOf(workflow), workflow, what, input.reason, commandId);
  };
}

function trainHolding(value: string, workflow: Workflow): TrainSpec | Failure {
  if (workflow.delivery?.base === 'moved') return baseTrainOf(workflow);
  const goesOn = (value === 'active' || value === 'paused') && !workflow.delivering;
  return goesOn ? runTrainOf(workflow) : notDelivered(value, workflow);
}

function notDelivered(value: string, { workflowId, runBranch, repository }: Workflow): Failure {
  return rejected(
    'revert.not_merged',
    `The run ${workflowId} is ${value} and has delivered nothing to ${repository.baseBranch}; its work is on ${runBranch} only.`,
  );
}

function candidateFor(
  train: TrainSpec,
  workflow: Workflow,
  {
    title,
    brought,
    ...merge
  }: { taskId: string | null; attempt: number; commit: string; brought: string; title: string },
  reason: string,
  commandId: string,
): Prepared {
  const { workflowId, check, baseline, repository } = workflow;
  const of = merge.taskId === null ? '' : `Task: ${merge.taskId}\n`;
  const why = reason === '' ? '' : `${reason}\n\n`;
  const message = `Revert: ${title}\n\n${why}This takes ${merge.commit} out again.\n\n${of}Run: ${workflowId}\n`;
  const revert = { brought, check, baseline, baseCommit: repository.baseCommit, reason };
  const candidateId = deriveId('cnd', [commandId], commandId);
  return { trainId: train.trainId, train, candidate: { candidateId, workflowId, ...merge, message, revert } };
}
