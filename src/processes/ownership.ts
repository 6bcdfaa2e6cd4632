import type { Agent } from '../machines/agent/index.ts';
import type { BestOfN } from '../machines/best-of-n/index.ts';
import type { Guardian } from '../machines/guardian/index.ts';
import { candidatesOf, type MergeTrain } from '../machines/merge-train/index.ts';
import type { Pruning } from '../machines/pruning/index.ts';
import { leaseEndsAt } from '../machines/runner/index.ts';
import type { Task } from '../machines/task/index.ts';
import type { Entity } from './entity.ts';
import type { World } from './world.ts';

/**
 * Who acts. On a log that several servers share, work belongs to the runner whose server accepted it, with everything that
 * grows from it: a task and an agent follow their workflow, a merge train the candidate whose turn it is. So nothing is
 * done twice, and no obligation needs a lock. What belongs to nobody is done by whoever sees it: that is commands only,
 * and the same command sent twice happens once. The fleet is everybody's; each of its slots is its workflow's.
 */
export function isOurs(entity: Entity, world: World): boolean {
  const owner = ownerOf(entity, world);
  return world.runnerId === null || owner === null || owner === world.runnerId;
}

/** The runner that an entity belongs to; null for what is everybody's. */
export function ownerOf(entity: Entity, world: World): string | null {
  switch (entity.kind) {
    case 'workflow':
      return ownerOfWorkflow(entity.id, world);
    case 'task':
      return ownerOfWorkflow((entity as Entity<Task>).context.spec.workflowId, world);
    case 'agent': {
      const { workflowId, runnerId } = (entity as Entity<Agent>).context;
      return world.workflows.has(workflowId) ? ownerOfWorkflow(workflowId, world) : runnerId;
    }
    case 'mergeTrain': {
      const [first] = candidatesOf((entity as Entity<MergeTrain>).context);
      return ownerOfWorkflow(first?.workflowId ?? '', world);
    }
    case 'bestOfN': {
      const { workflowId, spec } = (entity as Entity<BestOfN>).context;
      // Its run may be forgotten when it is scored again. Until it has one there are only commands to send: nobody's.
      if (workflowId === null) return null;
      return world.workflows.has(workflowId) ? ownerOfWorkflow(workflowId, world) : (spec?.runnerId ?? null);
    }
    case 'guardian':
      return (entity as Entity<Guardian>).context.watched?.runnerId ?? null;
    case 'pruning':
      return (entity as Entity<Pruning>).context.spec?.runnerId ?? null;
    default:
      return null;
  }
}

/** Whether what the workflow asks for is this server's to do. */
export function owns(workflowId: string, world: World): boolean {
  const owner = ownerOfWorkflow(workflowId, world);
  return world.runnerId === null || owner === null || owner === world.runnerId;
}

/** Whether another server lives that does what the workflow asks for. */
export function isServedElsewhere(workflowId: string, world: World, now: number): boolean {
  return !owns(workflowId, world) && !isGone(ownerOfWorkflow(workflowId, world) ?? '', world, now);
}

/** Nobody has heard of the runner for as long as its lease was. */
export function isGone(runnerId: string, world: World, now: number): boolean {
  const runner = world.runners.get(runnerId);
  return !runner || leaseEndsAt(runner.context) <= now;
}

export function ownerOfWorkflow(workflowId: string, world: World): string | null {
  return world.workflows.get(workflowId)?.context.runnerId ?? null;
}
