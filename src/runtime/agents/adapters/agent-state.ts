import { rm } from 'node:fs/promises';
import { type Clock, sleep } from '../../../kernel/clock.ts';
import { Fault } from '../../../kernel/errors.ts';
import { HOLDER_PROTOCOL, type HolderState } from '../../terminals/holder-protocol.ts';
import { endProcesses } from '../../terminals/adapters/end-processes.ts';
import { bootId, findAgentProcesses, isAlive } from '../../terminals/adapters/processes.ts';
import { transcriptEnd } from '../../terminals/adapters/transcript-reader.ts';
import type { AgentProbe, AgentStarted } from '../../runner.ts';
import type { AgentLog } from '../agent-hands.ts';
import { type AgentFolder, type AgentRecords, createFile, readRecords, type StartRecord } from './agent-folder.ts';
import type { Epoch } from './epoch.ts';

// A holder is in its phase `starting` for a millisecond, unless the machine has stopped it there.
const STARTING_LOOKS_MAX = 200;
const STARTING_LOOK_MS = 10;

export interface AgentStateOptions {
  clock: Clock;
  epoch: Epoch;
  log: AgentLog;
}

export type Settled = { probe: AgentProbe; state: HolderState | null; start: StartRecord | null };

/**
 * What is true of an agent now, judged by its records and by which processes live, and never by what this server
 * remembers. An agent whose holder died without an exit is ended, whatever of it is left, and recorded as lost; that is
 * the one thing this writes. `absent` also means: claimed once, and certainly nothing was started.
 */
export async function settle(folder: AgentFolder, options: AgentStateOptions): Promise<Settled> {
  for (let look = 1; ; look++) {
    const records = readRecords(folder);
    const { state, start } = records;
    if (records.exit || records.lost) return { probe: await ended(folder, records), state, start };
    if (!state) return unstarted(folder, records, options);
    if (!holderLives(state)) return lost(folder, records, reasonOf(state), options);
    if (state.phase === 'running' && start) return { probe: await running(folder, state, start), state, start };
    if (look === STARTING_LOOKS_MAX)
      throw new Fault('terminal.failed', `The holder of ${folder.agentId} is stuck in its start.`);
    await sleep(options.clock, STARTING_LOOK_MS);
  }
}

/** What a start answered. Null when it never came so far. */
export function startedFrom({ state, start }: Pick<Settled, 'state' | 'start'>): AgentStarted | null {
  if (!state || !start || state.pid === null) return null;
  const { holderPid, pid, startedAt, bootId: boot } = state;
  return { agentId: start.agentId, holderPid, pid, startedAt, bootId: boot, tokenHash: start.tokenHash };
}

/**
 * Ends what is left of an agent without its holder's help, and records why. An exit recorded meanwhile wins.
 * Throws Fault `agent.not_stopped` with the pids that could not be killed.
 */
export async function recordLost(
  folder: AgentFolder,
  state: HolderState | null,
  reason: string,
  options: AgentStateOptions,
): Promise<void> {
  options.epoch.check();
  const sameBoot = state === null || state.bootId === bootId();
  const child = state?.pid && state.pidTicks !== null ? { pid: state.pid, ticks: state.pidTicks } : null;
  const find = () => findAgentProcesses({ agentId: folder.agentId, child, except: [] });
  const left = sameBoot
    ? await endProcesses({ find, killAt: () => Number.NEGATIVE_INFINITY, clock: options.clock })
    : [];
  await rm(folder.token, { force: true });
  if (state && state.socketPath !== '') await rm(state.socketPath, { force: true });
  const made = await createFile(folder.lost, `${JSON.stringify({ reason, at: options.clock.now() })}\n`);
  if (made) options.log.warn('an agent is lost', { agentId: folder.agentId, reason });
  if (left.length > 0)
    throw notStopped(
      folder.agentId,
      left.map(({ pid }) => pid),
    );
}

export function notStopped(agentId: string, pids: readonly number[]): Fault {
  return new Fault('agent.not_stopped', `Processes of ${agentId} did not end: ${pids.join(', ')}.`, {
    details: { agentId, pids },
  });
}

async function running(folder: AgentFolder, state: HolderState, start: StartRecord): Promise<AgentProbe> {
  const { bytes, lastAt } = await transcriptEnd(folder.transcript);
  const started = startedFrom({ state, start });
  if (!started)
    throw new Fault('terminal.failed', `The records of ${folder.agentId} are incomplete.`, { retryable: false });
  return { state: 'running', outputBytes: bytes, lastOutputAt: lastAt, ...started };
}

async function ended(folder: AgentFolder, { exit, lost: lostRecord, start }: AgentRecords): Promise<AgentProbe> {
  const { agentId } = folder;
  const tokenHash = start?.tokenHash ?? null;
  if (exit) {
    const { code, signal, at, how, livedMs, outputBytes } = exit;
    return { agentId, state: 'exited', exit: { code, signal, at, how, livedMs }, outputBytes, tokenHash };
  }
  const { bytes } = await transcriptEnd(folder.transcript);
  return { agentId, state: 'lost', reason: lostRecord?.reason ?? '', outputBytes: bytes, tokenHash };
}

function unstarted(folder: AgentFolder, records: AgentRecords, options: AgentStateOptions): Promise<Settled> | Settled {
  const { start, state } = records;
  if (start && start.bootId !== bootId()) {
    return lost(folder, records, 'The machine was started anew while the agent was being started.', options);
  }
  const { agentId } = folder;
  return { probe: { agentId, state: 'absent', ...(start && { tokenHash: start.tokenHash }) }, state, start };
}

async function lost(
  folder: AgentFolder,
  { state }: AgentRecords,
  reason: string,
  options: AgentStateOptions,
): Promise<Settled> {
  // The holder may have recorded its exit and ended between our two looks.
  if (readRecords(folder).exit === null) await recordLost(folder, state, reason, options);
  const records = readRecords(folder);
  return { probe: await ended(folder, records), state: records.state, start: records.start };
}

function holderLives({ bootId: boot, holderPid, holderTicks }: HolderState): boolean {
  return boot === bootId() && isAlive(holderPid, holderTicks);
}

function reasonOf(state: HolderState): string {
  if (state.phase === 'never_started') return 'It was stopped before it was started.';
  if (state.bootId !== bootId()) return 'The machine was started anew.';
  return state.phase === 'starting'
    ? 'Its holder died while it was starting the agent.'
    : 'Its holder died without recording an exit.';
}

/** `state.json` of an agent that must not be started any more. A holder that comes late finds it and gives up. */
export function neverStarted(startedAt: number): HolderState {
  return {
    protocol: HOLDER_PROTOCOL,
    phase: 'never_started',
    bootId: bootId(),
    holderPid: 0,
    holderTicks: 0,
    socketPath: '',
    epoch: 0,
    pid: null,
    pidTicks: null,
    startedAt,
  };
}
