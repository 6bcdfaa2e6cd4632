import { plainText } from '../../../kernel/plain-text.ts';
import type { AgentObservation, ObserveRequest } from '../../runner.ts';
import { readTranscript } from '../../terminals/adapters/transcript-reader.ts';
import type { AgentFolder } from './agent-folder.ts';
import { type AgentStateOptions, settle } from './agent-state.ts';
import { processorTime } from './processor-time.ts';

const NEWLINE = 10;

/** What its records, its transcript and the process table tell; the worktree is asked by others. */
export async function observe(
  folder: AgentFolder,
  { agentId, cursor, bytesMax, processor }: ObserveRequest,
  options: AgentStateOptions,
): Promise<AgentObservation> {
  const { probe, state } = await settle(folder, options);
  const outputBytes = probe.state === 'absent' ? 0 : probe.outputBytes;
  const from = Math.max(cursor ?? 0, outputBytes - bytesMax, 0);
  const part = await readTranscript(folder.transcript, from, bytesMax);
  const bytes = wholeLines(part.bytes, probe.state !== 'running' || part.bytes.length >= bytesMax);
  return {
    agentId,
    state: probe.state,
    outputBytes,
    lastOutputAt: probe.state === 'running' ? probe.lastOutputAt : null,
    text: plainText(bytes),
    nextCursor: part.cursor + bytes.length,
    skippedBytes: cursor === null ? 0 : Math.max(0, part.cursor - cursor),
    processorMs: processor && probe.state === 'running' && state ? processorTime(markOf(agentId, state)) : null,
    files: null,
  };
}

/** Of an id that no agent can have. */
export function absent({ agentId, cursor }: ObserveRequest): AgentObservation {
  return {
    ...{ agentId, state: 'absent', outputBytes: 0, lastOutputAt: null, text: '' },
    ...{ nextCursor: cursor ?? 0, skippedBytes: 0, processorMs: null, files: null },
  };
}

function markOf(
  agentId: string,
  { pid, pidTicks, holderPid }: { pid: number | null; pidTicks: number | null; holderPid: number },
) {
  const child = pid !== null && pidTicks !== null ? { pid, ticks: pidTicks } : null;
  return { agentId, child, except: [holderPid] };
}

/** Up to the last newline; the line that is being written is for the next look. All of it when `anyway` and there is none. */
function wholeLines(bytes: Uint8Array, anyway: boolean): Uint8Array {
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  return end === 0 && anyway ? bytes : bytes.subarray(0, end);
}
