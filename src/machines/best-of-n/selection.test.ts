import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { highestTotal, type Prospect, settledWinner } from './early-stop.ts';
import type { Place } from './events.ts';
import { scoreCost, scoreDiff, scoreTime } from './scorers.ts';
import { select, totalOf } from './selection.ts';
import { SCORER_NAMES, scorersOf, type Weights } from './weights.ts';

const weights = fc.dictionary(fc.constantFrom(...SCORER_NAMES), fc.integer({ min: 0, max: 5 }), { minKeys: 1 });
const values = fc.dictionary(fc.constantFrom(...SCORER_NAMES), fc.double({ min: 0, max: 1, noNaN: true }), {
  minKeys: SCORER_NAMES.length,
  maxKeys: SCORER_NAMES.length,
});
/** Few different numbers, so that ties are common. */
const total = fc.constantFrom(0, 0.25, 0.5, 0.5, 1);
const lines = fc.integer({ min: 0, max: 4 });
const places = fc
  .array(fc.record({ total, changedLines: lines }), { minLength: 1, maxLength: 6 })
  .map((list) => list.map((place, index): Place => ({ index, ...place })));

describe('the total', () => {
  it('lies between 0 and 1, and never falls when a score rises', () => {
    fc.assert(
      fc.property(weights, values, fc.constantFrom(...SCORER_NAMES), (by, scores, scorer) => {
        const before = totalOf(by, (name) => scores[name] ?? 0);
        const after = totalOf(by, (name) => (name === scorer ? 1 : (scores[name] ?? 0)));
        expect(before).toBeGreaterThanOrEqual(0);
        expect(after).toBeLessThanOrEqual(1);
        expect(after).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  it('does not depend on how the weights were written', () => {
    fc.assert(
      fc.property(weights, values, (by, scores) => {
        const backwards: Weights = Object.fromEntries(Object.entries(by).toReversed());
        const of = (one: Weights) => totalOf(one, (name) => scores[name] ?? 0);
        expect(of(backwards)).toBe(of(by));
      }),
    );
  });

  it('takes no noise of the arithmetic for a difference', () => {
    const of = (a: number, b: number) => totalOf({ tests: 1, diff: 2 }, (name) => (name === 'tests' ? a : b));
    expect(of(0.1 + 0.2, 0.5)).toBe(of(0.3, 0.5));
  });
});

describe('the selection', () => {
  it('does not depend on the order of the candidates', () => {
    fc.assert(
      fc.property(places, fc.infiniteStream(fc.nat()), (list, chance) => {
        const keyed = list.map((place) => ({ place, key: chance.next().value as number }));
        const shuffled = keyed.sort((a, b) => a.key - b.key).map(({ place }) => place);
        expect(select(shuffled)).toEqual(select(list));
      }),
    );
  });

  it('takes nobody over one with a higher total, or an equal total and fewer lines', () => {
    fc.assert(
      fc.property(places, (list) => {
        const winner = list[select(list).winner as number] as Place;
        for (const other of list) {
          expect(other.total).toBeLessThanOrEqual(winner.total);
          if (other.total !== winner.total) continue;
          expect(Math.max(1, other.changedLines)).toBeGreaterThanOrEqual(Math.max(1, winner.changedLines));
        }
      }),
    );
  });

  it('keeps its winner when another candidate gets worse', () => {
    fc.assert(
      fc.property(places, fc.nat(), (list, which) => {
        const { winner } = select(list);
        const worse = list.map((place, n) =>
          n === which % list.length && n !== winner ? { ...place, total: 0 } : place,
        );
        expect(select(worse).winner).toBe(winner);
      }),
    );
  });

  it('is nobody where nobody passed, and the only one where one did', () => {
    expect(select([])).toMatchObject({ winner: null, words: 'No candidate passed.' });
    expect(select([{ index: 4, total: 0.2, changedLines: 9 }]).words).toContain('Variant 4 is the only one');
  });
});

/** How a candidate really ends, and what is known of it before. */
const prospect = fc.record({
  known: fc.boolean(),
  passed: fc.boolean(),
  total,
  changedLines: lines,
  slack: fc.constantFrom(0, 0.25, 0.5),
  moreLines: lines,
  fewerLines: lines,
});

describe('stopping early', () => {
  const contest = fc.array(prospect, { minLength: 1, maxLength: 5 });
  const read = (list: typeof contest extends fc.Arbitrary<infer T> ? T : never) => ({
    prospects: list.map((one, index): Prospect => {
      const { known, passed, changedLines } = one;
      if (known)
        return {
          ...{ index, passed },
          total: { least: one.total, most: one.total },
          changedLines: { least: changedLines, most: changedLines },
        };
      return {
        ...{ index, passed: null },
        total: { least: Math.max(0, one.total - one.slack), most: Math.min(1, one.total + one.slack) },
        changedLines: { least: Math.max(0, changedLines - one.fewerLines), most: changedLines + one.moreLines },
      };
    }),
    passed: list.flatMap((one, index): Place[] =>
      one.passed ? [{ index, total: one.total, changedLines: one.changedLines }] : [],
    ),
  });

  it('never names another winner than the one that all would have come to', () => {
    let settled = 0;
    fc.assert(
      fc.property(contest, (list) => {
        const { prospects, passed } = read(list);
        const winner = settledWinner(prospects);
        if (winner === null) return;
        settled++;
        expect(select(passed).winner).toBe(winner);
      }),
      { numRuns: 2_000, seed: 1 },
    );
    expect(settled).toBeGreaterThan(100);
  });

  it('names the winner as soon as nothing is open', () => {
    fc.assert(
      fc.property(contest, (list) => {
        const { prospects, passed } = read(list.map((one) => ({ ...one, known: true })));
        expect(settledWinner(prospects)).toBe(select(passed).winner);
      }),
    );
  });

  it('expects of a candidate at least what it comes to, whatever it still spends', () => {
    const spent = fc.record({ buildMs: fc.nat(), testMs: fc.nat(), costUsd: fc.nat(9) });
    fc.assert(
      fc.property(weights, values, spent, spent, fc.nat(99), fc.nat(99), (by, scores, now, later, least, more) => {
        fc.pre(scorersOf(by).length > 0);
        const end = {
          buildMs: now.buildMs + later.buildMs,
          testMs: now.testMs + later.testMs,
          costUsd: now.costUsd + later.costUsd,
        };
        const known: Record<string, number> = {
          diff: scoreDiff(least + more).value,
          time: scoreTime(end).value,
          cost: scoreCost(end.costUsd).value,
        };
        const final = totalOf(by, (name) => known[name] ?? scores[name] ?? 0);
        expect(highestTotal(by, now, least)).toBeGreaterThanOrEqual(final);
        expect(highestTotal(by, { ...now, costUsd: null }, least)).toBeGreaterThanOrEqual(final);
      }),
    );
  });
});
