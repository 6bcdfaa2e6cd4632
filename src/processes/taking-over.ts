import type { CommandBus } from '../commands/index.ts';
import { processPrincipal } from '../commands/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { isFailure, messageOf } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import type { Estate, Estates, EstateRun } from '../runtime/estates.ts';
import type { EventStore } from '../store/event-store.ts';
import { isEndedAgent, isEndedWorkflow, type Entity } from './entity.ts';
import type { World } from './world.ts';
import { isGone, owns } from './ownership.ts';
import { handedIn } from './validation.ts';

/**
 * Work whose server is gone. When a runner's lease is over, a server that can reach its files takes its runs over: it
 * ends the agents that still run there, brings branches, work and blobs into its own files, and only then records that a
 * run is its own; of several that try, the run's expected revision lets one through. From then on the run's open
 * obligations are its to probe and discharge, as after a restart of its own. Where the files are out of reach a run waits
 * for its server; only what a person has ended is closed from afar.
 */
export interface TakingOverParts {
  runnerId: string;
  estates: Estates;
  world: () => World;
  /** Whether this server may act itself; renews its lease when it is over. */
  mayAct(): Promise<boolean>;
  /** Resolves when the world has seen the position. */
  waitFor(position: bigint): Promise<void>;
  store: EventStore;
  bus: CommandBus;
  clock: Clock;
  log: Log;
}

export interface TakingOver {
  /** Looks once through the runs of others; one look at a time. Never throws. */
  look(): Promise<void>;
}

const STORY = 'taking-over';

export function createTakingOver(parts: TakingOverParts): TakingOver {
  const { log, clock, store } = parts;
  let looking: Promise<void> | null = null;

  async function lookOnce(): Promise<void> {
    for (const runnerId of orphaned(parts.world(), clock.now()).keys()) {
      try {
        await takeFrom(runnerId);
      } catch (error) {
        log.warn({ runnerId, error: messageOf(error) }, 'the work of a runner could not be taken over');
      }
    }
  }

  async function takeFrom(runnerId: string): Promise<void> {
    if (!(await parts.mayAct())) return;
    const place = parts.world().runners.get(runnerId)?.context;
    const opened = place
      ? await parts.estates.open(place)
      : { outcome: 'elsewhere' as const, reason: 'It never said where it works.' };
    switch (opened.outcome) {
      case 'held':
        return log.info({ runnerId, reason: opened.reason }, 'a runner is silent, but its directory is in use');
      case 'elsewhere':
        return close(runnerId, opened.reason);
      case 'open':
        try {
          await inherit(runnerId, opened.estate);
        } finally {
          await opened.estate.close();
        }
    }
  }

  /** Its runs by all that the log says at this moment: what was seen of it may have been behind. */
  async function runsNow(runnerId: string): Promise<Entity<Workflow>[]> {
    await parts.waitFor(await store.head());
    return orphaned(parts.world(), clock.now()).get(runnerId) ?? [];
  }

  /** A person has ended these; nothing of theirs is to be brought. Should their server live after all, it ends their agents. */
  async function close(runnerId: string, reason: string): Promise<void> {
    for (const run of await runsNow(runnerId))
      if (isEndedWorkflow(run)) await adopt(run, runnerId, `Closed from afar. ${reason}`, []);
  }

  /** Nobody of that runner writes any more: what the log says now is the last that it has said. */
  async function inherit(runnerId: string, estate: Estate): Promise<void> {
    for (const run of await runsNow(runnerId)) {
      const world = parts.world();
      const agents = world.livingOf(run.id).map(({ id }) => id);
      await estate.stopAgents(agents, world.settings.limits.stopGraceMs);
      const { rescued } = await estate.bringRun(await runOf(run, world));
      await adopt(run, runnerId, 'Its server was gone.', rescued);
    }
  }

  async function runOf(run: Entity<Workflow>, world: World): Promise<EstateRun> {
    const { repositoryId, baseCommit } = run.context.repository;
    const tasks = world
      .tasksOf(run.id)
      .map((task) => ({ taskId: task.id, handedIn: handedIn(task, run.context, world) }));
    return { workflowId: run.id, repositoryId, baseCommit, tasks, blobs: await hashesIn(run.id, store) };
  }

  async function adopt(
    run: Entity<Workflow>,
    from: string,
    reason: string,
    rescued: { taskId: string; ref: string }[],
  ): Promise<void> {
    const answer = await parts.bus.execute({
      name: 'adopt_workflow',
      input: { workflowId: run.id, from, runnerId: parts.runnerId, reason, rescued },
      principal: processPrincipal(STORY),
      causationId: run.last.id,
      correlationId: run.last.correlationId,
    });
    if (isFailure(answer)) log.info({ workflowId: run.id, reason: answer.message }, 'a run was not taken over');
    else log.warn({ workflowId: run.id, from, rescued }, 'a run was taken over');
  }

  return {
    look() {
      looking ??= lookOnce().finally(() => {
        looking = null;
      });
      return looking;
    },
  };
}

/** Runs with something left to do whose runner nobody has heard of, by runner. */
function orphaned(world: World, now: number): Map<string, Entity<Workflow>[]> {
  const found = new Map<string, Entity<Workflow>[]>();
  for (const run of world.workflows.values()) {
    const { runnerId } = run.context;
    if (runnerId === null || owns(run.id, world) || !isGone(runnerId, world, now) || !isWanted(run, world)) continue;
    found.set(runnerId, [...(found.get(runnerId) ?? []), run]);
  }
  return found;
}

/** A paused run waits for a person before it waits for a server, unless agents of it live. */
function isWanted(run: Entity<Workflow>, world: World): boolean {
  if (run.value === 'active' || world.livingOf(run.id).length > 0) return true;
  const holdsSlot = Object.values(world.fleet.context.slots).some((slot) => slot.workflowId === run.id);
  return holdsSlot || (isEndedWorkflow(run) && world.countOpen(run.id, Number.POSITIVE_INFINITY) > 0);
}

/** When a run was last taken over from this server; its agents are to be ended then. */
export function lastTakenFrom(world: World): number {
  let last = 0;
  for (const { context } of world.workflows.values())
    if (context.adopted?.from === world.runnerId) last = Math.max(last, context.adopted?.at ?? 0);
  return last;
}

/** Whether this server has work of its own that others must leave alone. */
export function hasWork(world: World): boolean {
  for (const run of world.workflows.values()) if (run.value === 'active' && owns(run.id, world)) return true;
  for (const agent of world.agents.values())
    if (!isEndedAgent(agent) && agent.context.runnerId === world.runnerId) return true;
  return false;
}

const HASH = /^[0-9a-f]{64}$/;

async function hashesIn(workflowId: string, store: EventStore): Promise<string[]> {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === 'string' && HASH.test(value)) found.add(value);
    else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) walk(inner);
  };
  for await (const event of store.readAll({ filter: { workflowId } })) walk(event.data);
  return [...found];
}
