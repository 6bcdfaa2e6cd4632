/**
 * What a group must not forget: how far it has come and what it has put aside. Changes are collected and saved together,
 * once for all answers of one turn, so that what is parked is never behind a checkpoint that has passed it.
 */
export interface SavedProgress {
  /** Every event up to this key is settled or parked; null before the first. */
  checkpoint: bigint | null;
  /** Keys of the parked events, with the reason. */
  parked: ReadonlyMap<bigint, string>;
}

export interface ProgressChange {
  checkpoint: bigint | null;
  parked: ReadonlyMap<bigint, string>;
  unparked: ReadonlySet<bigint>;
}

export interface Ledger {
  isParked(key: bigint): boolean;
  parkedCount(): number;
  parkedKeys(): bigint[];
  park(key: bigint, reason: string): void;
  unpark(key: bigint): void;
  /** Never goes back. */
  reach(checkpoint: bigint): void;
  /** The last that was saved. */
  checkpoint(): bigint | null;
  /** Saves what has changed. Rejects when that fails; it is then tried again with the next change. */
  flush(): Promise<void>;
}

export function createLedger(saved: SavedProgress, save: (change: ProgressChange) => void): Ledger {
  const parked = new Set(saved.parked.keys());
  let durable = saved.checkpoint;
  let reached = saved.checkpoint;
  let added = new Map<bigint, string>();
  let removed = new Set<bigint>();
  let flushing: Promise<void> | undefined;

  function write(): void {
    flushing = undefined;
    if (reached === durable && added.size === 0 && removed.size === 0) return;
    save({ checkpoint: reached, parked: added, unparked: removed });
    durable = reached;
    added = new Map();
    removed = new Set();
  }

  return {
    isParked: (key) => parked.has(key),
    parkedCount: () => parked.size,
    parkedKeys: () => [...parked],
    park(key, reason) {
      parked.add(key);
      added.set(key, reason);
      removed.delete(key);
    },
    unpark(key) {
      parked.delete(key);
      added.delete(key);
      removed.add(key);
    },
    reach(checkpoint) {
      if (reached === null || checkpoint > reached) reached = checkpoint;
    },
    checkpoint: () => durable,
    flush: () => (flushing ??= Promise.resolve().then(write)),
  };
}
