/** An event on its way through a group. */
export interface Message<E> {
  key: bigint;
  event: E;
  /** How often it was handed out and not settled. */
  retries: number;
  /** It was parked and is tried again: it lies behind the checkpoint and does not hold it. */
  replayed: boolean;
}

/** A message in a consumer's hands, until it is settled or taken away. */
export interface Handed<E> {
  message: Message<E>;
  /** The consumer has seen it; else it still waits in its inbox. */
  taken: boolean;
  stopTimer(): void;
}

/** The group's side of one consumer. */
export interface Inbox<E> {
  readonly hands: ReadonlySet<Handed<E>>;
  hasRoom(): boolean;
  put(handed: Handed<E>): void;
  /** False when it is not in these hands any more. */
  remove(handed: Handed<E>): boolean;
  /** Undefined when it has ended. Rejects when it has ended with an error. */
  take(): Promise<Handed<E> | undefined>;
  end(error?: Error): void;
}

export function createInbox<E>(inFlightMax: number): Inbox<E> {
  const hands = new Set<Handed<E>>();
  let ring = Promise.withResolvers<void>();
  let ended: { error: Error | undefined } | undefined;

  function wake(): void {
    ring.resolve();
    ring = Promise.withResolvers();
  }

  return {
    hands,
    hasRoom: () => !ended && hands.size < inFlightMax,
    put(handed) {
      hands.add(handed);
      wake();
    },
    remove(handed) {
      handed.stopTimer();
      return hands.delete(handed);
    },
    async take() {
      for (;;) {
        if (ended?.error) throw ended.error;
        if (ended) return undefined;
        for (const handed of hands) {
          if (handed.taken) continue;
          handed.taken = true;
          return handed;
        }
        await ring.promise;
      }
    },
    end(error) {
      ended ??= { error };
      wake();
    },
  };
}
