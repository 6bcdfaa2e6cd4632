import type { Runner } from '../runtime/runner.ts';
import type { World } from './world.ts';

/** An agent, or one that is about to be requested. */
interface Worker {
  taskId: string;
  workflowId: string;
  repositoryId: string;
  attempt: number;
}

export const branchOf = (taskId: string): string => `heph/${taskId}`;

/** The candidate of one attempt at a task. */
export function candidateIdOf(taskId: string, attempt: number): string {
  return `${taskId}-${attempt}`;
}

/** Where an attempt begins: further rounds go on where the last one stands, otherwise on the run's tip. Null when the task has ended. */
export async function baseOf(worker: Worker, world: World, runner: Runner): Promise<string | null> {
  const { taskId, workflowId, repositoryId, attempt } = worker;
  const workflow = world.workflows.get(workflowId);
  const task = world.tasks.get(taskId);
  if (!workflow || !task) return null;
  const { review, candidate } = task.context.spec;
  if (review) return review.commit;
  // All candidates begin at the same place, whatever is merged meanwhile.
  if (candidate) return candidate.base;
  const since = task.context.worktreeSince ?? attempt;
  const previous = world.agentsOf(taskId).filter(({ context }) => {
    return context.base !== null && context.attempt >= since && context.attempt < attempt;
  });
  const last = previous.sort((a, b) => b.context.attempt - a.context.attempt)[0];
  const tip = await runner.readBranch({ repositoryId, branch: workflow.context.runBranch });
  const fresh = world.candidates.get(candidateIdOf(taskId, attempt - 1))?.outcome === 'refused';
  return last?.context.base && !fresh ? last.context.base : (tip ?? workflow.context.repository.baseCommit);
}
