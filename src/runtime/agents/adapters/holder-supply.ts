import type { Clock } from '../../../kernel/clock.ts';
import type { WaitingHolder } from './holder-process.ts';

/** Each is about 50 MB. Whoever is expected beyond it gets a cold one. */
const SPARES_MAX = 8;
/** Making the next one at once would slow the agent that has just started. */
const REFILL_DELAY_MS = 100;
/** Nobody works here any more: the memory is worth more than a quick start. */
const IDLE_MS = 5 * 60_000;

/**
 * Holders at hand. A warm one has everything loaded and rehearsed, and answers an order in a tenth of the time of a cold
 * one. The first is made while the first agent's worktree is; then, as long as agents come, one more than are expected
 * is there. A server that starts none has none.
 */
export interface HolderSupply {
  /** A start for that task is near: there will be a holder for it. Said twice, true once. */
  expect(taskId: string): void;
  /** The one that has been ready longest, or a cold one. */
  take(taskId: string): WaitingHolder;
  /** Settles when those that wait are gone. */
  close(): Promise<void>;
}

export function createHolderSupply(spawn: (spare: boolean) => WaitingHolder, clock: Clock): HolderSupply {
  const expected = new Set<string>();
  const spares: WaitingHolder[] = [];
  let cancelRefill = () => {};
  let cancelIdle = () => {};

  const fill = (wanted: number) => {
    while (spares.length < Math.min(wanted, SPARES_MAX)) spares.push(spawn(true));
  };

  const letGo = async () => {
    cancelRefill();
    cancelIdle();
    expected.clear();
    await Promise.all(spares.splice(0).map((spare) => spare.dismiss()));
  };

  const stayAwhile = () => {
    cancelIdle();
    cancelIdle = clock.after(IDLE_MS, () => void letGo());
  };

  return {
    expect(taskId) {
      expected.add(taskId);
      fill(expected.size);
      stayAwhile();
    },
    take(taskId) {
      expected.delete(taskId);
      cancelRefill();
      cancelRefill = clock.after(REFILL_DELAY_MS, () => fill(expected.size + 1));
      stayAwhile();
      for (let spare = spares.shift(); spare; spare = spares.shift()) if (spare.isWaiting()) return spare;
      return spawn(false);
    },
    close: letGo,
  };
}
