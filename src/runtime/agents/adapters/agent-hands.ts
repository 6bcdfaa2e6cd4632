import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../kernel/clock.ts';
import { Fault, HephError } from '../../../kernel/errors.ts';
import { ID_PATTERN } from '../../../kernel/ids.ts';
import type { Random } from '../../../kernel/random.ts';
import type { AgentProbe, AgentStart, AgentStarted, RunnerEvent } from '../../runner.ts';
import type { AgentHands, AgentLog } from '../agent-hands.ts';
import type { McpBridge } from '../mcp-config.ts';
import { type AgentFolder, agentFolder } from './agent-folder.ts';
import { createAgentLinks } from './agent-links.ts';
import { layAgent, planAgent } from './agent-setup.ts';
import { settle, startedFrom } from './agent-state.ts';
import { raiseEpoch } from './epoch.ts';
import { absent, observe } from './observe.ts';
import { type HolderProgram, spawnHolder } from './holder-process.ts';
import { REHEARSAL } from '../../terminals/adapters/rehearsal.ts';
import { createHolderSupply } from './holder-supply.ts';
import { stopFolder } from './stop-agent.ts';
import { readTerminal, writeTerminal } from './terminal-access.ts';

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
  await clearRehearsals(root);
  const spawning = { program: options.holderProgram, codeCache: join(root, 'code-cache'), logFile, folder: root };
  const supply = createHolderSupply((spare) => spawnHolder(spawning, spare), clock);
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
    const plan = planAgent(folder, request, options.mcpBridge);
    const { order, tokenHash } = await layAgent(folder, plan, options);
    emit({ type: 'agent_claimed', agentId: request.agentId, tokenHash });
    try {
      await supply.take(request.taskId).give({ ...order, epoch: epoch.number });
    } catch (error) {
      // An earlier holder may have been faster, or the agent is known to be lost now: then that is the answer.
      const after = await settle(folder, stateOptions);
      if (after.probe.state === 'absent') throw error;
      return answerStarted(after, folder);
    }
    return answerStarted(await settle(folder, stateOptions), folder);
  };

  const answerStarted = (settled: Awaited<ReturnType<typeof settle>>, folder: AgentFolder): AgentStarted => {
    const started = startedFrom(settled);
    if (!started) throw new Fault('terminal.gone', `${folder.agentId} was lost before it ran.`, { retryable: false });
    if (settled.state && settled.probe.state === 'running') links.keep(folder.agentId, settled.state);
    // It was quicker than we: no connection will ever close and tell.
    else emit({ type: 'agent_exited', agentId: folder.agentId });
    return started;
  };

  const probe = async (agentId: string): Promise<AgentProbe> => {
    if (!agentFolder(root, agentId)) return { agentId, state: 'absent' };
    await starting.get(agentId)?.catch(() => undefined);
    return (await settle(known(agentId), stateOptions)).probe;
  };

  const agentIds = async () => (await readdir(root)).filter((name) => ID_PATTERN.test(name)).sort();

  const access = { ...stateOptions, links };

  for (const agentId of await agentIds()) {
    const { probe: now, state } = await settle(known(agentId), stateOptions);
    if (now.state === 'running' && state) links.keep(agentId, state);
  }

  return {
    async startAgent(request) {
      const folder = known(request.agentId);
      const running = starting.get(request.agentId);
      if (running) return running;
      const start = begin(folder, request).finally(() => starting.delete(request.agentId));
      starting.set(request.agentId, start);
      return start;
    },

    expectStart(taskId) {
      if (!closed) supply.expect(taskId);
    },

    probeAgent: ({ agentId }) => probe(agentId),

    async stopAgent({ agentId, graceMs }) {
      if (!agentFolder(root, agentId)) return { agentId, state: 'absent' };
      await starting.get(agentId)?.catch(() => undefined);
      return stopFolder(known(agentId), graceMs, access);
    },

    async listAgents() {
      const probes: AgentProbe[] = [];
      for (const agentId of await agentIds()) probes.push(await probe(agentId));
      return probes;
    },

    async observeAgent(request) {
      if (!agentFolder(root, request.agentId)) return absent(request);
      return observe(known(request.agentId), request, stateOptions);
    },

    readTerminal: async (request) => readTerminal(known(request.agentId), request, access),
    writeTerminal: async ({ agentId, ...typed }) => writeTerminal(known(agentId), typed, access),

    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async close() {
      closed = true;
      await Promise.allSettled(starting.values());
      links.close();
      await supply.close();
      listeners.clear();
    },
  };
}

/** A spare holder that was killed could not clear up after itself; one that still rehearses for an earlier server will. */
async function clearRehearsals(root: string): Promise<void> {
  const left = (await readdir(root)).filter((name) => name.startsWith(REHEARSAL));
  await Promise.allSettled(left.map((name) => rm(join(root, name), { recursive: true, force: true })));
}
