import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../../kernel/adapters/system.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { programFile } from '../../../programs/installation.ts';
import { scratch } from '../../worktrees/adapters/test-support.ts';
import { measure } from './measure.ts';
import { planMutants } from './plan.ts';
import type { Tester, Verdict } from './tester.ts';

const HANDS = { clock: systemClock, mutator: programFile('mutator') };
const TEXT = 'export default [\n  1 + 2,\n  3 * 4,\n  5 - 6,\n  7 / 8,\n];\n';

async function planned(seed = 1) {
  const checkout = scratch();
  writeFileSync(join(checkout, 'm.js'), TEXT);
  const change = { files: [{ file: 'm.js', lines: [[2, 5] as const] }], unmeasured: [] };
  return {
    checkout,
    ...(await planMutants(HANDS, checkout, change, { seed, deadlineMs: systemClock.monotonicMs() + 60_000 })),
  };
}

/** A check of one second on a clock of its own; `verdict` sees the file as it then is. */
function aWitness(checkout: string, verdict: (text: string) => Verdict, more: Partial<Tester> = {}) {
  let now = 0;
  const clock = { now: () => now, monotonicMs: () => now, after: () => () => {} } satisfies Clock;
  const runs: string[] = [];
  const tester: Tester = {
    baseline: async () => ({ fit: true, durationMs: 1_000 }),
    witnesses: () => null,
    async run(_files, timeoutMs) {
      const text = readFileSync(join(checkout, 'm.js'), 'utf8');
      runs.push(text);
      const said = verdict(text);
      now += said === 'timed_out' ? timeoutMs : 1_000;
      return said;
    },
    ...more,
  };
  return { runs, tester, on: { clock, random: systemRandom } };
}

it('mutates the changed lines only, in an order that the seed decides', async () => {
  const order = async (seed: number) => (await planned(seed)).mutants.map(({ line }) => line);
  expect((await order(1)).sort()).toEqual([2, 3, 4, 5]);
  expect(await order(7)).toEqual(await order(7));
  const orders = await Promise.all([1, 2, 3, 4, 5].map(order));
  expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
});

it('ends with its budget, scores what was tried, and puts the file back', async () => {
  const plan = await planned();
  const { tester, on, runs } = aWitness(plan.checkout, () => 'noticed');
  const result = await measure(on, plan, tester, 2_500);
  expect(result).toMatchObject({ measured: true, mutants: 4, killed: 3, untested: 1, score: 1 });
  expect(runs).toHaveLength(3);
  expect(readFileSync(join(plan.checkout, 'm.js'), 'utf8')).toBe(TEXT);
});

it('counts what never ends as noticed, unless it was the budget that ended it', async () => {
  const plan = await planned();
  const { tester, on } = aWitness(plan.checkout, (text) => (text.includes('1 - 2') ? 'timed_out' : 'unnoticed'));
  expect(await measure(on, plan, tester, 60_000)).toMatchObject({ timedOut: 1, score: 0.25 });
  const { tester: slow, on: later } = aWitness(plan.checkout, () => 'timed_out');
  expect(await measure(later, plan, slow, 1_000)).toMatchObject({
    measured: false,
    reason: 'the time budget ended before a single mutant was tried',
  });
});

it('asks the tests that run a place first, and all of them only about what these let pass', async () => {
  const plan = await planned();
  const asked: (readonly string[] | null)[] = [];
  const { tester, on } = aWitness(plan.checkout, () => 'unnoticed', { witnesses: () => ['a.test.js'] });
  const run: Tester['run'] = async (files, timeoutMs) => {
    asked.push(files);
    return readFileSync(join(plan.checkout, 'm.js'), 'utf8').includes('3 / 4')
      ? 'noticed'
      : tester.run(files, timeoutMs);
  };
  expect(await measure(on, plan, { ...tester, run }, 60_000)).toMatchObject({ killed: 1, score: 0.25 });
  expect(asked.filter((files) => files !== null)).toHaveLength(4);
  expect(asked.filter((files) => files === null)).toHaveLength(3);
});

it('breaks all that nothing was seen to run at once, and looks closer when that is noticed', async () => {
  const plan = await planned();
  const none = { witnesses: () => [] };
  const quiet = aWitness(plan.checkout, () => 'unnoticed', none);
  const survived = expect.objectContaining({ length: 4 });
  expect(await measure(quiet.on, plan, quiet.tester, 60_000)).toMatchObject({ survived, score: 0 });
  expect(quiet.runs).toEqual(['export default [\n  1 - 2,\n  3 / 4,\n  5 + 6,\n  7 * 8,\n];\n']);
  const alert = aWitness(plan.checkout, (text) => (text.includes('5 + 6') ? 'noticed' : 'unnoticed'), none);
  expect(await measure(alert.on, plan, alert.tester, 60_000)).toMatchObject({ killed: 1, score: 0.25 });
  expect(alert.runs).toHaveLength(5);
});
