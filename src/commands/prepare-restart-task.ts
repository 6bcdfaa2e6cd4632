import type { ActorHost } from '../actors/actor-host.ts';
import { type Failure, rejected } from '../kernel/errors.ts';
import type { Task } from '../machines/task/index.ts';

/** A task begins again only while its workflow goes on: nobody would take its work otherwise. */
export function prepareRestartTask(parts: { host: ActorHost }) {
  return async (input: { taskId: string }): Promise<{ taskId: string } | Failure> => {
    const task = await parts.host.read<Task>('task', input.taskId);
    if (task.value === 'absent') return input;
    const { candidate } = task.context.spec;
    if (candidate)
      return rejected(
        'task.candidate',
        `The task is a candidate of ${candidate.bestOfNId}; restart the task that it was to work for, and all try again.`,
      );
    const workflow = await parts.host.read('workflow', task.context.spec.workflowId);
    if (workflow.value === 'active' || workflow.value === 'paused') return input;
    return rejected('workflow.not_open', `The task's workflow is ${workflow.value} already; start another.`);
  };
}
