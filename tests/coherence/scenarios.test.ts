import { describe, expect, it } from 'vitest';
import { HELD_OUT } from './held-out.ts';
import { measureSignals, precision, recall } from './measure-signals.ts';
import { play } from './scenario.ts';
import { TUNED } from './tuned.ts';

describe('the labelled scenarios', () => {
  it('are many, told apart by their names, and half of them or more ask for no warning', () => {
    const all = [...TUNED, ...HELD_OUT];
    expect(all.length).toBeGreaterThanOrEqual(40);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(all.filter(({ expects }) => expects.length === 0).length).toBeGreaterThanOrEqual(all.length / 2);
  });

  it.each(TUNED)('by which thresholds were chosen are judged as they are labelled: $name', (scenario) => {
    expect([...play(scenario).warned.keys()].sort()).toEqual([...scenario.expects].sort());
  });

  it('that were held out are judged no worse than the page says', () => {
    const { tallies } = measureSignals(HELD_OUT);
    const sum = tallies.reduce((one, other) => ({
      ...one,
      expected: one.expected + other.expected,
      right: one.right + other.right,
      falseAlarms: one.falseAlarms + other.falseAlarms,
    }));
    expect(precision(sum)).toBeGreaterThanOrEqual(0.65);
    expect(recall(sum)).toBeGreaterThanOrEqual(0.8);
  });
});
