import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HolderOrder } from '../holder-protocol.ts';
import { beginning, type Held, hold, type HoldHands } from './hold.ts';
import { closeInherited, readOrder, sayReady } from './holder-start.ts';
import { createRecord } from './records.ts';
import { rehearse } from './rehearsal.ts';

export interface HolderHands extends HoldHands {
  /** It will wait for its order for a while. */
  spare: boolean;
}

/**
 * The life of a holder process. It waits for its order; with one it claims the agent, listens, starts the program,
 * records that it runs, says so, and from then on needs no server. It ends by itself when the program has ended, all that
 * the program left behind is gone, the output is kept and the exit is recorded. Without a program it never stays.
 */
export async function runHolder(hands: HolderHands): Promise<void> {
  process.umask(0o077);
  closeInherited();
  if (hands.spare) await rehearse(hands);
  const order = readOrder();
  // A rehearsal that failed may have left something open, which would keep this process for good.
  if (!order) process.exit(0);
  // The server's terminal may go; that is no reason for the agent to go.
  process.on('SIGHUP', () => undefined);
  let held: Held;
  try {
    held = claim(order, hands);
  } catch (error) {
    sayReady({ ok: false, message: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
  process.on('SIGTERM', held.stop);
  await held.ended;
  process.exit(0);
}

/** Starts the program unless another holder has the agent, and tells the server. */
function claim(order: HolderOrder, hands: HolderHands): Held {
  const stateFile = join(order.folder, 'state.json');
  const state = beginning(order, hands.clock);
  // Whoever makes this file first is the agent's one holder; nothing before this line may touch the folder.
  if (!createRecord(stateFile, state)) throw new Error('another holder has this agent');
  try {
    const held = hold(order, state, hands);
    sayReady({ ok: true, pid: held.pid, startedAt: state.startedAt });
    return held;
  } catch (error) {
    // Nothing runs, and nobody must believe that something does.
    rmSync(stateFile, { force: true });
    throw error;
  }
}
