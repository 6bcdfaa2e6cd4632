import type { Agent } from '../machines/agent/index.ts';
import { type BestOfN, runIdOf } from '../machines/best-of-n/index.ts';
import type { MergeTrain } from '../machines/merge-train/index.ts';
import { bestOfNIdOf, type Task } from '../machines/task/index.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import { type Entity, isEndedTask } from './entity.ts';
import type { World } from './world.ts';

/**
 * What may have got or lost an obligation by the event that has just been applied and made this of the entity. Cheap
 * however large a workflow is, but for what concerns the whole of it.
 */
export function relatedTo(entity: Entity, world: World): Entity[] {
  const others = [...relationsOf(entity, world)].filter((one) => one !== undefined);
  return entity.kind === 'config' ? others : [entity, ...others];
}

function relationsOf(entity: Entity, world: World): Iterable<Entity | undefined> {
  switch (entity.kind) {
    case 'task':
      return ofTask(entity as Entity<Task>, world);
    case 'agent':
      return [world.tasks.get((entity as Entity<Agent>).context.taskId), world.fleet];
    case 'workflow':
      return ofWorkflow(entity as Entity<Workflow>, world);
    case 'mergeTrain': {
      const { about } = (entity as Entity<MergeTrain>).context;
      return [world.workflows.get(about?.workflowId ?? ''), world.tasks.get(about?.taskId ?? '')];
    }
    case 'bestOfN':
      return ofBestOfN(entity as Entity<BestOfN>, world);
    case 'guardian':
      return [world.agents.get(entity.id)];
    case 'fleet':
      return world.living();
    case 'config':
      return world.everything();
    default:
      return [];
  }
}

function ofTask(task: Entity<Task>, world: World): (Entity | undefined)[] {
  const { spec, review } = task.context;
  return [
    // Work and its review wait for each other.
    world.tasks.get(spec.review?.taskId ?? ''),
    world.tasks.get(review?.reviewId ?? ''),
    world.bestOfNs.get(spec.candidate?.bestOfNId ?? bestOfNIdOf(task.context) ?? ''),
    world.workflows.get(spec.workflowId),
    world.fleet,
    ...world.agentsOf(task.id),
    ...(isEndedTask(task) ? world.trainsOf(spec.repositoryId) : []),
  ];
}

function ofWorkflow(workflow: Entity<Workflow>, world: World): Entity[] {
  return [
    ...world.tasksOf(workflow.id),
    world.fleet,
    ...world.trainsOf(workflow.context.repository.repositoryId),
    ...world.livingOf(workflow.id),
    ...world.bestOfNsOf(workflow.id),
  ];
}

function ofBestOfN({ context }: Entity<BestOfN>, world: World): (Entity | undefined)[] {
  return [
    world.workflows.get(runIdOf(context) ?? ''),
    world.tasks.get(context.taskId ?? context.spec?.taskId ?? ''),
    ...context.candidates.map(({ taskId }) => world.tasks.get(taskId ?? '')),
  ];
}
