import type { Clock } from '../kernel/clock.ts';

export interface IdleWatch {
  /** Counts a request while it lasts. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Calls `onIdle` once when nothing was asked and nothing ran for the idle time; the returned function ends the watch. */
  start(onIdle: () => void): () => void;
}

/** Looks when the time since the last request is up, and never more often than that: an idle server is not woken for nothing. */
export function createIdleWatch(parts: { clock: Clock; idleMs: () => number; isBusy: () => boolean }): IdleWatch {
  const { clock } = parts;
  let open = 0;
  let lastAt = clock.monotonicMs();
  return {
    async during(work) {
      open++;
      try {
        return await work();
      } finally {
        open--;
        lastAt = clock.monotonicMs();
      }
    },
    start(onIdle) {
      let cancel = () => {};
      const look = () => {
        if (open > 0 || parts.isBusy()) lastAt = clock.monotonicMs();
        const left = lastAt + parts.idleMs() - clock.monotonicMs();
        if (left <= 0) onIdle();
        else cancel = clock.after(left, look);
      };
      look();
      return () => cancel();
    },
  };
}
