import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVER, type TokenIndex } from '../commands/index.ts';
import { sha256 } from '../kernel/canonical.ts';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { HephError, isFailure, messageOf } from '../kernel/errors.ts';
import { createRedactor } from '../kernel/redact.ts';
import { resolveId } from '../kernel/resolve-id.ts';
import { VERSION } from '../kernel/version.ts';
import { type AgentPreset, settingsFromEnvironment } from '../machines/config/index.ts';
import { checkedDefinitionSchema, type WorkflowDefinition } from '../machines/workflow/index.ts';
import { openSqliteCache } from '../projections/adapters/sqlite-cache.ts';
import { createSnapshots, startProjectionHost, VIEWS } from '../projections/index.ts';
import { askQuery, createIdIndex, QUERIES, type ServerHealth } from '../queries/index.ts';
import { createFolderLoader } from '../runtime/definitions/adapters/folder.ts';
import { openFileBlobs } from '../store/adapters/file-blobs.ts';
import { createUpcaster, UPCASTS, withUpcasters } from '../store/upcasters/index.ts';
import { readServerFile } from '../transport/cli/server-file.ts';
import { createHttpServer, createMetrics } from '../transport/rest/index.ts';
import type { Queries } from '../transport/queries-port.ts';
import { assemble, type System } from './assemble.ts';
import { createIdleWatch } from './idle-watch.ts';
import { NODE, phasesFolder, programFile } from './installation.ts';
import { checkProblem, openLocalRunner } from './local-runner.ts';
import { type LogStore, openLogStore, passwordsOf } from './log-store.ts';
import { secretsOf } from './secrets.ts';
import { openServerLog } from './server-log.ts';
import { operatorToken } from './tokens.ts';

/** What `heph up` starts: the log, the core, the runner of this machine and the faces, on one data directory. */
export interface ServerOptions {
  dataDirectory: string;
  host: string;
  /** 0: any free one. */
  port: number;
  takeOver: boolean;
  /** Ends by itself when nobody works here and nobody has asked anything for `server.idleExitMs`. */
  idleExit: boolean;
  onIdleExit?: () => void;
  /** `sqlite`, which is the default, or the URL of an EventStoreDB. */
  store?: string;
}

export interface Server {
  url: string;
  port: number;
  /** Stops intake, drains for at most ten seconds, closes. Safe twice. Agents live on. */
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;

export async function startServer(options: ServerOptions): Promise<Server> {
  const { store: where = 'sqlite' } = options;
  const clock = systemClock;
  const random = systemRandom;
  process.umask(0o077);
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        process.stderr.write(`while stopping: ${messageOf(error)}\n`);
      }
    }
  };
  try {
    const { takeOver } = options;
    const logStore = await openLogStore({ directory: options.dataDirectory, where, clock, random, takeOver });
    closers.push(() => logStore.store.close());
    const dataDirectory = logStore.path;
    const store = withUpcasters(logStore.store, createUpcaster(UPCASTS));
    const token = operatorToken(dataDirectory, random);
    const secrets = [token, ...passwordsOf(where), ...secretsOf(process.env)];
    const redactor = createRedactor({ values: secrets });
    const { log, close: closeLog } = openServerLog(dataDirectory, (text) => redactor.redactText(text));
    closers.push(closeLog);
    const startedAt = clock.now();
    log.info({ version: VERSION, pid: process.pid, dataDirectory }, 'server starts');

    const runner = await openLocalRunner({ dataDirectory, log, redactor, secrets: () => secrets });
    closers.push(() => runner.close());
    const blobs = openFileBlobs(dataDirectory);
    const warn = (message: string) => log.warn({}, message);
    const cache = openSqliteCache({ path: join(dataDirectory, 'cache.db'), warn });
    const { logId } = logStore;
    const views = await startProjectionHost({ store, views: VIEWS, cache, logId, clock, warn });
    closers.push(() => views.close());
    const definitions = createFolderLoader<WorkflowDefinition>({
      folders: [join(dataDirectory, 'phases'), phasesFolder()],
      schema: checkedDefinitionSchema,
    });
    const ids = createIdIndex(store);

    const system = await assemble({
      store,
      blobs,
      runner,
      clock,
      random,
      log,
      dataDirectory,
      snapshots: createSnapshots(store, cache, logId, warn),
      redact: (value) => redactor.redactJson(value),
      resolveId: (kind, text) => resolveId(kind, text, ids),
      async definition(name) {
        const loaded = await definitions.load(name);
        return isFailure(loaded) ? loaded : loaded.definition;
      },
      checkProblem,
      fillPreset,
    });
    const refusal = await system.bus.execute({
      name: 'override_config',
      input: { overrides: settingsFromEnvironment(process.env) },
      principal: SERVER,
    });
    if (isFailure(refusal)) throw HephError.of(refusal);

    const metrics = createMetrics({
      clock,
      queueLength: () => count(system, 'queued'),
      agents: () => agentsByState(system),
    });
    const idle = createIdleWatch({
      clock,
      idleMs: () => system.host.config().settings.server.idleExitMs,
      isBusy: () => isBusy(system),
    });
    const health = async (): Promise<ServerHealth> => ({
      version: VERSION,
      pid: process.pid,
      startedAt,
      dataDirectory,
      checks: checksOf(system, logStore, views),
    });
    const queries: Queries = {
      table: QUERIES,
      async run(name, input, principal, signal) {
        const definition = QUERIES.get(name);
        if (!definition)
          return {
            failure: true,
            kind: 'invalid',
            code: 'query.unknown',
            message: `There is no query ${JSON.stringify(name)}.`,
          };
        return idle.during(() =>
          askQuery(name, definition, input, {
            principal,
            views,
            store,
            ids,
            definitions,
            transcripts: runner,
            health,
            clock,
            signal,
          }),
        );
      },
    };
    // Behind the door in the list, so that the door is closed first and nothing comes in that nobody would follow.
    closers.push(() => system.stop(DRAIN_MS));
    const counted = metrics.counted(system.bus);
    const http = createHttpServer({
      bus: { execute: (envelope) => idle.during(() => counted.execute(envelope)) },
      queries,
      tokens: tokensOf(token, system),
      clock,
      random,
      log,
      version: VERSION,
      metrics,
      terminals: runner,
      async health() {
        const { checks, ...server } = await health();
        const bad = checks.filter((check) => check.status === 'failed' || check.status === 'degraded');
        return {
          ...server,
          ready: checks.every((check) => check.status !== 'failed'),
          problems: bad.map((check) => `${check.name}: ${check.detail}`),
          position: String(await store.head()),
        };
      },
    });
    closers.push(() => http.close());
    // What the last server left is found and followed before anybody may ask.
    await system.start();
    const address = await http.listen({ host: options.host, port: options.port });
    const file = join(dataDirectory, 'server.json');
    const announced = {
      pid: process.pid,
      port: address.port,
      host: address.host,
      url: address.url,
      version: VERSION,
      startedAt,
      epoch: logStore.epoch,
    };
    writeFileSync(file, `${JSON.stringify(announced)}\n`, { mode: 0o600 });
    logStore.announce({ port: address.port });
    closers.push(() => {
      // After a take-over the file speaks of another.
      if (readServerFile(dataDirectory)?.pid === process.pid) rmSync(file, { force: true });
    });
    log.info({ url: address.url, position: String(await store.head()) }, 'server is ready');
    if (options.idleExit) closers.push(idle.start(() => options.onIdleExit?.()));

    let closing: Promise<void> | null = null;
    return {
      url: address.url,
      port: address.port,
      close() {
        logStore.prepareStop();
        closing ??= closeAll();
        return closing;
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function fillPreset(preset: AgentPreset): AgentPreset {
  const fill = (text: string) =>
    text.replaceAll('{heph_node}', NODE).replaceAll('{repair_agent}', programFile('repair'));
  return { ...preset, argv: preset.argv.map(fill) };
}

function tokensOf(token: string, system: System): TokenIndex {
  return {
    operatorHash: sha256(token),
    agentByTokenHash(hash) {
      const agent = system.processes.world.agentOfToken(hash);
      if (!agent) return null;
      const { taskId, workflowId, allowedTools } = agent.context;
      return { agentId: agent.id, taskId, workflowId, allowedTools };
    },
  };
}

function count(system: System, state: string): number {
  let n = 0;
  for (const task of system.processes.world.tasks.values()) if (task.value === state) n++;
  return n;
}

function agentsByState(system: System): Record<string, number> {
  const by: Record<string, number> = {};
  for (const agent of system.processes.world.agents.values()) by[agent.value] = (by[agent.value] ?? 0) + 1;
  return by;
}

function isBusy(system: System): boolean {
  const { world } = system.processes;
  const living = [...world.agents.values()].some((agent) => agent.value !== 'exited' && agent.value !== 'lost');
  return living || !system.processes.isIdle();
}

function checksOf(
  system: System,
  logStore: LogStore,
  views: Awaited<ReturnType<typeof startProjectionHost>>,
): ServerHealth['checks'] {
  const status = views.status();
  const degraded = status.views.filter((view) => view.degraded);
  const quarantined = [
    ...system.host.quarantined(),
    ...[...system.processes.world.poisoned].map(([stream, reason]) => ({ stream, reason })),
  ];
  const stuck = system.processes.stuck();
  return [
    { name: 'log', ...logStore.check() },
    {
      name: 'views',
      ...(degraded.length > 0
        ? { status: 'degraded', detail: JSON.stringify(degraded) }
        : { status: 'ok', detail: `${status.feed} at ${status.position}` }),
    },
    {
      name: 'actors',
      ...(quarantined.length > 0
        ? { status: 'degraded', detail: quarantined.map(({ stream, reason }) => `${stream}: ${reason}`).join('; ') }
        : { status: 'ok', detail: 'none quarantined' }),
    },
    {
      name: 'processes',
      ...(stuck.length > 0
        ? { status: 'degraded', detail: stuck.map(({ key, reason }) => `${key}: ${reason}`).join('; ') }
        : { status: 'ok', detail: 'nothing stuck' }),
    },
  ];
}
