import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import { systemClock, systemRandom } from '../src/kernel/adapters/system.ts';
import { createIds } from '../src/kernel/ids.ts';
import type { AgentHands } from '../src/runtime/agents/agent-hands.ts';
import { createAgentHands } from '../src/runtime/agents/adapters/agent-hands.ts';
import type { AgentStart } from '../src/runtime/runner.ts';

interface Row {
  subject: string;
  unit: string;
  product: number;
  floor: number;
  ratio: number;
  goal: string;
}

const ROUNDS = 11;
const FLOOD_ROUNDS = 5;
const FLOOD_BYTES = 48 * 1024 * 1024;
const FIRST_BYTE = ['/bin/sh', '-c', 'echo ready; read line'];
const FLOOD = ['/bin/sh', '-c', `yes 0123456789abcdef0123456789abcdef | head -c ${FLOOD_BYTES}`];
/** Longer than the supply waits before it makes the next spare, and than that spare needs. */
const SPARE_READY_MS = 400;
const ids = createIds(systemClock, systemRandom);

/** How long until a terminal shows its first byte, and how fast a program may print, each beside node-pty alone. */
export async function run(): Promise<Row[]> {
  return [
    await readyRow('terminal ready, warm holder', 1, '≤ 5 ms over the floor'),
    await readyRow('terminal ready, cold holder', 0, 'none'),
    await floodRow(),
  ];
}

async function readyRow(subject: string, warmHolders: number, goal: string): Promise<Row> {
  return withHands(warmHolders, async (hands, directory) => {
    const product: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      floor.push(await bareFirstByte());
      product.push(await heldFirstByte(hands, directory));
    }
    return row(subject, 'ms', median(product), median(floor), goal);
  });
}

async function floodRow(): Promise<Row> {
  return withHands(0, async (hands, directory) => {
    const product: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round < FLOOD_ROUNDS; round++) {
      floor.push(megabytesPerSecond(await bareFlood()));
      product.push(megabytesPerSecond(await heldFlood(hands, directory)));
    }
    return row('terminal output, recorded', 'MB/s', median(product), median(floor), '≥ 0.7 × the floor');
  });
}

async function bareFirstByte(): Promise<number> {
  const begun = performance.now();
  const pty = spawn(FIRST_BYTE[0] as string, FIRST_BYTE.slice(1), { encoding: null });
  await new Promise<void>((resolve) => pty.onData(() => resolve()));
  const took = performance.now() - begun;
  const gone = new Promise<void>((resolve) => pty.onExit(() => resolve()));
  pty.kill('SIGKILL');
  await gone;
  return took;
}

async function heldFirstByte(hands: AgentHands, directory: string): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, SPARE_READY_MS));
  const request = requestFor(directory, FIRST_BYTE);
  const begun = performance.now();
  await hands.startAgent(request);
  await hands.readTerminal({ agentId: request.agentId, cursor: 0, bytesMax: 100, waitMs: 10_000 });
  const took = performance.now() - begun;
  await hands.stopAgent({ agentId: request.agentId, graceMs: 0 });
  return took;
}

async function bareFlood(): Promise<number> {
  const begun = performance.now();
  const pty = spawn(FLOOD[0] as string, FLOOD.slice(1), { encoding: null });
  pty.onData(() => undefined);
  await new Promise<void>((resolve) => pty.onExit(() => resolve()));
  return performance.now() - begun;
}

async function heldFlood(hands: AgentHands, directory: string): Promise<number> {
  const request = requestFor(directory, FLOOD);
  const exited = new Promise<void>((resolve) => {
    hands.watch((event) => event.type === 'agent_exited' && event.agentId === request.agentId && resolve());
  });
  await hands.startAgent(request);
  await exited;
  const probe = await hands.probeAgent(request);
  if (probe.state !== 'exited' || probe.outputBytes < FLOOD_BYTES) throw new Error('the flood did not come through');
  return probe.exit.livedMs;
}

async function withHands(
  warmHolders: number,
  measure: (hands: AgentHands, directory: string) => Promise<Row>,
): Promise<Row> {
  const directory = mkdtempSync(join(tmpdir(), 'heph-bench-'));
  const hands = await createAgentHands({
    directory,
    runnerId: 'local',
    clock: systemClock,
    random: systemRandom,
    holderProgram: {
      node: process.execPath,
      entry: fileURLToPath(new URL('../src/programs/holder.ts', import.meta.url)),
    },
    mcpBridge: { command: 'heph', args: ['mcp'] },
    redactValues: () => [],
    log: { warn: (message, details) => console.error(message, details) },
    warmHolders,
  });
  try {
    // The first holder of a directory strips TypeScript; the others find it in the code cache.
    await heldFirstByte(hands, directory);
    return await measure(hands, directory);
  } finally {
    await hands.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function requestFor(directory: string, argv: string[]): AgentStart {
  return {
    agentId: ids.next('agt'),
    taskId: ids.next('tsk'),
    worktree: directory,
    argv,
    env: {},
    prompt: '',
    dataDirectory: directory,
    terminal: { columns: 80, rows: 24 },
    limits: { wallMs: 120_000, transcriptBytesMax: 8 * 1024 * 1024 },
  };
}

function megabytesPerSecond(ms: number): number {
  return FLOOD_BYTES / 1e6 / (ms / 1000);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function row(subject: string, unit: string, product: number, floor: number, goal: string): Row {
  return { subject, unit, product, floor, ratio: product / floor, goal };
}
