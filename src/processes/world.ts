import { ACTORS } from '../actors/catalogue.ts';
import type { Agent } from '../machines/agent/index.ts';
import { CONFIG_ID, type Config, configActor, type Settings } from '../machines/config/index.ts';
import type { ActorState } from '../machines/define-actor.ts';
import { FLEET_ID, type Fleet, fleetActor } from '../machines/fleet/index.ts';
import type { MergeTrain, MergeTrainFact } from '../machines/merge-train/index.ts';
import type { Task } from '../machines/task/index.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import { messageOf } from '../kernel/errors.ts';
import { categoryOf, type StoredEvent } from '../store/event-store.ts';

/**
 * What processes know: every actor that can still have an obligation, folded by its own machine from the log. It is a
 * cache like any projection and holds no truth. What has ended for good is let go of: a workflow with its tasks and
 * agents, once none of them can change any more.
 */
export interface Entity<C = unknown> {
  kind: string;
  id: string;
  value: string;
  context: C;
  /** The last event: what causes whatever follows. */
  last: { id: string; correlationId: string; at: number };
}

export type CandidateEnd =
  | { outcome: 'landed'; commit: string; from: string; base: 'moved' | 'left' | 'not_asked'; reason: string | null }
  | { outcome: 'refused'; code: string; reason: string; files: string[] }
  | { outcome: 'withdrawn' };

const TASK_ENDED = new Set(['done', 'failed', 'cancelled', 'duplicated']);
const AGENT_ENDED = new Set(['exited', 'lost']);
const WORKFLOW_ENDED = new Set(['completed', 'failed', 'cancelled']);

export const isEndedTask = (task: Entity): boolean => TASK_ENDED.has(task.value);
export const isEndedAgent = (agent: Entity): boolean => AGENT_ENDED.has(agent.value);
export const isEndedWorkflow = (workflow: Entity): boolean => WORKFLOW_ENDED.has(workflow.value);

export class World {
  position = 0n;
  readonly tasks = new Map<string, Entity<Task>>();
  readonly agents = new Map<string, Entity<Agent>>();
  readonly workflows = new Map<string, Entity<Workflow>>();
  readonly trains = new Map<string, Entity<MergeTrain>>();
  /** How each candidate of a merge train ended. */
  readonly candidates = new Map<string, CandidateEnd>();
  readonly poisoned = new Map<string, string>();
  fleet: Entity<Fleet> = blank('fleet', FLEET_ID, fleetActor.start());
  config: Entity<Config> = blank('config', CONFIG_ID, configActor.start());

  private readonly taskIds = new Map<string, Set<string>>();
  private readonly agentIds = new Map<string, Set<string>>();
  private readonly agentByToken = new Map<string, string>();

  get settings(): Settings {
    return this.config.context.settings;
  }

  /** Folds one event in; answers the entity it changed, or null when nobody cares. */
  apply(event: StoredEvent): Entity | null {
    this.position = event.position;
    const kind = categoryOf(event.stream);
    const id = event.stream.slice(kind.length + 1);
    const actor = ACTORS.get(kind);
    if (!actor || !actor.facts[event.type] || this.poisoned.has(event.stream)) return null;
    const before = this.entity(kind, id);
    // An entity that was let go of, or a stream whose beginning nobody has: not ours to follow any more.
    if (!before && event.revision > 0) return null;
    const state = before
      ? { value: before.value, context: before.context, revision: event.revision - 1 }
      : actor.start();
    try {
      const after = actor.step(state, { type: event.type, v: event.v, data: event.data }, event.at);
      const last = { id: event.id, correlationId: event.meta.correlationId, at: event.at };
      const entity: Entity = { kind, id, value: after.value, context: after.context, last };
      this.keep(entity, event);
      return entity;
    } catch (error) {
      this.poisoned.set(event.stream, messageOf(error));
      return null;
    }
  }

  entity(kind: string, id: string): Entity | undefined {
    switch (kind) {
      case 'task':
        return this.tasks.get(id);
      case 'agent':
        return this.agents.get(id);
      case 'workflow':
        return this.workflows.get(id);
      case 'mergeTrain':
        return this.trains.get(id);
      case 'fleet':
        return this.fleet;
      case 'config':
        return this.config;
    }
  }

  tasksOf(workflowId: string): Entity<Task>[] {
    return present(this.taskIds.get(workflowId), this.tasks);
  }

  agentsOf(taskId: string): Entity<Agent>[] {
    return present(this.agentIds.get(taskId), this.agents);
  }

  /** How many tasks the workflow has grown to. */
  countTasks(workflowId: string): number {
    return this.taskIds.get(workflowId)?.size ?? 0;
  }

  /** The living agent that was given the token with that hash. */
  agentOfToken(hash: string): Entity<Agent> | undefined {
    const agent = this.agents.get(this.agentByToken.get(hash) ?? '');
    return agent && !isEndedAgent(agent) ? agent : undefined;
  }

  /** What may have got or lost an obligation when this entity changed. */
  related(entity: Entity): Entity[] {
    const out: (Entity | undefined)[] = [entity];
    switch (entity.kind) {
      case 'task': {
        const task = (entity as Entity<Task>).context;
        out.push(this.workflows.get(task.spec.workflowId), this.fleet, ...this.agentsOf(entity.id));
        break;
      }
      case 'agent':
        out.push(this.tasks.get((entity as Entity<Agent>).context.taskId), this.fleet);
        break;
      case 'workflow':
        out.push(...this.tasksOf(entity.id), this.fleet);
        break;
      case 'mergeTrain':
        for (const workflow of this.workflows.values()) {
          if (workflow.context.repository.repositoryId === (entity as Entity<MergeTrain>).context.spec?.repositoryId)
            out.push(workflow, ...this.tasksOf(workflow.id));
        }
        break;
      case 'fleet':
      case 'config':
        out.push(this.fleet, ...this.agents.values());
        break;
    }
    return out.filter((one) => one !== undefined);
  }

  everything(): Entity[] {
    return [
      this.config,
      this.fleet,
      ...this.workflows.values(),
      ...this.tasks.values(),
      ...this.agents.values(),
      ...this.trains.values(),
    ];
  }

  private keep(entity: Entity, event: StoredEvent): void {
    switch (entity.kind) {
      case 'task': {
        const task = entity as Entity<Task>;
        this.tasks.set(entity.id, task);
        indexed(this.taskIds, task.context.spec.workflowId).add(entity.id);
        if (isEndedTask(entity)) this.letGo(task.context.spec.workflowId);
        break;
      }
      case 'agent': {
        const agent = entity as Entity<Agent>;
        this.agents.set(entity.id, agent);
        indexed(this.agentIds, agent.context.taskId).add(entity.id);
        const token = agent.context.started?.tokenHash;
        if (token) this.agentByToken.set(token, entity.id);
        if (isEndedAgent(entity)) {
          if (token) this.agentByToken.delete(token);
          this.letGo(agent.context.workflowId);
        }
        break;
      }
      case 'workflow':
        this.workflows.set(entity.id, entity as Entity<Workflow>);
        if (isEndedWorkflow(entity)) this.letGo(entity.id);
        break;
      case 'mergeTrain':
        this.trains.set(entity.id, entity as Entity<MergeTrain>);
        this.recordCandidate({ type: event.type, v: event.v, data: event.data } as MergeTrainFact);
        break;
      case 'fleet': {
        this.fleet = entity as Entity<Fleet>;
        if (event.type === 'SlotReleased')
          this.letGo(this.agents.get(String(event.data.agentId))?.context.workflowId ?? '');
        break;
      }
      case 'config':
        this.config = entity as Entity<Config>;
        break;
    }
  }

  private recordCandidate(fact: MergeTrainFact): void {
    switch (fact.type) {
      case 'CandidateLanded': {
        const { candidateId, commit, from, base, reason } = fact.data;
        this.candidates.set(candidateId, { outcome: 'landed', commit, from, base, reason });
        break;
      }
      case 'CandidateRefused': {
        const { candidateId, code, reason, files } = fact.data;
        this.candidates.set(candidateId, { outcome: 'refused', code, reason, files });
        break;
      }
      case 'CandidateWithdrawn':
        this.candidates.set(fact.data.candidateId, { outcome: 'withdrawn' });
        break;
    }
  }

  /** Forgets a workflow whose every part has come to its end and holds no slot. */
  private letGo(workflowId: string): void {
    const workflow = this.workflows.get(workflowId);
    if (!workflow || !isEndedWorkflow(workflow)) return;
    const tasks = this.tasksOf(workflowId);
    if (!tasks.every(isEndedTask)) return;
    const agents = tasks.flatMap((task) => this.agentsOf(task.id));
    if (!agents.every((agent) => isEndedAgent(agent) && !this.fleet.context.slots[agent.id])) return;
    for (const agent of agents) this.agents.delete(agent.id);
    for (const task of tasks) {
      this.tasks.delete(task.id);
      this.agentIds.delete(task.id);
    }
    this.taskIds.delete(workflowId);
    this.workflows.delete(workflowId);
  }
}

function blank<C>(kind: string, id: string, state: ActorState<C>): Entity<C> {
  return { kind, id, value: state.value, context: state.context, last: { id: '', correlationId: '', at: 0 } };
}

function present<E>(ids: Set<string> | undefined, entities: Map<string, E>): E[] {
  const out: E[] = [];
  for (const id of ids ?? []) {
    const entity = entities.get(id);
    if (entity) out.push(entity);
  }
  return out;
}

function indexed(index: Map<string, Set<string>>, key: string): Set<string> {
  let ids = index.get(key);
  if (!ids) index.set(key, (ids = new Set()));
  return ids;
}
