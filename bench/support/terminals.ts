import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import { systemClock, systemRandom } from '../../src/kernel/adapters/system.ts';
import { createIds } from '../../src/kernel/ids.ts';
import type { AgentHands } from '../../src/runtime/agents/agent-hands.ts';
import { createAgentHands } from '../../src/runtime/agents/adapters/agent-hands.ts';
import type { AgentStart } from '../../src/runtime/runner.ts';
import { inDirectory } from '../raw-log.ts';

/** Shows a line and then waits, so that nothing but its first byte is measured. */
const FIRST_BYTE = ['/bin/sh', '-c', 'echo ready; read line'];
/** Longer than a holder needs to be ready. */
const SPARE_READY_MS = 1_000;
const ids = createIds(systemClock, systemRandom);

/** Agents' terminals as the server keeps them, in a directory that goes afterwards. */
export async function withTerminals<T>(work: (hands: AgentHands, directory: string) => Promise<T>): Promise<T> {
  return inDirectory(async (directory) => {
    const hands = await createAgentHands({
      directory,
      runnerId: 'local',
      clock: systemClock,
      random: systemRandom,
      holderProgram: {
        node: process.execPath,
        entry: fileURLToPath(new URL('../../src/programs/holder.ts', import.meta.url)),
      },
      mcpBridge: { command: 'heph', args: ['mcp'] },
      redactValues: () => [],
      log: { warn: (message, details) => console.error(message, details) },
    });
    try {
      // The first holder of a directory strips TypeScript; the others find it in the code cache.
      await (await heldFirstByte(hands, firstByteIn(directory, directory))).end();
      return await work(hands, directory);
    } finally {
      await hands.close();
    }
  });
}

/** Something that shows its first byte; `end` stops it. */
export interface Started {
  end(): Promise<unknown>;
}

/** Milliseconds until it shows its first byte; its end is not measured. */
export async function untilReady(start: () => Promise<Started>): Promise<number> {
  const begun = performance.now();
  const started = await start();
  const taken = performance.now() - begun;
  await started.end();
  return taken;
}

/** A holder is made ready for that start, and has been for a while. */
export function spareReady(hands: AgentHands, { taskId }: AgentStart): Promise<void> {
  hands.expectStart(taskId);
  return new Promise((resolve) => setTimeout(resolve, SPARE_READY_MS));
}

/** The start of an agent that shows its first byte and waits. */
export function firstByteIn(directory: string, worktree: string): AgentStart {
  return agentStart(directory, worktree, FIRST_BYTE);
}

/** An agent is started and its first byte is read. */
export async function heldFirstByte(hands: AgentHands, request: AgentStart): Promise<Started> {
  await hands.startAgent(request);
  await hands.readTerminal({ agentId: request.agentId, cursor: 0, bytesMax: 100, waitMs: 10_000 });
  return { end: () => hands.stopAgent({ agentId: request.agentId, graceMs: 0 }) };
}

/** The same with node-pty alone. */
export async function bareFirstByte(cwd: string): Promise<Started> {
  const [command, ...args] = FIRST_BYTE;
  const pty = spawn(command as string, args, { encoding: null, cwd });
  await new Promise<void>((resolve) => pty.onData(() => resolve()));
  const gone = new Promise<void>((resolve) => pty.onExit(() => resolve()));
  return {
    end() {
      pty.kill('SIGKILL');
      return gone;
    },
  };
}

export function agentStart(directory: string, worktree: string, argv: string[]): AgentStart {
  return {
    agentId: ids.next('agt'),
    taskId: ids.next('tsk'),
    worktree,
    argv,
    env: {},
    prompt: '',
    dataDirectory: directory,
    terminal: { columns: 80, rows: 24 },
    limits: { wallMs: 120_000, transcriptBytesMax: 8 * 1024 * 1024 },
  };
}
