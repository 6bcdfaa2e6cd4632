import type { Clock } from '../../../kernel/clock.ts';
import { type HolderSpawning, spawnHolder, type WaitingHolder } from './holder-process.ts';

const REFILL_DELAY_MS = 100;

/** Holders at hand. A warm one has its modules loaded and answers an order in a tenth of the time of a cold one. */
export interface HolderSupply {
  take(): WaitingHolder;
  /** Fills up to the wanted number of warm ones, a little later: making one would slow the agent that has just started. */
  refillSoon(): void;
  /** Settles when the spare ones are gone. */
  close(): Promise<void>;
}

export function createHolderSupply(spawning: HolderSpawning, warmHolders: number, clock: Clock): HolderSupply {
  const spares: WaitingHolder[] = [];
  let cancel: (() => void) | null = null;
  let closed = false;

  const refill = () => {
    cancel = null;
    while (spares.length < warmHolders) spares.push(spawnHolder(spawning, true));
  };

  refill();
  return {
    take() {
      for (let spare = spares.shift(); spare; spare = spares.shift()) if (spare.isWaiting()) return spare;
      return spawnHolder(spawning, false);
    },
    refillSoon() {
      if (!closed && warmHolders > 0) cancel ??= clock.after(REFILL_DELAY_MS, refill);
    },
    async close() {
      closed = true;
      cancel?.();
      await Promise.all(spares.splice(0).map((spare) => spare.dismiss()));
    },
  };
}
