import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep } from '../../../kernel/clock.ts';
import { Fault, HephError } from '../../../kernel/errors.ts';
import { ID_PATTERN } from '../../../kernel/ids.ts';
import type { Random } from '../../../kernel/random.ts';
import type { AgentProbe, AgentStart, AgentStarted, RunnerEvent, TerminalChunk } from '../../runner.ts';
import { WRITE_BYTES_MAX } from '../../terminals/holder-protocol.ts';
import { readTranscript } from '../../terminals/adapters/transcript-reader.ts';
import type { AgentHands, AgentLog } from '../agent-hands.ts';
import type { McpBridge } from '../mcp-config.ts';
import { type AgentFolder, agentFolder, claimFolder } from './agent-folder.ts';
import { createAgentLinks } from './agent-links.ts';
import { layAgent, planAgent } from './agent-setup.ts';
import { settle, startedFrom } from './agent-state.ts';
import { raiseEpoch } from './epoch.ts';
import type { HolderProgram } from './holder-process.ts';
import { createHolderSupply } from './holder-supply.ts';
import { stopFolder } from './stop-agent.ts';

const READ_BYTES_MAX = 1024 * 1024;
const UNLINKED_LOOK_MS = 250;

export interface AgentHandsOptions {
  /** The data directory; everything of the agents' is under its `holders/`. */
  directory: string;
  runnerId: string;
  clock: Clock;
  random: Random;
  holderProgram: HolderProgram;
  mcpBridge: McpBridge;
  /** Secrets that no transcript may show, beside an agent's own token and its secret variables. Asked at each start. */
  redactValues(): readonly string[];
  log: AgentLog;
  /** Holders kept ready for the next starts, each about 50 MB. */
  warmHolders?: number;
}

/**
 * Opens the agents of a data directory: raises the epoch, so that an earlier server is refused from here on, and attaches
 * to every agent that lives. One server at a time: the caller owns the directory's lock.
 */
export async function createAgentHands(options: AgentHandsOptions): Promise<AgentHands> {
  const { clock, log } = options;
  const root = join(options.directory, 'holders');
  await mkdir(root, { mode: 0o700, recursive: true });
  const epoch = await raiseEpoch(root);
  const logFile = join(root, 'holder.log');
  await rm(logFile, { force: true });
  const supply = createHolderSupply(
    { program: options.holderProgram, codeCache: join(root, 'code-cache'), logFile, folder: root },
    options.warmHolders ?? 0,
    clock,
  );
  const stateOptions = { clock, epoch, log };
  const starting = new Map<string, Promise<AgentStarted>>();
  const listeners = new Set<(event: RunnerEvent) => void>();
  let closed = false;

  const emit = (event: RunnerEvent) => {
    for (const listener of listeners) listener(event);
  };

  const links = createAgentLinks({
    clock,
    epoch: epoch.number,
    log,
    onOutput: (agentId, outputBytes, at) => emit({ type: 'agent_output', agentId, outputBytes, at }),
    async onClosed(agentId) {
      const { probe, state } = await settle(known(agentId), stateOptions);
      if (closed) return null;
      if (probe.state === 'running') return state;
      emit({ type: 'agent_exited', agentId });
      return null;
    },
  });

  const known = (agentId: string): AgentFolder => {
    if (closed) throw new Fault('server.stopping', 'The server is letting go of its agents.');
    const folder = agentFolder(root, agentId);
    if (!folder) throw new HephError('id.unknown', `"${agentId}" is no agent's id.`);
    return folder;
  };

  const begin = async (folder: AgentFolder, request: AgentStart): Promise<AgentStarted> => {
    epoch.check();
    const before = await settle(folder, stateOptions);
    if (before.probe.state !== 'absent') return answerStarted(before, folder);
    const plan = planAgent(folder, request);
    claimFolder(folder);
    const order = { ...(await layAgent(folder, plan, options)), epoch: epoch.number };
    try {
      await supply.take().give(order);
    } catch (error) {
      // An earlier holder may have been faster, or the agent is known to be lost now: then that is the answer.
      const after = await settle(folder, stateOptions);
      if (after.probe.state === 'absent') throw error;
      return answerStarted(after, folder);
    } finally {
      supply.refillSoon();
    }
    return answerStarted(await settle(folder, stateOptions), folder);
  };

  const answerStarted = (settled: Awaited<ReturnType<typeof settle>>, folder: AgentFolder): AgentStarted => {
    const started = startedFrom(settled);
    if (!started) throw new Fault('terminal.gone', `${folder.agentId} was lost before it ran.`, { retryable: false });
    if (settled.state && settled.probe.state === 'running') links.keep(folder.agentId, settled.state);
    return started;
  };

  const probe = async (agentId: string): Promise<AgentProbe> => {
    if (!agentFolder(root, agentId)) return { agentId, state: 'absent' };
    await starting.get(agentId)?.catch(() => undefined);
    return (await settle(known(agentId), stateOptions)).probe;
  };

  const agentIds = async () => (await readdir(root)).filter((name) => ID_PATTERN.test(name)).sort();

  const waitForOutput = async (folder: AgentFolder, beyond: number, waitMs: number) => {
    const { probe: now, state } = await settle(folder, stateOptions);
    if (now.state !== 'running' || !state) return;
    try {
      await (await links.to(folder.agentId, state)).ask({ do: 'wait', beyond, waitMs });
    } catch {
      // A holder in its last moments answers nobody. One that lives and does not answer is looked at again, but not at once.
      if ((await settle(folder, stateOptions)).probe.state === 'running')
        await sleep(clock, Math.min(waitMs, UNLINKED_LOOK_MS));
    }
  };

  const readOnce = async (folder: AgentFolder, cursor: number, bytesMax: number): Promise<TerminalChunk> => {
    // Asked before reading: what has ended by now will not grow after.
    const { probe: now } = await settle(folder, stateOptions);
    if (now.state === 'absent') throw new HephError('id.unknown', `There is no agent ${folder.agentId}.`);
    const part = await readTranscript(folder.transcript, cursor, Math.min(bytesMax, READ_BYTES_MAX));
    const nextCursor = part.cursor + part.bytes.length;
    const ended = now.state !== 'running' && nextCursor >= now.outputBytes;
    const data = Buffer.from(part.bytes).toString('base64');
    return { agentId: folder.agentId, cursor: part.cursor, nextCursor, data, ended, droppedBefore: part.oldest };
  };

  for (const agentId of await agentIds()) {
    const { probe: now, state } = await settle(known(agentId), stateOptions);
    if (now.state === 'running' && state) links.keep(agentId, state);
  }
  supply.refillSoon();

  return {
    async startAgent(request) {
      const folder = known(request.agentId);
      const running = starting.get(request.agentId);
      if (running) return running;
      const start = begin(folder, request).finally(() => starting.delete(request.agentId));
      starting.set(request.agentId, start);
      return start;
    },

    probeAgent: ({ agentId }) => probe(agentId),

    async stopAgent({ agentId, graceMs }) {
      if (!agentFolder(root, agentId)) return { agentId, state: 'absent' };
      await starting.get(agentId)?.catch(() => undefined);
      return stopFolder(known(agentId), graceMs, { ...stateOptions, links });
    },

    async listAgents() {
      const probes: AgentProbe[] = [];
      for (const agentId of await agentIds()) probes.push(await probe(agentId));
      return probes;
    },

    async readTerminal({ agentId, cursor, bytesMax, waitMs }) {
      if (!(cursor >= 0 && bytesMax > 0))
        throw new HephError('input.invalid', 'A cursor is not negative, bytesMax is positive.');
      const folder = known(agentId);
      const first = await readOnce(folder, cursor, bytesMax);
      if (first.data !== '' || first.ended || !waitMs) return first;
      await waitForOutput(folder, first.nextCursor, waitMs);
      return readOnce(folder, cursor, bytesMax);
    },

    async writeTerminal({ agentId, data }) {
      const folder = known(agentId);
      if (Buffer.byteLength(data) > WRITE_BYTES_MAX)
        throw new HephError('input.invalid', `At most ${WRITE_BYTES_MAX} bytes at a time.`);
      epoch.check();
      const { probe: now, state } = await settle(folder, stateOptions);
      if (now.state !== 'running' || !state)
        throw new Fault('terminal.gone', `${agentId} does not run.`, { retryable: false });
      await (await links.to(agentId, state)).ask({ do: 'write', keys: data });
    },

    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async close() {
      closed = true;
      await Promise.allSettled(starting.values());
      supply.close();
      links.close();
      listeners.clear();
    },
  };
}
