import { createActorHost, type ActorHost } from '../actors/actor-host.ts';
import {
  type CommandBus,
  type CommandBusParts,
  createCommandBus,
  prepareCreateTask,
  prepareRestartTask,
  prepareStartWorkflow,
  type WorkflowInspection,
} from '../commands/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { type Failure, HephError, invalid, isFailure, messageOf } from '../kernel/errors.ts';
import { createIds } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { type AgentPreset, BUILT_IN_AGENTS, presetOf } from '../machines/config/index.ts';
import type { WorkflowDefinition } from '../machines/workflow/index.ts';
import { openShare, type Sharing } from './share.ts';
import {
  type AgentSignals,
  agentSessions,
  attempts,
  budgets,
  createProcessHost,
  deadlines,
  delivering,
  dispatching,
  isEndedAgent,
  isOurs,
  environments,
  merging,
  phases,
  type Process,
  type ProcessHost,
  suspect,
  validation,
  type World,
} from '../processes/index.ts';
import type { Snapshots } from '../projections/index.ts';
import type { Runner } from '../runtime/runner.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { EventStore } from '../store/event-store.ts';

/**
 * The core with its ports filled: what the server, the tests and a simulation start alike. Whatever touches the world
 * comes in here.
 */
export interface Parts {
  store: EventStore;
  blobs: BlobStore;
  runner: Runner;
  clock: Clock;
  random: Random;
  log: Log;
  dataDirectory: string;
  redact: (value: unknown) => unknown;
  resolveId: CommandBusParts['resolveId'];
  definition: (name: string) => Promise<WorkflowDefinition | Failure>;
  /** A sentence about what is wrong with a check's command, or null. */
  checkProblem: (command: string) => Failure | null;
  /** Where what the processes know is saved; a disposable cache. */
  snapshots?: Snapshots;
  /** Fills what only the installation knows: {heph_node}, {repair_agent}. */
  fillPreset: (preset: AgentPreset) => AgentPreset;
  /** Where several servers share the log. */
  sharing?: Sharing;
  /** Stands between a story and its host: how a simulation watches one, or breaks it to see whether that is noticed. */
  around?: (story: Process) => Process;
}

export interface System {
  host: ActorHost;
  bus: CommandBus;
  processes: ProcessHost;
  /** Discharges what the log leaves open, and begins to follow. */
  start(): Promise<void>;
  stop(drainMs: number): Promise<void>;
  /** Tells the servers that share the log that this one has been stopped on purpose. After `stop`. */
  retire(): Promise<void>;
}

export async function assemble(parts: Parts): Promise<System> {
  const { store, blobs, runner, clock, random, log } = parts;
  const host = await createActorHost({ store, clock, log });
  const signals: AgentSignals = { suspects: new Map(), heardAt: new Map() };

  const agentProblem = (name: string): Failure | null => {
    const configured = host.config().settings.agents;
    if (presetOf(name, configured)) return null;
    const names = [...new Set([...Object.keys(BUILT_IN_AGENTS), ...Object.keys(configured)])].join(', ');
    return invalid('agent.unknown_preset', `There is no agent named ${JSON.stringify(name)}; there are ${names}.`);
  };
  const inspection: WorkflowInspection = {
    definition: parts.definition,
    repository: (request) => asValue(runner.inspectRepository(request)),
    agent: agentProblem,
    check: parts.checkProblem,
  };
  const countTasks = (workflowId: string) => processes.world.countTasks(workflowId);
  const bus = createCommandBus({
    host,
    ids: createIds(clock, random),
    preparations: {
      start_workflow: prepareStartWorkflow({ host, inspection, ...(parts.sharing && { runnerId: runner.id }) }),
      create_task: prepareCreateTask({ host, countTasks, agent: agentProblem }),
      restart_task: prepareRestartTask({ host }),
    },
    redact: parts.redact,
    resolveId: parts.resolveId,
  });
  const { around = (story) => story } = parts;
  const share =
    parts.sharing &&
    openShare(parts.sharing, {
      ...{ runnerId: runner.id, store, bus, clock, log },
      settings: () => host.config().settings,
      processes: () => processes,
      stopOrphans: () => stopOrphans(processes, runner, host, log),
    });
  const preset = (name: string, world: World) => {
    const found = presetOf(name, world.settings.agents);
    return found && parts.fillPreset(found);
  };
  const processes = createProcessHost({
    store,
    bus,
    runner,
    blobs,
    clock,
    log,
    ...(parts.snapshots && { snapshots: parts.snapshots }),
    ...(share && { acts: { runnerId: runner.id, lease: share.lease }, onConfig: () => void refreshConfig() }),
    processes: [
      dispatching({ runnerId: runner.id }),
      agentSessions({
        runnerId: runner.id,
        signals,
        dataDirectory: parts.dataDirectory,
        preset,
      }),
      attempts({ preset }),
      validation,
      environments,
      merging,
      phases,
      delivering,
      deadlines,
      budgets,
    ].map(around),
  });

  /** Another server may have changed the settings. */
  const refreshConfig = () =>
    host
      .refreshConfig()
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'the settings could not be read again'));

  let unwatch = () => {};
  return {
    host,
    bus,
    processes,
    async start() {
      unwatch = runner.watch((event) => {
        const agent = processes.world.agents.get(event.agentId);
        // Of one that has ended nobody asks any more.
        if (!agent || isEndedAgent(agent)) return;
        if (event.type === 'agent_output') signals.heardAt.set(event.agentId, event.at);
        else suspect(signals, event.agentId);
        processes.look('agent', event.agentId);
      });
      await share?.register();
      await processes.start((world) => {
        // Of the agents that lived when the last server ended nobody knows yet whether they still do.
        for (const agent of world.agents.values())
          if (agent.value.startsWith('live.') && isOurs(agent, world)) suspect(signals, agent.id);
      });
      await stopOrphans(processes, runner, host, log);
      if (share) await refreshConfig();
      share?.begin();
    },
    async stop(drainMs) {
      unwatch();
      share?.stop();
      await processes.stop(drainMs);
    },
    retire: async () => share?.retire(),
  };
}

/** Agents that run here although the log knows nothing of them, or that they have ended, or that their work is another server's. */
async function stopOrphans(processes: ProcessHost, runner: Runner, host: ActorHost, log: Log): Promise<void> {
  const known = new Set(['requested', 'preparing', 'starting', 'stopping']);
  for (const probe of await runner.listAgents()) {
    if (probe.state !== 'running') continue;
    const agent = processes.world.agents.get(probe.agentId);
    const value = agent?.value ?? 'absent';
    if ((value.startsWith('live.') || known.has(value)) && agent && isOurs(agent, processes.world)) continue;
    log.warn(
      { agentId: probe.agentId, state: value },
      'an agent runs that the log does not know to be living and ours; it is stopped',
    );
    await runner.stopAgent({ agentId: probe.agentId, graceMs: host.config().settings.limits.stopGraceMs });
  }
}

async function asValue<T>(promise: Promise<T>): Promise<T | Failure> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof HephError && isFailure(error) && error.kind !== 'defect') return error;
    throw error;
  }
}
