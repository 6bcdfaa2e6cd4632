import { spawn } from '@lydell/node-pty';
import type { AgentHands } from '../src/runtime/agents/agent-hands.ts';
import { type BenchOptions, compare, type Figure, milliseconds } from './measure.ts';
import { atLeast, type Goal, nearFloor } from './support/goals.ts';
import {
  agentStart,
  bareFirstByte,
  firstByteIn,
  heldFirstByte,
  spareReady,
  untilReady,
  withTerminals,
} from './support/terminals.ts';

const ROUNDS = 11;
const FLOOD_ROUNDS = 5;
const FLOOD_BYTES = 48 * 1024 * 1024;
const FLOOD_BYTES_QUICK = 8 * 1024 * 1024;
const flood = (bytes: number) => ['/bin/sh', '-c', `yes 0123456789abcdef0123456789abcdef | head -c ${bytes}`];

/** How long until a terminal shows its first byte, and how fast a program may print, each beside node-pty alone. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  return [
    await readyFigure('terminal ready, warm holder', true, nearFloor(1, 5, 'ms')),
    await readyFigure('terminal ready, cold holder', false, null),
    await floodFigure(quick ? FLOOD_BYTES_QUICK : FLOOD_BYTES),
  ];
}

async function readyFigure(subject: string, warm: boolean, goal: Goal | null): Promise<Figure> {
  return withTerminals((hands, directory) => {
    const product = async () => {
      const request = firstByteIn(directory, directory);
      if (warm) await spareReady(hands, request);
      return untilReady(() => heldFirstByte(hands, request));
    };
    return compare(
      { subject, unit: 'ms', goal },
      { product, floor: () => untilReady(() => bareFirstByte('/')) },
      ROUNDS,
    );
  });
}

async function floodFigure(bytes: number): Promise<Figure> {
  const perSecond = (ms: number) => bytes / 1e6 / (ms / 1000);
  return withTerminals((hands, directory) =>
    compare(
      { subject: 'terminal output, recorded', unit: 'MB/s', goal: atLeast(0.7) },
      {
        product: async () => perSecond(await heldFlood(hands, directory, bytes)),
        floor: async () => perSecond(await bareFlood(bytes)),
      },
      FLOOD_ROUNDS,
    ),
  );
}

function bareFlood(bytes: number): Promise<number> {
  return milliseconds(async () => {
    const [command, ...args] = flood(bytes);
    const pty = spawn(command as string, args, { encoding: null });
    pty.onData(() => undefined);
    await new Promise<void>((resolve) => pty.onExit(() => resolve()));
  });
}

async function heldFlood(hands: AgentHands, directory: string, bytes: number): Promise<number> {
  const request = agentStart(directory, directory, flood(bytes));
  const exited = new Promise<void>((resolve) => {
    hands.watch((event) => event.type === 'agent_exited' && event.agentId === request.agentId && resolve());
  });
  await hands.startAgent(request);
  await exited;
  const probe = await hands.probeAgent(request);
  if (probe.state !== 'exited' || probe.outputBytes < bytes) throw new Error('the flood did not come through');
  return probe.exit.livedMs;
}
