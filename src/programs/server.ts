import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVER } from '../commands/index.ts';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { HephError, isFailure, messageOf } from '../kernel/errors.ts';
import { resolveId } from '../kernel/resolve-id.ts';
import { VERSION } from '../kernel/version.ts';
import { type AgentPreset, defaultValues, settingsFromEnvironment } from '../machines/config/index.ts';
import { readServerFile } from '../transport/cli/server-file.ts';
import type { Address, HttpServer } from '../transport/rest/index.ts';
import { assemble, type System } from './assemble.ts';
import { type Closers, createClosers, within } from './closers.ts';
import { createIdleWatch } from './idle-watch.ts';
import { NODE, programFile } from './installation.ts';
import { keepPort, lastPort } from './last-port.ts';
import { checkProblem } from './local-runner.ts';
import { openFaces } from './server-faces.ts';
import { type Ground, openGround } from './server-ground.ts';
import { isBusy } from './server-health.ts';
import { takeCheckRuns } from './take-check-runs.ts';

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
  /** Stops intake, drains for at most ten seconds in all, closes. Safe twice. Agents live on. */
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;

export async function startServer(options: ServerOptions): Promise<Server> {
  process.umask(0o077);
  const closers = createClosers(systemClock, DRAIN_MS);
  try {
    const ground = await openGround({ ...options, where: options.store ?? 'sqlite' }, closers);
    ground.log.info({ version: VERSION, pid: process.pid, dataDirectory: ground.dataDirectory }, 'server starts');
    const system = await openSystem(ground);
    // Before the door in the list, so that the door is closed first and nothing comes in that nobody would follow.
    closers.add((leftMs) => within(systemClock, leftMs, system.retire()));
    closers.add((leftMs) => system.stop(leftMs));
    const idleMs = () => system.host.config().settings.server.idleExitMs;
    const idle = createIdleWatch({ clock: systemClock, idleMs, isBusy: () => isBusy(system) });
    const http = openFaces(ground, system, idle);
    closers.add((leftMs) => within(systemClock, leftMs, http.close()));
    // What the last server left is found and followed before anybody may ask.
    await system.start();
    const address = await listen(http, options, ground.dataDirectory);
    announce(ground, address, closers);
    const checkRuns = takeCheckRuns(ground.dataDirectory, system.bus, ground.log).catch((error: unknown) =>
      ground.log.warn({ error: messageOf(error) }, 'the runs of checks could not be taken in'),
    );
    closers.add((leftMs) => within(systemClock, leftMs, checkRuns));
    ground.log.info({ url: address.url, position: String(await ground.store.head()) }, 'server is ready');
    if (options.idleExit) closers.add(idle.start(() => options.onIdleExit?.()));
    return living(ground, address, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

/** Where it was asked for; else where the last server was, when nobody else is there. */
async function listen(http: HttpServer, { host, port }: ServerOptions, dataDirectory: string): Promise<Address> {
  const before = port === 0 ? lastPort(dataDirectory) : null;
  const address = await http.listen({ host, port: before ?? port }).catch((error: unknown) => {
    if (before === null || !(error instanceof HephError) || error.code !== 'server.port_in_use') throw error;
    return http.listen({ host, port: 0 });
  });
  keepPort(dataDirectory, address.port);
  return address;
}

async function openSystem(ground: Ground): Promise<System> {
  const { logStore, store, blobs, runner, model, log, dataDirectory, snapshots, redactor, ids, definitions } = ground;
  const { sharing, views } = ground;
  const system = await assemble({
    store,
    blobs,
    runner,
    model,
    clock: systemClock,
    random: systemRandom,
    log,
    dataDirectory,
    snapshots,
    waits: async (matterId) => Object.hasOwn((await views.view('inbox')).rows, matterId),
    assertOwner: () => logStore.assertOwner(),
    redact: (value) => redactor.redactJson(value),
    resolveId: (kind, text) => resolveId(kind, text, ids),
    async definition(name) {
      const loaded = await definitions.load(name);
      return isFailure(loaded) ? loaded : loaded.definition;
    },
    checkProblem,
    fillPreset,
    ...(sharing && { sharing }),
  });
  const input = { overrides: settingsFromEnvironment(process.env), defaults: defaultValues() };
  const refusal = await system.bus.execute({ name: 'override_config', input, principal: SERVER });
  if (isFailure(refusal)) throw HephError.of(refusal);
  return system;
}

/** Tells the other verbs where the server is. */
function announce({ dataDirectory, logStore, startedAt }: Ground, address: Address, closers: Closers): void {
  const path = join(dataDirectory, 'server.json');
  const server = { pid: process.pid, ...address, version: VERSION, startedAt, epoch: logStore.epoch };
  writeFileSync(path, `${JSON.stringify(server)}\n`, { mode: 0o600 });
  logStore.announce({ port: address.port });
  closers.add(() => {
    // After a take-over the file speaks of another.
    if (readServerFile(dataDirectory)?.pid === process.pid) rmSync(path, { force: true });
  });
}

function living({ logStore }: Ground, { url, port }: Address, closers: Closers): Server {
  let closing: Promise<void> | null = null;
  return {
    url,
    port,
    close() {
      logStore.prepareStop();
      closing ??= closers.closeAll();
      return closing;
    },
  };
}

function fillPreset(preset: AgentPreset): AgentPreset {
  const fill = (text: string) =>
    text.replaceAll('{heph_node}', NODE).replaceAll('{repair_agent}', programFile('repair'));
  return { ...preset, argv: preset.argv.map(fill) };
}
