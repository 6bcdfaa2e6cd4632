import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { HOLDER_PROTOCOL, type HolderOrder, type HolderRequest } from '../holder-protocol.ts';
import { beginning, hold, type HoldHands } from './hold.ts';
import { bootId } from './processes.ts';
import { createRecord } from './records.ts';

/** What the name of a rehearsal's folder begins with. */
export const REHEARSAL = '.spare-';
const PROGRAM = ['/bin/sh', '-c', 'echo ready'];
const WALL_MS = 10_000;
/** As long as a token of ours, and not one. */
const VALUE = 'rehearsed-'.repeat(5);

/**
 * What a spare does while nobody waits for it: it holds a program that prints a line and ends, with everything that an
 * agent gets, in a folder of its own. Each step takes several times as long the first time. Where it fails the spare is
 * slower, and no worse.
 */
export async function rehearse(hands: HoldHands): Promise<void> {
  const folder = folderHere();
  if (!folder) return;
  try {
    const order = orderIn(folder);
    const state = beginning(order, hands.clock);
    createRecord(join(folder, 'state.json'), state);
    const held = hold(order, state, hands);
    listenTo(order.socketPath);
    await held.ended;
  } catch {
    // Whatever it is, the agent's own start will say it.
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In the working directory, which is the agents' folder. Null when nothing can be written there. */
function folderHere(): string | null {
  try {
    return mkdtempSync(REHEARSAL);
  } catch {
    return null;
  }
}

function orderIn(folder: string): HolderOrder {
  return {
    protocol: HOLDER_PROTOCOL,
    agentId: folder,
    folder,
    socketPath: join(folder, 'sock'),
    epoch: 0,
    bootId: bootId(),
    argv: PROGRAM,
    env: {},
    cwd: '/',
    columns: 80,
    rows: 24,
    wallMs: WALL_MS,
    transcriptBytesMax: 1024 * 1024,
    redactValues: [VALUE],
  };
}

/** As a server does that waits for the first byte. */
function listenTo(path: string): void {
  const requests: HolderRequest[] = [
    { id: 1, do: 'hello', protocol: HOLDER_PROTOCOL, epoch: 1 },
    { id: 2, do: 'wait', beyond: 0, waitMs: WALL_MS },
  ];
  const socket = connect(path);
  socket.on('error', () => undefined);
  socket.resume();
  for (const request of requests) socket.write(`${JSON.stringify(request)}\n`);
}
