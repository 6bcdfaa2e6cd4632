import { sleep } from '../../../kernel/clock.ts';
import { messageOf } from '../../../kernel/errors.ts';
import type { HolderExit, HolderState } from '../../terminals/holder-protocol.ts';
import { findAgentProcesses, isAlive } from '../../terminals/adapters/processes.ts';
import type { AgentProbe } from '../../runner.ts';
import { type AgentFolder, createFile, readRecord } from './agent-folder.ts';
import { neverStarted, notStopped, recordLost, settle } from './agent-state.ts';
import type { AccessOptions } from './terminal-access.ts';

/** After the agent's grace: for the holder to kill, to look again, and to record. */
const HOLDER_ANSWER_MS = 10_000;

/** An exit is recorded, and the process that recorded it is about to go. */
const LAST_LOOKS_MAX = 400;
const LAST_LOOK_MS = 5;

/**
 * Ends an agent and answers what is true then: `exited`, or `lost` when the holder did not do its part and was ended too.
 * A claim from which nothing was started yet is closed for good. Throws Fault `agent.not_stopped`.
 */
export async function stopFolder(folder: AgentFolder, graceMs: number, options: AccessOptions): Promise<AgentProbe> {
  const { probe, state, start } = await settle(folder, options);
  if (probe.state === 'absent' && start) {
    await createFile(folder.state, `${JSON.stringify(neverStarted(options.clock.now()))}\n`);
    return stopFolder(folder, graceMs, options);
  }
  if (probe.state === 'running' && state) {
    options.epoch.check();
    await stopHolder(folder.agentId, state, graceMs, options);
    if (isAlive(state.holderPid, state.holderTicks)) await endStuck(folder, state, options);
  }
  const left = await survivors(folder, state);
  if (left.length > 0) throw notStopped(folder.agentId, left);
  return (await settle(folder, options)).probe;
}

/** Asks the holder, and waits until its connection is over or its time is. */
async function stopHolder(
  agentId: string,
  state: HolderState,
  graceMs: number,
  { links, clock, log }: AccessOptions,
): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(graceMs + HOLDER_ANSWER_MS, resolve);
  const done = async () => {
    const link = await links.to(agentId, state);
    await link.ask({ do: 'stop', graceMs });
    await link.closed;
  };
  const failed = (error: unknown) => log.warn('a holder did not take a stop', { agentId, reason: messageOf(error) });
  await Promise.race([done().catch(failed), late]);
  cancel();
}

/** A holder that was asked and still lives is either in its last milliseconds, which are waited for, or stuck. */
async function endStuck(folder: AgentFolder, state: HolderState, options: AccessOptions): Promise<void> {
  const lives = () => isAlive(state.holderPid, state.holderTicks);
  const exitRecorded = () => readRecord(folder.exit) !== null;
  for (let look = 0; look < LAST_LOOKS_MAX && lives() && exitRecorded(); look++)
    await sleep(options.clock, LAST_LOOK_MS);
  try {
    if (lives()) process.kill(state.holderPid, 'SIGKILL');
  } catch {
    // It has ended since.
  }
  if (exitRecorded()) return;
  await recordLost(folder, state, 'Its holder did not answer a stop and was ended.', options);
}

/** Of those that the holder could not kill, the ones that are still there. */
async function survivors(folder: AgentFolder, state: HolderState | null): Promise<number[]> {
  const exit = readRecord<HolderExit>(folder.exit);
  if (!exit || exit.survivors.length === 0) return [];
  const child = state?.pid && state.pidTicks !== null ? { pid: state.pid, ticks: state.pidTicks } : null;
  return findAgentProcesses({ agentId: folder.agentId, child, except: [] }).map(({ pid }) => pid);
}
