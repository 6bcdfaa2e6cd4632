import type { Clock } from '../../../kernel/clock.ts';
import type { WaitingHolder } from './holder-process.ts';

/** Each is about 50 MB. Whoever is expected beyond it gets a cold one. */
const EXPECTED_MAX = 8;
/** Nobody came: the worktree could not be made, or takes so long that the memory is worth more. */
const EXPECTED_MS = 5 * 60_000;

/**
 * Holders at hand. A warm one has everything loaded and rehearsed, and answers an order in a tenth of the time of a cold
 * one. It is made while the agent's worktree is, so that nobody waits for it and none stands idle.
 */
export interface HolderSupply {
  /** A start for that task is near: its holder is made ready meanwhile. Said twice, true once. */
  expect(taskId: string): void;
  /** The holder that was made ready for the task, or a cold one. */
  take(taskId: string): WaitingHolder;
  /** Settles when those that wait are gone. */
  close(): Promise<void>;
}

export function createHolderSupply(spawn: (spare: boolean) => WaitingHolder, clock: Clock): HolderSupply {
  const expected = new Map<string, { holder: WaitingHolder; cancel(): void }>();

  const forget = (taskId: string): WaitingHolder | undefined => {
    const one = expected.get(taskId);
    one?.cancel();
    expected.delete(taskId);
    return one?.holder;
  };

  return {
    expect(taskId) {
      if (expected.has(taskId) || expected.size >= EXPECTED_MAX) return;
      const cancel = clock.after(EXPECTED_MS, () => void forget(taskId)?.dismiss());
      expected.set(taskId, { holder: spawn(true), cancel });
    },
    take(taskId) {
      const ready = forget(taskId);
      return ready?.isWaiting() ? ready : spawn(false);
    },
    async close() {
      await Promise.all([...expected.keys()].map(async (taskId) => forget(taskId)?.dismiss()));
    },
  };
}
