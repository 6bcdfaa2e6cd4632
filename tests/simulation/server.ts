import type { HistoryLimits } from '../../src/actors/history.ts';
import { type Accepted, authenticate, OPERATOR_TOKEN_PREFIX } from '../../src/commands/index.ts';
import { sha256 } from '../../src/kernel/canonical.ts';
import { type Failure, invalid, isFailure } from '../../src/kernel/errors.ts';
import type { Log } from '../../src/kernel/log.ts';
import { resolveId } from '../../src/kernel/resolve-id.ts';
import {
  createSnapshots,
  type ProjectionCache,
  type ProjectionHost,
  startProjectionHost,
  VIEWS,
} from '../../src/projections/index.ts';
import type { WorkflowDefinition } from '../../src/machines/workflow/index.ts';
import { assemble, type System } from '../../src/programs/assemble.ts';
import { askQuery, createIdIndex, QUERIES, type QueryContext } from '../../src/queries/index.ts';
import type { BlobStore } from '../../src/store/blob-store.ts';
import { createUpcaster, UPCASTS, withUpcasters } from '../../src/store/upcasters/index.ts';
import { noModel } from '../support/no-model.ts';
import type { Chance } from './chance.ts';
import type { Disk } from './disk.ts';
import type { Life } from './life.ts';
import { clockOf, type Loop } from './loop.ts';
import { type Machine, tokenOf } from './machine.ts';
import { plantedReads, plantedStory, plantedViews, type Plants } from './plants.ts';

/** One start of the product: everything of it is real but what is below its ports. */
export interface Server {
  readonly life: Life;
  readonly system: System;
  readonly views: ProjectionHost;
  command(token: string, name: string, input: unknown, key: string): Promise<Accepted | Failure>;
  query(token: string, name: string, input: unknown): Promise<Record<string, unknown> | Failure>;
  /** An orderly end: what is under way is waited for, states are saved. */
  stop(): Promise<void>;
}

export interface ServerParts {
  loop: Loop;
  chance: Chance;
  life: Life;
  disk: Disk;
  blobs: BlobStore;
  /** Saved states; they outlive a server. */
  cache: ProjectionCache;
  machine: Machine;
  plants: Plants;
  skewMs: () => number;
  history: HistoryLimits;
  /** The workflows that may be run. */
  definitions: readonly WorkflowDefinition[];
  /** Told of each line that says an actor has crashed or a story broke. */
  complain(message: string): void;
}

const LOG_ID = 'log_0';
const DRAIN_MS = 2_000;
export const OPERATOR_TOKEN = `${OPERATOR_TOKEN_PREFIX}simulated`;

export async function startServer(parts: ServerParts): Promise<Server> {
  const { loop, chance, life, disk, blobs, machine, plants } = parts;
  const clock = clockOf(loop, life, parts.skewMs);
  const owned = disk.open(life);
  const store = withUpcasters({ ...owned, groups: disk.log.groups }, createUpcaster(UPCASTS));
  const runner = machine.runnerFor(life);
  const log = complaining(parts.complain);
  const startedAt = Number(await store.head());
  const ids = createIdIndex(store);
  const views = await startProjectionHost({
    ...{ store, views: plantedViews(VIEWS, plants, clock), cache: parts.cache, logId: LOG_ID, clock },
    saveEvery: 40,
  });
  const system = await assemble({
    ...{ store, blobs, runner, model: noModel, clock, random: chance.fork(life.name), log, dataDirectory: '/data' },
    assertOwner: owned.assertOwner,
    redact: (value) => value,
    resolveId: (kind, text) => resolveId(kind, text, ids),
    definition: async (name) =>
      parts.definitions.find((one) => one.name === name) ??
      invalid('definition.unknown', `There is no workflow ${name}.`),
    checkProblem: () => null,
    fillPreset: (preset) => preset,
    history: parts.history,
    snapshots: createSnapshots(store, parts.cache, LOG_ID, parts.complain),
    around: (story) => plantedStory(story, plants, () => startedAt),
  });
  await system.start();

  const tokens = {
    operatorHash: sha256(OPERATOR_TOKEN),
    isStarting: system.isStarting,
    agentByTokenHash(hash: string) {
      const agent = system.processes.world.agentOfToken(hash);
      if (!agent) return null;
      const { taskId, workflowId, allowedTools } = agent.context;
      return { agentId: agent.id, taskId, workflowId, allowedTools };
    },
  };
  const whoIs = (token: string) => authenticate(tokens, `Bearer ${token}`);
  const context: Omit<QueryContext, 'principal'> = {
    ...{ views, store: plantedReads(store, plants), ids, transcripts: runner, work: runner, blobs, clock },
    definitions: { list: async () => [], load: async (name) => invalid('definition.unknown', name) },
    health: async () => ({
      ...{ version: '0', nodeVersion: '0', pid: 1, startedAt: 0, dataDirectory: '/data', logBytes: null, checks: [] },
    }),
    diagnose: async () => [],
  };

  return {
    life,
    system,
    views,
    async stop() {
      await system.stop(DRAIN_MS);
      await views.close();
    },
    async command(token, name, input, key) {
      const principal = whoIs(token);
      if (isFailure(principal)) {
        const agent = [...system.processes.world.agents.values()].find(({ id }) => tokenOf(id) === token);
        if (principal.kind === 'denied' && agent && ['preparing', 'starting'].includes(agent.value))
          parts.complain(`${agent.id} was refused while it was ${agent.value}`);
        return principal;
      }
      return system.bus.execute({ name, input, principal, idempotencyKey: key });
    },
    async query(token, name, input) {
      const principal = whoIs(token);
      if (isFailure(principal)) return principal;
      const definition = QUERIES.get(name);
      if (!definition) return invalid('query.unknown', `There is no query ${name}.`);
      return askQuery(name, definition, input, { ...context, principal });
    },
  };
}

function complaining(complain: (message: string) => void): Log {
  return {
    debug() {},
    info() {},
    warn: (fields, message) => complain(`${message} ${JSON.stringify(fields)}`),
    error: (fields, message) => complain(`${message} ${JSON.stringify(fields)}`),
  };
}
