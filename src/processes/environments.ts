import type { Task } from '../machines/task/index.ts';
import { type Process, settled } from './define-process.ts';
import { type Entity, isEndedAgent, isEndedTask, isEndedWorkflow } from './entity.ts';
import type { World } from './world.ts';

/**
 * Working copies do not rot: a task's worktree goes when nobody can need it any more. That is at once for work that is
 * merged, and at the end of its workflow for what failed or was cancelled. What it holds beyond our refs is kept by the
 * runner, under a rescue ref that the fact names.
 */
export const environments: Process = {
  name: 'environments',
  concurrency: () => 4,
  obligations(entity, world) {
    if (entity.kind !== 'task') return [];
    const task = entity as Entity<Task>;
    if (task.context.worktreeSince === null || !isDisposable(task, world)) return [];
    const { repositoryId } = task.context.spec;
    return [
      {
        key: `remove:${task.id}:${task.context.worktreeSince}`,
        async act({ runner, send }) {
          const { rescued } = await runner.removeWorktree({ taskId: task.id, repositoryId });
          await settled(send('record_worktree_removed', { taskId: task.id, rescued }));
        },
      },
    ];
  },
};

function isDisposable(task: Entity<Task>, world: World): boolean {
  if (!isEndedTask(task) || !world.agentsOf(task.id).every(isEndedAgent)) return false;
  const workflow = world.workflows.get(task.context.spec.workflowId);
  return task.value === 'done' || task.value === 'duplicated' || !workflow || isEndedWorkflow(workflow);
}
