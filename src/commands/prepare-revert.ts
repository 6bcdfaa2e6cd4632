import type { z } from 'zod';
import type { ActorHost } from '../actors/actor-host.ts';
import { type Failure, invalid, isFailure, rejected } from '../kernel/errors.ts';
import { deriveId } from '../kernel/ids.ts';
import { wordOf } from '../kernel/state-words.ts';
import { presetOf } from '../machines/config/index.ts';
import {
  baseTrainOf,
  type MergeTrain,
  type preparedRevert,
  runTrainOf,
  type TrainSpec,
} from '../machines/merge-train/index.ts';
import type { Task } from '../machines/task/index.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import type { PreparationContext } from './command-bus.ts';

type Prepared = z.infer<typeof preparedRevert>;
interface Parts {
  host: ActorHost;
}
interface Wish {
  reason: string;
  agent?: string | undefined;
}

/** What of a task is in a branch of which train: the run's own while it goes on, the base branch's when it was delivered. */
export function prepareRevertTask({ host }: Parts) {
  return async (input: { taskId: string } & Wish, { commandId }: PreparationContext): Promise<Prepared | Failure> => {
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
    return candidateFor(train, workflow.context, what, input, { host, commandId });
  };
}

/** Everything that a run has delivered to its base branch. */
export function prepareRevertWorkflow({ host }: Parts) {
  return async (
    input: { workflowId: string } & Wish,
    { commandId }: PreparationContext,
  ): Promise<Prepared | Failure> => {
    const { value, context: workflow } = await host.read<Workflow>('workflow', input.workflowId);
    if (value === 'absent') return rejected('workflow.not_open', 'There is no such workflow.');
    const commit = workflow.delivery?.commit;
    const brought = workflow.delivering?.commit;
    if (workflow.delivery?.base !== 'moved' || !commit || !brought) return notDelivered(value, workflow);
    const what = { taskId: null, attempt: 1, commit, brought, title: workflow.goal.split('\n')[0] ?? '' };
    return candidateFor(baseTrainOf(workflow), workflow, what, input, { host, commandId });
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

async function candidateFor(
  train: TrainSpec,
  workflow: Workflow,
  {
    title,
    brought,
    ...merge
  }: { taskId: string | null; attempt: number; commit: string; brought: string; title: string },
  { reason, agent: wanted }: Wish,
  { host, commandId }: Parts & { commandId: string },
): Promise<Prepared | Failure> {
  const problem = await underWay(train, merge.commit, host);
  if (problem) return problem;
  const agent = resolver(wanted, workflow.agent, host);
  if (isFailure(agent)) return agent;
  const { workflowId, check, baseline, repository } = workflow;
  const of = merge.taskId === null ? '' : `Task: ${merge.taskId}\n`;
  const why = reason === '' ? '' : `${reason}\n\n`;
  const message = `Revert: ${title}\n\n${why}This takes ${merge.commit} out again.\n\n${of}Run: ${workflowId}\n`;
  const revert = { brought, check, baseline, baseCommit: repository.baseCommit, reason, ...agent };
  const candidateId = deriveId('cnd', [commandId], commandId);
  return { trainId: train.trainId, train, candidate: { candidateId, workflowId, ...merge, message, revert } };
}

/** Whether an agent is at it, or has done it, since it did not come out by itself. Whoever gave up may be followed by another. */
async function underWay(train: TrainSpec, commit: string, host: ActorHost): Promise<Failure | null> {
  const { context } = await host.read<MergeTrain>('mergeTrain', train.trainId);
  const last = context.handedOver.findLast((one) => one.commit === commit);
  if (!last) return null;
  const { workflowId, taskId } = last;
  const { value } = await host.read(taskId === null ? 'workflow' : 'task', taskId ?? workflowId);
  if (['failed', 'cancelled', 'duplicated', 'absent'].includes(value)) return null;
  const what = `${taskId ?? workflowId} takes ${commit.slice(0, 12)} out of ${train.branch}`;
  return rejected('revert.done_already', `${what} and is ${wordOf(value)}.`);
}

/** Who gets it when it conflicts: the one that was named, or the run's own agent where that one can read a conflict. */
function resolver(wanted: string | undefined, own: string, host: ActorHost): { agent?: string } | Failure {
  const name = wanted ?? own;
  const preset = presetOf(name, host.config().settings.agents);
  if (preset && preset.conflicts !== 'anew') return { agent: name };
  if (wanted === undefined) return {};
  const why = preset ? `The agent ${name} cannot read a conflict.` : `There is no agent named ${JSON.stringify(name)}.`;
  return invalid('agent.unknown_preset', `${why} Name another one, or none.`);
}
