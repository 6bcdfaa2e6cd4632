import type { Position } from '../store/event-store.ts';

/** Those who wait for a position to be applied. */
export interface Waiters {
  /** Rejects with the signal's reason when it aborts first. */
  wait(position: Position, signal?: AbortSignal): Promise<void>;
  reached(position: Position): void;
  /** Nothing will be reached any more. */
  fail(error: unknown): void;
}

export function createWaiters(): Waiters {
  const waiting = new Set<{ position: Position; resolve: () => void; reject: (error: unknown) => void }>();
  return {
    wait(position, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const abort = () => {
          waiting.delete(waiter);
          reject(signal?.reason);
        };
        const settled = (then: () => void) => () => {
          signal?.removeEventListener('abort', abort);
          then();
        };
        const waiter = {
          position,
          resolve: settled(resolve),
          reject: (error: unknown) => settled(() => reject(error))(),
        };
        signal?.addEventListener('abort', abort, { once: true });
        waiting.add(waiter);
      });
    },
    reached(position) {
      for (const waiter of waiting) {
        if (waiter.position > position) continue;
        waiting.delete(waiter);
        waiter.resolve();
      }
    },
    fail(error) {
      for (const waiter of waiting) waiter.reject(error);
      waiting.clear();
    },
  };
}
