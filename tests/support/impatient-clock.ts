import { systemClock } from '../../src/kernel/adapters/system.ts';
import type { Clock } from '../../src/kernel/clock.ts';

/** Pauses are over at once and noted; a time limit of so long is over when the test says so. */
export function impatientClock(limitMs: number): { clock: Clock; pauses: number[]; timeIsUp(): void } {
  const pauses: number[] = [];
  let [isUp, timeIsUp] = [false, () => {}];
  const clock: Clock = {
    ...systemClock,
    after(delayMs, fire) {
      if (delayMs === limitMs && !isUp) timeIsUp = fire;
      else if (delayMs === limitMs) queueMicrotask(fire);
      else {
        pauses.push(delayMs);
        queueMicrotask(fire);
      }
      return () => {};
    },
  };
  return { clock, pauses, timeIsUp: () => ((isUp = true), timeIsUp()) };
}
