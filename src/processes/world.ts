import { ACTORS } from '../actors/catalogue.ts';
import type { Agent } from '../machines/agent/index.ts';
import { type BestOfN, openRescoring, runIdOf } from '../machines/best-of-n/index.ts';
import { CONFIG_ID, type Config, configActor, type Settings } from '../machines/config/index.ts';
import { actorStreamOf, carriedFrom, isCarryOver } from '../machines/carry-over.ts';
import type { ActorKind, Fact } from '../machines/define-actor.ts';
import { FLEET_ID, type Fleet, fleetActor } from '../machines/fleet/index.ts';
import type { Guardian } from '../machines/guardian/index.ts';
import type { MergeTrain, MergeTrainFact } from '../machines/merge-train/index.ts';
import type { Pruning } from '../machines/pruning/index.ts';
import type { RunnerState } from '../machines/runner/index.ts';
import { noTask, type Task } from '../machines/task/index.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import { messageOf } from '../kernel/errors.ts';
import { categoryOf, type StoredEvent } from '../store/event-store.ts';
import { CandidateEnds, type SavedCandidateEnd } from './candidate-ends.ts';
import { blankEntity, type Entity, isEndedAgent, isEndedBestOfN, isEndedTask, isEndedWorkflow } from './entity.ts';
import { indexed, present } from './indices.ts';
import { Line } from './line.ts';
import { addTask, emptyTally, type Tally } from './tally.ts';

export interface SavedWorld {
  entities: Entity[];
  candidates: SavedCandidateEnd[];
}

/**
 * What processes know: every actor that can still have an obligation, folded by its own machine from the log. It is a
 * cache like any projection and holds no truth. What has ended for good is let go of: a workflow with its tasks and
 * agents, once none of them can change any more.
 */
export class World {
  position = 0n;
  /** Whose world it is, where several servers share the log; null where there is one. Not saved. */
  runnerId: string | null = null;
  readonly tasks = new Map<string, Entity<Task>>();
  readonly agents = new Map<string, Entity<Agent>>();
  readonly workflows = new Map<string, Entity<Workflow>>();
  readonly trains = new Map<string, Entity<MergeTrain>>();
  /** Kept when its run is let go of: it may be scored again at any time. */
  readonly bestOfNs = new Map<string, Entity<BestOfN>>();
  /** Until they are over. */
  readonly prunings = new Map<string, Entity<Pruning>>();
  /** By agent, as long as the agent is here, or one that nobody knows is warned of. */
  readonly guardians = new Map<string, Entity<Guardian>>();
  /** Of a log that several servers share. */
  readonly runners = new Map<string, Entity<RunnerState>>();
  /** How each candidate of a merge train ended. */
  readonly candidates = new CandidateEnds();
  readonly poisoned = new Map<string, string>();
  /** The queued tasks, in their order. */
  readonly line = new Line();
  fleet: Entity<Fleet> = blankEntity('fleet', FLEET_ID, fleetActor.start());
  config: Entity<Config> = blankEntity('config', CONFIG_ID, configActor.start());

  /** What a world can be made of again; the indices follow from it. Throws when an event could not be folded: a later version may. */
  save(): SavedWorld {
    if (this.poisoned.size > 0) throw new Error(`${this.poisoned.size} streams could not be folded`);
    return { entities: this.everything(), candidates: this.candidates.save() };
  }

  static restore(saved: SavedWorld): World {
    const world = new World();
    for (const entity of saved.entities) world.place(entity);
    for (const end of saved.candidates) world.candidates.place(end);
    return world;
  }

  private readonly taskIds = new Map<string, Set<string>>();
  private readonly agentIds = new Map<string, Set<string>>();
  private readonly agentByToken = new Map<string, string>();
  private readonly bestOfNIds = new Map<string, Set<string>>();
  private readonly livingIds = new Set<string>();
  private readonly tallies = new Map<string, Tally>();

  get settings(): Settings {
    return this.config.context.settings;
  }

  /** Folds one event in; answers the entity it changed, or null when nobody cares. */
  apply(event: StoredEvent): Entity | null {
    this.position = event.position;
    const stream = actorStreamOf(event.stream);
    const kind = categoryOf(stream);
    const id = stream.slice(kind.length + 1);
    const actor = ACTORS.get(kind);
    if (!actor || this.poisoned.has(stream)) return null;
    if (isCarryOver(actor, event.type)) return this.carry(actor, this.entity(kind, id), event);
    if (!actor.facts[event.type]) return null;
    const before = this.entity(kind, id) ?? this.late(kind, id, event);
    // An entity that was let go of, or a stream whose beginning nobody has: not ours to follow any more.
    if (!before && event.revision > 0) return null;
    const state = before
      ? { value: before.value, context: before.context, revision: event.revision - 1 }
      : actor.start();
    try {
      const after = actor.step(state, { type: event.type, v: event.v, data: event.data }, event.at);
      const last = { id: event.id, correlationId: event.meta.correlationId, at: event.at };
      const comes = !before || event.type === 'TaskRestarted';
      const arrived = comes ? Number(event.position) : before.arrived;
      const began = before?.began ?? Number(event.position);
      const entity: Entity = { kind, id, value: after.value, context: after.context, last, arrived, began };
      if (kind === 'workflow') entity.phasesAt = phasesAt(before, after.context as Workflow, event);
      this.keep(entity, before, event);
      return entity;
    } catch (error) {
      this.poisoned.set(stream, messageOf(error));
      return null;
    }
  }

  /** The actor decides upon what it has carried, so that holds here too. It is what was known; nothing follows from it. */
  private carry(
    actor: ActorKind<unknown, Fact>,
    before: Entity | undefined,
    { type, stream, data }: StoredEvent,
  ): null {
    if (!before || type !== 'CarriedFrom') return null;
    try {
      this.place({ ...before, ...carriedFrom(actor, data).state }, before);
    } catch (error) {
      this.poisoned.set(actorStreamOf(stream), messageOf(error));
    }
    return null;
  }

  /**
   * A task may be restarted in the moment in which its workflow ends, and comes back when both were let go of already.
   * What is needed to close it is in the event itself.
   */
  private late(kind: string, id: string, event: StoredEvent): Entity | undefined {
    if (kind !== 'task' || event.type !== 'TaskRestarted') return undefined;
    const { from, scope } = event.meta;
    const spec = { ...noTask().spec, taskId: id, workflowId: scope?.workflowId ?? '' };
    return { ...blankEntity(kind, id, { value: from ?? 'failed', context: { ...noTask(), spec }, revision: 0 }) };
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
      case 'bestOfN':
        return this.bestOfNs.get(id);
      case 'pruning':
        return this.prunings.get(id);
      case 'guardian':
        return this.guardians.get(id);
      case 'runner':
        return this.runners.get(id);
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

  /** The agents of the workflow that have not ended. */
  livingOf(workflowId: string): Entity<Agent>[] {
    return this.living().filter(({ context }) => context.workflowId === workflowId);
  }

  bestOfNsOf(workflowId: string): Entity<BestOfN>[] {
    return present(this.bestOfNIds.get(workflowId), this.bestOfNs);
  }

  /** How many tasks the workflow has grown to. */
  countTasks(workflowId: string): number {
    return this.taskIds.get(workflowId)?.size ?? 0;
  }

  /** Tasks of the workflow that have not ended, in phases up to that index. */
  countOpen(workflowId: string, phaseIndexMax: number): number {
    const open = this.tallies.get(workflowId)?.open ?? [];
    return open.slice(0, phaseIndexMax + 1).reduce((sum, count) => sum + count, 0);
  }

  /** Where in the log the youngest task of a phase was created; 0 when it has none. */
  lastCreated(workflowId: string, phase: string): number {
    return this.tallies.get(workflowId)?.lastCreated.get(phase) ?? 0;
  }

  /** What the workflow's agents say they have used. */
  usageOf(workflowId: string): { costUsd: number; tokens: number } {
    return this.tallies.get(workflowId) ?? { costUsd: 0, tokens: 0 };
  }

  /** The living agent that was given the token with that hash. */
  agentOfToken(hash: string): Entity<Agent> | undefined {
    const agent = this.agents.get(this.agentByToken.get(hash) ?? '');
    return agent && !isEndedAgent(agent) ? agent : undefined;
  }

  /** The agents that have not ended. */
  living(): Entity<Agent>[] {
    return present(this.livingIds, this.agents);
  }

  trainsOf(repositoryId: string): Entity<MergeTrain>[] {
    return [...this.trains.values()].filter((train) => train.context.spec?.repositoryId === repositoryId);
  }

  everything(): Entity[] {
    return [
      this.config,
      this.fleet,
      ...this.workflows.values(),
      ...this.tasks.values(),
      ...this.agents.values(),
      ...this.trains.values(),
      ...this.bestOfNs.values(),
      ...this.prunings.values(),
      ...this.guardians.values(),
      ...this.runners.values(),
    ];
  }

  private keep(entity: Entity, before: Entity | undefined, event: StoredEvent): void {
    this.place(entity, before);
    switch (entity.kind) {
      case 'task':
        if (isEndedTask(entity)) this.letGo((entity as Entity<Task>).context.spec.workflowId);
        break;
      case 'agent':
        if (isEndedAgent(entity)) this.letGo((entity as Entity<Agent>).context.workflowId);
        break;
      case 'workflow':
        if (isEndedWorkflow(entity)) this.letGo(entity.id);
        break;
      case 'mergeTrain': {
        const { about } = (entity as Entity<MergeTrain>).context;
        const workflowId = about?.workflowId ?? '';
        // Of a run that was let go of nobody asks.
        if (this.workflows.has(workflowId))
          this.candidates.record(about, { type: event.type, v: event.v, data: event.data } as MergeTrainFact);
        this.letGo(workflowId);
        break;
      }
      case 'bestOfN':
        this.letGo(runIdOf((entity as Entity<BestOfN>).context) ?? '');
        break;
      case 'pruning':
        if (entity.value !== 'pruning') this.prunings.delete(entity.id);
        break;
      case 'guardian':
        // Of one that is not here nothing but an orphan is looked after; its warning comes with the beginning.
        if (event.type !== 'WatchBegun') this.letGoOfGuardian(entity.id);
        break;
      case 'fleet':
        if (event.type === 'SlotReleased')
          this.letGo(this.agents.get(String(event.data.agentId))?.context.workflowId ?? '');
        break;
    }
  }

  /** Puts an entity in its place and into the indices; whether something may be let go of is not asked. */
  private place(entity: Entity, before?: Entity): void {
    switch (entity.kind) {
      case 'task':
        return this.placeTask(entity as Entity<Task>, before as Entity<Task> | undefined);
      case 'agent':
        return this.placeAgent(entity as Entity<Agent>);
      case 'workflow':
        return void this.workflows.set(entity.id, entity as Entity<Workflow>);
      case 'mergeTrain':
        return void this.trains.set(entity.id, entity as Entity<MergeTrain>);
      case 'bestOfN':
        return this.placeBestOfN(entity as Entity<BestOfN>);
      case 'pruning':
        return void this.prunings.set(entity.id, entity as Entity<Pruning>);
      case 'guardian':
        return void this.guardians.set(entity.id, entity as Entity<Guardian>);
      case 'runner':
        return void this.runners.set(entity.id, entity as Entity<RunnerState>);
      case 'fleet':
        this.fleet = entity as Entity<Fleet>;
        return;
      case 'config':
        this.config = entity as Entity<Config>;
    }
  }

  private placeTask(task: Entity<Task>, before: Entity<Task> | undefined): void {
    const { workflowId } = task.context.spec;
    this.tasks.set(task.id, task);
    this.line.place(task);
    indexed(this.taskIds, workflowId).add(task.id);
    addTask(this.tallyOf(workflowId), task, isEndedTask(task) ? 0 : 1);
    if (before) addTask(this.tallyOf(workflowId), before, isEndedTask(before) ? 0 : -1, -1);
  }

  private tallyOf(workflowId: string): Tally {
    const tally = this.tallies.get(workflowId) ?? emptyTally();
    this.tallies.set(workflowId, tally);
    return tally;
  }

  private placeAgent(agent: Entity<Agent>): void {
    const token = agent.context.started?.tokenHash;
    this.agents.set(agent.id, agent);
    indexed(this.agentIds, agent.context.taskId).add(agent.id);
    if (!isEndedAgent(agent)) {
      this.livingIds.add(agent.id);
      if (token) this.agentByToken.set(token, agent.id);
      return;
    }
    this.livingIds.delete(agent.id);
    if (token) this.agentByToken.delete(token);
  }

  private placeBestOfN(bestOfN: Entity<BestOfN>): void {
    const workflowId = runIdOf(bestOfN.context);
    this.bestOfNs.set(bestOfN.id, bestOfN);
    if (workflowId !== null) indexed(this.bestOfNIds, workflowId).add(bestOfN.id);
  }

  /** Forgets a workflow whose every part has come to its end and holds no slot. */
  private letGo(workflowId: string): void {
    const workflow = this.workflows.get(workflowId);
    if (workflow && !isEndedWorkflow(workflow)) return;
    if (this.countOpen(workflowId, Number.POSITIVE_INFINITY) > 0) return;
    if (!this.bestOfNsOf(workflowId).every((one) => isEndedBestOfN(one) && !openRescoring(one.context))) return;
    const tasks = this.tasksOf(workflowId);
    if (tasks.some((task) => task.context.worktreeSince !== null)) return;
    const agents = tasks.flatMap((task) => this.agentsOf(task.id));
    if (!agents.every((agent) => isEndedAgent(agent) && !this.fleet.context.slots[agent.id])) return;
    const train = workflow && this.runTrainOf(workflow);
    if (train && (train.context.current || train.context.queue.length > 0)) return;
    for (const agent of agents) {
      this.agents.delete(agent.id);
      this.letGoOfGuardian(agent.id);
    }
    for (const task of tasks) {
      this.tasks.delete(task.id);
      this.agentIds.delete(task.id);
    }
    this.candidates.letGo(workflowId);
    if (train) this.trains.delete(train.id);
    this.bestOfNIds.delete(workflowId);
    this.tallies.delete(workflowId);
    this.taskIds.delete(workflowId);
    this.workflows.delete(workflowId);
  }

  private letGoOfGuardian(agentId: string): void {
    if (!this.agents.has(agentId) && !this.guardians.get(agentId)?.context.warnings.orphan)
      this.guardians.delete(agentId);
  }

  /** The train into the run's own branch, which nobody uses after it. */
  private runTrainOf({ context }: Entity<Workflow>): Entity<MergeTrain> | undefined {
    return this.trainsOf(context.repository.repositoryId).find(
      ({ context: { spec } }) => spec?.kind === 'run' && spec.branch === context.runBranch,
    );
  }
}

function phasesAt(
  before: Entity | undefined,
  { phases }: Workflow,
  { type, data, position }: StoredEvent,
): readonly number[] {
  const known = before?.phasesAt ?? [];
  if (type !== 'PhaseStarted' && type !== 'PhaseCompleted') return known;
  const at = phases.findLastIndex((phase) => phase.name === data.phase && phase.round === data.round);
  return known.toSpliced(at, 1, Number(position));
}
