import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { contains, readCoverage } from '../src/localise/coverage.ts';
import { groupFailures } from '../src/localise/groups.ts';
import { readMappings } from '../src/localise/source-map.ts';
import { FORMULAS, ochiai, suspicionBy } from '../src/localise/formulas.ts';
import { observe, rankLines, spectrumOf } from '../src/localise/spectrum.ts';
import { imagine } from './support/spectra.ts';

const passed = (...calls: string[]) => ({ state: 'passed' as const, calls });
const failed = (...calls: string[]) => ({ state: 'failed' as const, calls });

describe('Ochiai', () => {
  test('is 1 for what ran in all failing tests and no passing one', () => expect(ochiai(3, 0, 3)).toBe(1));
  test('is 0 for what no failing test ran', () => expect(ochiai(0, 5, 3)).toBe(0));
  test('is the geometric mean of recall and precision', () => {
    expect(ochiai(2, 2, 4)).toBeCloseTo(Math.sqrt((2 / 4) * (2 / 4)), 12);
    expect(ochiai(1, 3, 2)).toBeCloseTo(Math.sqrt((1 / 2) * (1 / 4)), 12);
  });
});

describe.each([...FORMULAS])('the formula %s', (formula) => {
  const by = (failedRan: number, passedRan: number) =>
    suspicionBy(formula, { failedRan, passedRan, failed: 3, passed: 5 });

  test('is 1 for what ran in all failing tests and no passing one, and 0 for what no failing test ran', () => {
    expect(by(3, 0)).toBe(1);
    expect(by(0, 0)).toBe(0);
    expect(by(0, 5)).toBe(0);
  });

  test('rises with each failing test that ran it, and falls with each passing one', () => {
    for (let failed = 1; failed <= 3; failed++)
      for (let passed = 0; passed <= 5; passed++) {
        const here = by(failed, passed);
        expect(here).toBeGreaterThan(by(failed - 1, passed));
        if (passed > 0) expect(here).toBeLessThan(by(failed, passed - 1));
        expect(here).toBeLessThanOrEqual(1);
      }
  });

  test('needs no passing test', () => {
    expect(suspicionBy(formula, { failedRan: 2, passedRan: 0, failed: 2, passed: 0 })).toBe(1);
  });
});

test('the formulas are at odds about which of two places comes first', () => {
  const often = { failedRan: 3, passedRan: 5, failed: 3, passed: 20 };
  const seldom = { failedRan: 2, passedRan: 1, failed: 3, passed: 20 };
  const first = FORMULAS.map((formula) => suspicionBy(formula, often) > suspicionBy(formula, seldom));
  expect(new Set(first).size).toBe(2);
});

describe('coverage', () => {
  const directory = mkdtempSync(join(tmpdir(), 'heph-coverage-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const text = 'const a = 1;\nfunction f() { if (a) { g(); } }\n';
  writeFileSync(join(directory, 'a.js'), text);
  const record = (test: string | null, ranges: [number, number, 0 | 1][]) =>
    JSON.stringify({
      process: '1',
      file: join(directory, 't.test.js'),
      test,
      scripts: [{ scriptId: '7', url: `file://${directory}/a.js`, functions: [{ name: 'f', ranges }] }],
    });

  test('lets the inner range win and keeps loading apart from the test', () => {
    const lines = [
      record(null, [
        [0, 48, 1],
        [13, 46, 0],
      ]),
      record('t', [
        [13, 46, 1],
        [35, 43, 0],
      ]),
    ];
    const coverage = readCoverage(lines, directory, () => true);
    expect(coverage.traces.map(({ test, ran }) => [test, ran.get('a.js')])).toEqual([
      [
        null,
        [
          [0, 13],
          [46, 48],
        ],
      ],
      [
        't',
        [
          [13, 35],
          [43, 46],
        ],
      ],
    ]);
    const results = [{ id: 't.test.js > t', file: 't.test.js', name: 't', state: 'failed' as const, message: null }];
    const [test] = observe(results, coverage);
    expect(contains(test?.own?.get('a.js'), 0)).toBe(false);
    expect(contains(test?.all.get('a.js'), 0)).toBe(true);
    expect(contains(test?.all.get('a.js'), 40)).toBe(false);
  });

  test('falls back to the whole file for a test without a record of its own', () => {
    const coverage = readCoverage([record(null, [[0, 13, 1]]), record('other', [[13, 46, 1]])], directory, () => true);
    const results = [{ id: 't.test.js', file: 't.test.js', name: '', state: 'failed' as const, message: null }];
    const [test] = observe(results, coverage);
    expect(test?.own).toBeNull();
    expect(test?.all.get('a.js')).toEqual([[0, 46]]);
  });

  test('takes positions through an inline source map', () => {
    // One mapping a line: generated lines 0 and 1 come from original lines 1 and 0.
    const map = Buffer.from(JSON.stringify({ version: 3, mappings: 'AACA;AADA' })).toString('base64');
    const script = `second\nfirst\n//# sourceMappingURL=data:application/json;base64,${map}`;
    expect(readMappings(script, 'first\nsecond\n')).toEqual([
      { generated: 7, original: 0 },
      { generated: 0, original: 6 },
    ]);
    expect(readMappings('plain', 'plain')).toBeNull();
  });
});

test('ranks the lines that failing tests share above those that passing tests run too', () => {
  const { observations, coverage } = imagine(
    { 'a.js': ['bad', 'shared'] },
    { x: failed('a.js.bad', 'a.js.shared'), y: failed('a.js.bad'), z: passed('a.js.shared') },
  );
  const failing = observations.filter(({ result }) => result.state === 'failed');
  const passing = observations.filter(({ result }) => result.state === 'passed');
  expect(rankLines(spectrumOf(failing, passing), failing, coverage, 9)).toEqual([
    { file: 'a.js', line: 2, score: 1 },
    { file: 'a.js', line: 3, score: 0.5 },
  ]);
});

describe('groups', () => {
  const shapeOf = (world: ReturnType<typeof imagine>) =>
    groupFailures(world.observations, world.coverage).map((group) => ({
      accused: group.accused?.name ?? group.key,
      failures: group.failures.map(({ name }) => name),
      related: group.related.map(({ name }) => name),
    }));
  const files = { 'a.js': ['a', 'helper'], 'b.js': ['b', 'glue'] };

  test('one for each accused function', () => {
    const tests = { a1: failed('a.js.a'), a2: failed('a.js.a'), b1: failed('b.js.b'), ok: passed('a.js.a', 'b.js.b') };
    expect(shapeOf(imagine(files, tests))).toEqual([
      { accused: 'a', failures: ['a1', 'a2'], related: [] },
      { accused: 'b', failures: ['b1'], related: [] },
    ]);
  });

  test('stay apart although all tests run a shared helper', () => {
    const tests = {
      a1: failed('a.js.a', 'a.js.helper'),
      b1: failed('b.js.b', 'a.js.helper'),
      okA: passed('a.js.a', 'a.js.helper'),
      okB: passed('b.js.b', 'a.js.helper'),
    };
    expect(shapeOf(imagine(files, tests)).map(({ accused }) => accused)).toEqual(['a', 'b']);
  });

  test('become one when shared code explains both better than anything explains either', () => {
    const tests = {
      a1: failed('a.js.a', 'a.js.helper'),
      b1: failed('b.js.b', 'a.js.helper'),
      okA: passed('a.js.a'),
      okB: passed('b.js.b'),
      okBoth: passed('a.js.a', 'b.js.b', 'a.js.helper'),
    };
    expect(shapeOf(imagine(files, tests))).toEqual([{ accused: 'helper', failures: ['a1', 'b1'], related: [] }]);
  });

  test('count a broad test as related to the faults it ran into', () => {
    const tests = { a1: failed('a.js.a'), broad: failed('a.js.a', 'b.js.glue'), ok: passed('a.js.a') };
    expect(shapeOf(imagine(files, tests))).toEqual([{ accused: 'a', failures: ['a1'], related: ['broad'] }]);
  });

  test('go by test file where nothing of the sources was seen to run', () => {
    const world = imagine(files, { x: failed(), y: failed(), ok: passed('a.js.a') });
    expect(shapeOf(world)).toEqual([{ accused: 't.test.js', failures: ['x', 'y'], related: [] }]);
  });
});
