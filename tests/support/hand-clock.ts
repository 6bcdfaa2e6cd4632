import type { Clock } from '../../src/kernel/clock.ts';

/** Time that goes by when the test says so. */
export interface HandClock extends Clock {
  /** Lets so much time go by; what comes due meanwhile happens at its moment. */
  pass(ms: number): void;
  /** How many timers wait. */
  waiting(): number;
  /** Lets time go by in steps, as long as it takes for the promise to settle. */
  until<T>(promise: Promise<T>, stepMs: number): Promise<T>;
}

const STEPS_MAX = 5_000;

export function handClock(startMs = Date.UTC(2026, 0, 1)): HandClock {
  const timers = new Set<{ dueAt: number; fire: () => void }>();
  let now = startMs;
  const pass = (ms: number) => {
    const end = now + ms;
    for (;;) {
      const [next] = [...timers].sort((one, other) => one.dueAt - other.dueAt);
      if (!next || next.dueAt > end) break;
      timers.delete(next);
      now = Math.max(now, next.dueAt);
      next.fire();
    }
    now = end;
  };
  return {
    now: () => now,
    monotonicMs: () => now,
    after(delayMs, fire) {
      const timer = { dueAt: now + Math.max(0, delayMs), fire };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass,
    waiting: () => timers.size,
    async until(promise, stepMs) {
      let settled = false;
      const over = () => (settled = true);
      promise.then(over, over);
      for (let step = 0; !settled; step++) {
        if (step === STEPS_MAX) throw new Error(`nothing came of it in ${(STEPS_MAX * stepMs) / 1000} s`);
        // What the last step began gets its turns before time goes on.
        for (let turn = 0; turn < 10 && !settled; turn++) await new Promise(setImmediate);
        if (!settled) pass(stepMs);
      }
      return promise;
    },
  };
}
