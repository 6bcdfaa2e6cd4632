import { isServersOwn } from '../machines/task/index.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import type { Entity } from './entity.ts';
import type { World } from './world.ts';

/** The commit that the server's own task judged last, and found good; null when none has. */
export function lastVerified(
  workflow: Entity<Workflow>,
  world: World,
): { taskId: string; phase: string; attempt: number; commit: string | null } | null {
  const judged = world
    .tasksOf(workflow.id)
    .filter((task) => task.value === 'done' && isServersOwn(task.context.spec) && task.context.tree);
  const last = judged.sort((a, b) => a.arrived - b.arrived).at(-1);
  if (!last) return null;
  const { spec, attempt, tree } = last.context;
  return { taskId: last.id, phase: spec.phase, attempt, commit: tree?.commit ?? null };
}
