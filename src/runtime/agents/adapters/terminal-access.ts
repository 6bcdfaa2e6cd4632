import { sleep } from '../../../kernel/clock.ts';
import { Fault, HephError } from '../../../kernel/errors.ts';
import type { Runner, TerminalChunk } from '../../runner.ts';
import { readTranscript } from '../../terminals/adapters/transcript-reader.ts';
import { WRITE_BYTES_MAX } from '../../terminals/holder-protocol.ts';
import type { AgentFolder } from './agent-folder.ts';
import type { AgentLinks } from './agent-links.ts';
import { type AgentStateOptions, settle } from './agent-state.ts';

const READ_BYTES_MAX = 1024 * 1024;
const UNLINKED_LOOK_MS = 250;

/** What reaching a living agent takes, beside knowing its state. */
export interface AccessOptions extends AgentStateOptions {
  links: AgentLinks;
}

type ReadRequest = Parameters<Runner['readTerminal']>[0];

/** From the files, so that an ended agent is read like a living one; only the waiting goes through the holder. */
export async function readTerminal(
  folder: AgentFolder,
  request: ReadRequest,
  options: AccessOptions,
): Promise<TerminalChunk> {
  const { cursor, bytesMax, waitMs } = request;
  if (!(cursor >= 0 && bytesMax > 0)) {
    throw new HephError('input.invalid', 'A cursor is not negative, and bytesMax is positive.');
  }
  const first = await readOnce(folder, cursor, bytesMax, options);
  if (first.data !== '' || first.ended || !waitMs) return first;
  await waitForOutput(folder, first.nextCursor, waitMs, options);
  return readOnce(folder, cursor, bytesMax, options);
}

/** Throws Fault `terminal.gone` when the agent does not run, `terminal.failed` when its program does not read. */
export async function writeTerminal(
  folder: AgentFolder,
  { data, key }: { data: string; key?: string },
  options: AccessOptions,
): Promise<{ outputBytes: number }> {
  if (Buffer.byteLength(data) > WRITE_BYTES_MAX) {
    throw new HephError('input.invalid', `A terminal takes at most ${WRITE_BYTES_MAX} bytes at a time.`);
  }
  options.epoch.check();
  const { probe, state } = await settle(folder, options);
  if (probe.state !== 'running' || !state) {
    throw new Fault('terminal.gone', `${folder.agentId} does not run.`, { retryable: false });
  }
  const link = await options.links.to(folder.agentId, state);
  const { outputBytes = 0 } = await link.ask({ do: 'write', keys: data, ...(key !== undefined && { key }) });
  return { outputBytes };
}

async function readOnce(
  folder: AgentFolder,
  cursor: number,
  bytesMax: number,
  options: AccessOptions,
): Promise<TerminalChunk> {
  const { agentId } = folder;
  // Asked before reading: what has ended by now will not grow after.
  const { probe } = await settle(folder, options);
  if (probe.state === 'absent') throw new HephError('id.unknown', `There is no agent ${agentId}.`);
  const part = await readTranscript(folder.transcript, cursor, Math.min(bytesMax, READ_BYTES_MAX));
  const nextCursor = part.cursor + part.bytes.length;
  const ended = probe.state !== 'running' && nextCursor >= probe.outputBytes;
  const data = Buffer.from(part.bytes).toString('base64');
  return { agentId, cursor: part.cursor, nextCursor, data, ended, droppedBefore: part.oldest };
}

async function waitForOutput(
  folder: AgentFolder,
  beyond: number,
  waitMs: number,
  options: AccessOptions,
): Promise<void> {
  const { probe, state } = await settle(folder, options);
  if (probe.state !== 'running' || !state) return;
  try {
    await (await options.links.to(folder.agentId, state)).ask({ do: 'wait', beyond, waitMs });
  } catch {
    // A holder in its last moments answers nobody. One that lives and does not answer is looked at again, but not at once.
    const { probe: now } = await settle(folder, options);
    if (now.state === 'running') await sleep(options.clock, Math.min(waitMs, UNLINKED_LOOK_MS));
  }
}
