import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatorThread, startSimulatorThread } from './simulator-thread.ts';

const PER_TEST = 25;

/** A test for every few seeds; a failure names each seed that failed with its breaches. */
export function holdsFor(first: number, last: number): void {
  const groups = Array.from({ length: Math.ceil((last - first + 1) / PER_TEST) }, (_, n) => first + n * PER_TEST);
  describe('the whole core under faults', () => {
    let thread: SimulatorThread;
    beforeAll(() => void (thread = startSimulatorThread()));
    afterAll(() => thread.close());

    it.each(groups)('breaks no invariant and comes to an end: seeds from %i', { timeout: 120_000 }, async (from) => {
      const broken: Record<string, string[]> = {};
      let struck = 0;
      let events = 0;
      for (let seed = from; seed < from + PER_TEST && seed <= last; seed++) {
        const outcome = await thread.simulate(seed);
        if (outcome.breaches.length > 0) broken[`npm run sim -- ${seed}`] = outcome.breaches;
        struck += outcome.struck;
        events += outcome.events;
      }
      expect(broken).toEqual({});
      // A run in which nothing fails, or nothing happens, proves nothing.
      expect(struck).toBeGreaterThan(10);
      expect(events).toBeGreaterThan(500);
    });
  });
}
