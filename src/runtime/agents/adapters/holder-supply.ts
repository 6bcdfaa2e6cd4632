import { type HolderSpawning, spawnHolder, type WaitingHolder } from './holder-process.ts';

/** Holders at hand. A warm one has its modules loaded and answers an order in a tenth of the time of a cold one. */
export interface HolderSupply {
  take(): WaitingHolder;
  /** Fills up to the wanted number of warm ones; done after a start, so that it does not slow one down. */
  refill(): void;
  close(): void;
}

export function createHolderSupply(spawning: HolderSpawning, warmHolders: number): HolderSupply {
  const spares: WaitingHolder[] = [];
  let closed = false;
  return {
    take() {
      for (let spare = spares.shift(); spare; spare = spares.shift()) if (spare.isWaiting()) return spare;
      return spawnHolder(spawning);
    },
    refill() {
      while (!closed && spares.length < warmHolders) spares.push(spawnHolder(spawning));
    },
    close() {
      closed = true;
      for (const spare of spares.splice(0)) spare.dismiss();
    },
  };
}
