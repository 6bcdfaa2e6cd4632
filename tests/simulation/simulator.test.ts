import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { PLANTS } from './plants.ts';
import { type SimulatorThread, startSimulatorThread } from './simulator-thread.ts';
import { setTraps } from './traps.ts';

/** Which invariant each mistake breaks, so that it is not found by accident. */
const BREAKS: Record<(typeof PLANTS)[number], RegExp> = {
  acknowledge_before_sync: /^I1 /,
  forgotten_obligation: /^I7 /,
  double_spawn: /^I4 .* started twice/,
  slot_leak: /^I7 /,
  stale_epoch_writes: /^I12 /,
  resume_off_by_one: /^I3 /,
  replay_reads_clock: /^I5 the view fleet/,
  lost_cancellation: /^I6 .* outlives its cancelled task/,
  unchecked_merge: /^I15 /,
  deadline_fires_twice: /^I4 .* early/,
  loser_merged: /^I16 .* has not won/,
  unwarned_stop: /^I17 .* had not decided it/,
  typed_twice: /^I18 .* was typed 2 times/,
};
const SEEDS_MAX = 1000;

describe('the simulator', () => {
  let thread: SimulatorThread;
  beforeAll(() => void (thread = startSimulatorThread()));
  afterAll(() => thread.close());

  it.each(PLANTS)('finds a planted mistake: %s', { timeout: 120_000 }, async (plant) => {
    let found: { seed: number; breaches: string[] } | null = null;
    for (let seed = 1; seed <= SEEDS_MAX && !found; seed++) {
      const { breaches } = await thread.simulate(seed, [plant]);
      if (breaches.some((breach) => BREAKS[plant].test(breach))) found = { seed, breaches };
    }
    console.log(`${plant}: found by seed ${found?.seed ?? 'none'}`);
    expect(found).not.toBeNull();
  });

  it('goes the same way twice, and another way by another seed', { timeout: 120_000 }, async () => {
    const hashes = new Set<string>();
    for (const seed of [1, 147, 301, 9_999, 123_456_789]) {
      const [once, twice] = [await thread.simulate(seed), await thread.simulate(seed)];
      expect(twice.traceHash).toBe(once.traceHash);
      expect(twice.breaches).toEqual(once.breaches);
      hashes.add(once.traceHash);
    }
    expect(hashes.size).toBe(5);
  });

  it('notes when the product reaches for the real clock, and lets others have it', () => {
    const noted: string[] = [];
    const undo = setTraps(noted);
    try {
      expect(Date.now()).toBeGreaterThan(0);
      expect(noted).toEqual([]);
      systemClock.now();
    } finally {
      undo();
    }
    expect(noted).toEqual([expect.stringContaining('the product called now')]);
    expect(noted[0]).toContain('src/kernel/adapters/system.ts');
    systemClock.now();
    expect(noted).toHaveLength(1);
  });
});
