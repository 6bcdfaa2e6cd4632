import { deriveId } from '../kernel/ids.ts';
import { isFailure, messageOf } from '../kernel/errors.ts';
import type { Agent } from '../machines/agent/index.ts';
import type { Task } from '../machines/task/index.ts';
import { baseOf, branchOf } from './base.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { isServedElsewhere, owns } from './ownership.ts';
import { type Entity, isEndedAgent } from './entity.ts';
import type { World } from './world.ts';

/**
 * From the queue to an agent: a free slot goes to the first task in line, the slot's task is assigned, an agent is
 * requested for it, and the slot is given back when the agent has ended.
 */
export const dispatching = (parts: { runnerId: string }): Process => ({
  name: 'dispatching',
  concurrency: () => 16,
  obligations(entity, world, now) {
    if (entity.kind !== 'fleet') return [];
    return [...slotDuties(world, parts.runnerId), ...grants(world, now, parts.runnerId), ...serverTasks(world)];
  },
});

/**
 * The slot, the assignment and the request go to the disk together. Each of the last two is also owed for itself by whoever
 * holds a slot, for when they did not get there.
 */
function grants(world: World, now: number, runnerId: string): Obligation[] {
  const { cap, perAgent } = world.settings.fleet;
  const held = Object.values(world.fleet.context.slots);
  if (world.fleet.value !== 'open' || held.length >= cap) return [];
  const holding = new Set(held.map((slot) => slot.taskId));
  const used = new Map<string, number>();
  for (const slot of held) used.set(slot.agent, (used.get(slot.agent) ?? 0) + 1);
  const capOf = (agent: string) => (Object.hasOwn(perAgent, agent) ? (perAgent[agent] as number) : cap);
  const mayGo = (workflowId: string, agent: string | null) =>
    agent !== null &&
    isActive(workflowId, world) &&
    // What another living server will ask for keeps its place in the line, whoever is asked first.
    (owns(workflowId, world) || isServedElsewhere(workflowId, world, now)) &&
    !Object.hasOwn(world.fleet.context.stopped, agent) &&
    (used.get(agent) ?? 0) < capOf(agent);
  const out: Obligation[] = [];
  let free = cap - held.length;
  for (const taskId of world.line.next(mayGo)) {
    const task = world.tasks.get(taskId);
    if (!task || holding.has(taskId)) continue;
    const { spec, attempt, notBefore } = task.context;
    const agent = spec.agent as string;
    const next = attempt + 1;
    const agentId = deriveId('agt', [taskId, String(next)], taskId);
    const grant: Obligation = {
      key: `grant:${agentId}`,
      light: true,
      notBefore,
      cause: task,
      act: async (hands) => {
        const asked = await requestOf(agentId, task, next, agent, runnerId, hands);
        const answers = hands.sendInTurn(
          ['grant_slot', { agentId, taskId: task.id, workflowId: spec.workflowId, agent, attempt: next }],
          ['assign_task', { taskId: task.id, agentId, attempt: next }],
          ['request_agent', asked],
        );
        // The first is refused when the fleet has closed or filled up meanwhile; the obligation is then looked at again.
        for (const answer of await answers) await settled(Promise.resolve(answer));
      },
    };
    if (owns(spec.workflowId, world)) out.push(grant);
    // A task that pauses between attempts holds no place: who is behind it may go first.
    if (notBefore > now) continue;
    used.set(agent, (used.get(agent) ?? 0) + 1);
    if (--free === 0) break;
  }
  return out;
}

function isActive(workflowId: string, world: World): boolean {
  return world.workflows.get(workflowId)?.value === 'active';
}

function serverTasks(world: World): Obligation[] {
  const mayGo = (workflowId: string, agent: string | null) =>
    agent === null && isActive(workflowId, world) && owns(workflowId, world);
  return [...world.line.next(mayGo)]
    .flatMap((taskId) => world.tasks.get(taskId) ?? [])
    .map((task) => ({
      cause: task,
      key: `serve:${task.id}:${task.context.attempt + 1}`,
      light: true,
      notBefore: task.context.notBefore,
      act: async ({ send }) => void (await settled(send('run_by_server', { taskId: task.id }))),
    }));
}

function slotDuties(world: World, runnerId: string): Obligation[] {
  const out: Obligation[] = [];
  for (const [agentId, slot] of Object.entries(world.fleet.context.slots)) {
    if (!owns(slot.workflowId, world)) continue;
    const task = world.tasks.get(slot.taskId);
    const agent = world.agents.get(agentId);
    if (agent) {
      if (isEndedAgent(agent)) out.push(release(agentId, outcomeOf(agent, task, world), agent));
      continue;
    }
    if (task?.value === 'queued' && task.context.attempt === slot.attempt - 1)
      out.push(assign(agentId, task, slot.attempt));
    else if (task?.context.agentId === agentId && task.value === 'assigned')
      out.push(request(agentId, task, slot.agent, runnerId));
    else out.push(release(agentId, 'unused', task));
  }
  return out;
}

function assign(agentId: string, task: Entity<Task>, attempt: number): Obligation {
  return {
    key: `assign:${agentId}`,
    light: true,
    cause: task,
    act: async ({ send }) => {
      const answer = await send('assign_task', { taskId: task.id, agentId, attempt });
      if (isFailure(answer)) await settled(send('release_slot', { agentId, outcome: 'unused' }));
    },
  };
}

function request(agentId: string, task: Entity<Task>, agent: string, runnerId: string): Obligation {
  const { attempt } = task.context;
  return {
    key: `request:${agentId}`,
    cause: task,
    async act(hands) {
      await settled(hands.send('request_agent', await requestOf(agentId, task, attempt, agent, runnerId, hands)));
    },
  };
}

/** What is asked of the agent, with the base of its work if that can be told now. */
async function requestOf(
  agentId: string,
  task: Entity<Task>,
  attempt: number,
  agent: string,
  runnerId: string,
  { world, runner, log }: Hands,
): Promise<Record<string, unknown>> {
  const { workflowId, repositoryId, allowedTools } = task.context.spec;
  const worker = { taskId: task.id, workflowId, repositoryId, attempt };
  // What stands in the way is tried again, and told, once there is an agent that it can be told of.
  const base = await baseOf(worker, world, runner).catch((error: unknown) => {
    log.warn({ agentId, error: messageOf(error) }, 'an agent is requested without its base');
    return null;
  });
  const place = base === null ? {} : { branch: branchOf(task.id), base };
  return { agentId, ...worker, agent, runnerId, allowedTools, ...place };
}

function release(agentId: string, outcome: 'used' | 'unused' | 'died_at_once', cause?: Entity): Obligation {
  return {
    key: `release:${agentId}`,
    light: true,
    ...(cause && { cause }),
    act: async ({ send }) => void (await settled(send('release_slot', { agentId, outcome }))),
  };
}

/** An agent that ended in no time and said nothing has died at once; so has one that could not be started. */
function outcomeOf(agent: Entity<Agent>, task: Entity<Task> | undefined, world: World): 'used' | 'died_at_once' {
  const end = agent.context.end;
  if (!end || agent.context.stop) return 'used';
  if (end.how === 'failed') return 'died_at_once';
  const spoke =
    task?.context.attempt === agent.context.attempt &&
    (task.context.submitted?.how === 'reported' || task.context.code === 'agent_gave_up');
  return end.how === 'exited' && end.livedMs < world.settings.fleet.diedAtOnceMs && !spoke ? 'died_at_once' : 'used';
}
