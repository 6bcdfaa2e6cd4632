import { createActorHost, type ActorHost } from '../actors/actor-host.ts';
import type { HistoryLimits } from '../actors/history.ts';
import {
  type CommandBus,
  type CommandBusParts,
  createCommandBus,
  prepareBestOfNRun,
  prepareCreateTask,
  prepareDismissMatter,
  preparePruneKeptWork,
  prepareRescoreBestOfN,
  prepareRestartTask,
  prepareRevertTask,
  prepareRevertWorkflow,
  prepareStartBestOfN,
  prepareStartWorkflow,
  prepareSubmitResult,
  type WorkflowInspection,
} from '../commands/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { type Failure, HephError, invalid, isFailure, messageOf } from '../kernel/errors.ts';
import { createIds } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { type AgentPreset, BUILT_IN_AGENTS, presetOf } from '../machines/config/index.ts';
import type { WorkflowDefinition } from '../machines/workflow/index.ts';
import { endOrphans, isOrphan } from './end-orphans.ts';
import { openShare, type Sharing } from './share.ts';
import {
  agentSessions,
  attempts,
  bestOfN,
  budgets,
  createProcessHost,
  createSignals,
  deadlines,
  delivering,
  dispatching,
  drafting,
  isEndedAgent,
  hear,
  isStarting,
  meetAgents,
  environments,
  guarding,
  merging,
  phases,
  type Process,
  type ProcessHost,
  pruning,
  results,
  reunions,
  scoring,
  telling,
  validation,
  type World,
} from '../processes/index.ts';
import { mayBePruned, readKeptWork, type Snapshots } from '../projections/index.ts';
import type { Model } from '../runtime/models/model.ts';
import type { AgentProbe, Runner } from '../runtime/runner.ts';
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
  model: Model;
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
  /** Whether a matter of that id waits in the inbox; absent: nobody asks. */
  waits?: (matterId: string) => Promise<boolean>;
  /** Throws once another server has taken over the log. */
  assertOwner?: () => void;
  /** How long an actor's stream may grow; default: as `history.ts` says. */
  history?: HistoryLimits;
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
  /** Whether the token with that hash is one of an agent that is being started: it is not known yet, and will be. */
  isStarting(tokenHash: string): boolean;
  /** Discharges what the log leaves open, and begins to follow. */
  start(): Promise<void>;
  stop(drainMs: number): Promise<void>;
  /** Tells the servers that share the log that this one has been stopped on purpose. After `stop`. */
  retire(): Promise<void>;
}

export async function assemble(parts: Parts): Promise<System> {
  const { store, blobs, runner, clock, random, log } = parts;
  const host = await createActorHost({ store, clock, log, ...(parts.history && { history: parts.history }) });
  const signals = createSignals();

  const agentProblem = (name: string, asked?: 'to_review'): Failure | null => {
    const configured = host.config().settings.agents;
    const found = presetOf(name, configured);
    if (found && asked === 'to_review' && found.reviews === false) {
      const words = `The agent ${name} cannot review, and the workflow asks it to: name one that can with \`review: { agent: … }\`, or start with another --agent.`;
      return invalid('agent.cannot_review', words);
    }
    if (found) return null;
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
      start_best_of_n: prepareStartBestOfN({
        host,
        inspection,
        resolveId: parts.resolveId,
        settings: () => host.config().settings,
        ...(parts.sharing && { runnerId: runner.id }),
      }),
      rescore_best_of_n: prepareRescoreBestOfN({ host, inspection, settings: () => host.config().settings }),
      start_best_of_n_run: prepareBestOfNRun({ host, inspection }),
      prune_kept_work: preparePruneKeptWork({
        async prunable(olderThanMs) {
          const kept = await readKeptWork(store, await store.head());
          const ours = kept.filter(({ runnerId }) => runnerId === null || runnerId === runner.id);
          return ours.filter((one) => mayBePruned(one, clock.now(), olderThanMs));
        },
        ...(parts.sharing && { runnerId: runner.id }),
      }),
      dismiss_matter: prepareDismissMatter({ host, waits: parts.waits ?? (async () => true) }),
      create_task: prepareCreateTask({ host, countTasks, agent: agentProblem }),
      submit_result: prepareSubmitResult({
        host,
        tip: ({ repository, runBranch }) =>
          asValue(runner.readBranch({ repositoryId: repository.repositoryId, branch: runBranch })),
      }),
      restart_task: prepareRestartTask({ host }),
      revert_task: prepareRevertTask({ host }),
      revert_workflow: prepareRevertWorkflow({ host }),
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
      async stopOrphans() {
        const found = await runner.listAgents();
        const orphans = found.filter((probe) => isOrphan(probe, processes.world));
        await endOrphans(orphans, { runner, bus, host, log });
      },
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
    ...(parts.assertOwner && { assertOwner: parts.assertOwner }),
    ...(share && { acts: { runnerId: runner.id, lease: share.lease }, onConfig: () => void refreshConfig() }),
    processes: [
      dispatching({ runnerId: runner.id }),
      agentSessions({
        runnerId: runner.id,
        signals,
        dataDirectory: parts.dataDirectory,
        preset,
      }),
      telling,
      attempts({ preset }),
      drafting({ model: parts.model }),
      validation,
      environments,
      merging,
      phases,
      results,
      delivering,
      scoring,
      pruning,
      deadlines,
      reunions(signals),
      guarding({ runnerId: runner.id, signals, preset }),
      budgets,
      bestOfN,
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
    isStarting: (tokenHash) => isStarting(signals, processes.world, tokenHash),
    async start() {
      unwatch = runner.watch((event) => {
        const agent = processes.world.agents.get(event.agentId);
        // Of one that has ended nobody asks any more.
        if (!agent || isEndedAgent(agent)) return;
        hear(signals, event);
        processes.look('agent', event.agentId);
      });
      await share?.register();
      const found = await runner.listAgents();
      let orphans: AgentProbe[] = [];
      await processes.start((world) => {
        meetAgents(signals, world, { found, now: clock.now() });
        orphans = found.filter((probe) => isOrphan(probe, world));
      });
      await endOrphans(orphans, { runner, bus, host, log });
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

async function asValue<T>(promise: Promise<T>): Promise<T | Failure> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof HephError && isFailure(error) && error.kind !== 'defect') return error;
    throw error;
  }
}
