import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../kernel/canonical.ts';
import type { Constraints } from './directive.ts';
import {
  type Change,
  type CheckOutcome,
  type CrossRun,
  type Judgement,
  recordOf,
  scoreAgreement,
  scoreChecks,
  scoreConstraints,
  scoreCost,
  scoreDiff,
  scoreLineage,
  scoreOwn,
  scoreReuse,
  scoreSurvival,
  scoreTests,
  scoreTime,
} from './scorers.ts';
import { SCORER_NAMES } from './weights.ts';
import { contestVariant } from '../../../tests/support/examples.ts';

const nat = fc.nat(500);
const status = fc.constantFrom<CheckOutcome['status']>('passed', 'warned', 'failed', 'skipped');
const checks = fc.array(fc.record({ name: fc.string(), status }), { maxLength: 8 });
const files = fc.array(fc.constantFrom('src/a.js', 'src/deep/b.js', 'test/a.test.js', 'package.json'), {
  maxLength: 4,
});
const modules = fc.array(fc.constantFrom('node:fs', 'lodash', './a.js'), { maxLength: 3 });
const constraints: fc.Arbitrary<Constraints> = fc.record({
  maxLines: fc.option(fc.integer({ min: 1, max: 60 })),
  allowedFiles: fc.option(fc.array(fc.constantFrom('src/**', 'test/*', '*.json'), { maxLength: 2 })),
  allowedImports: fc.option(modules),
  expectedOutput: fc.option(fc.constantFrom('ok', 'done')),
});
const change: fc.Arbitrary<Change> = fc.record({
  files,
  changedLines: nat,
  newImports: modules,
  output: fc.constantFrom('', 'all ok', 'done'),
});
const matrix = fc.array(
  fc
    .record({ testsOf: fc.nat(4), codeOf: fc.nat(4), passed: fc.nat(9), failed: fc.nat(9) })
    .map(({ passed, failed, ...run }): CrossRun => ({ ...run, passed, total: passed + failed })),
  { maxLength: 20 },
);
const unique = (runs: readonly CrossRun[]) => [
  ...new Map(runs.map((run) => [`${run.testsOf} ${run.codeOf}`, run])).values(),
];
const counts = fc.record({ passed: nat, failed: nat, newlyFailing: nat });
const spent = fc.record({ buildMs: fc.nat(), testMs: fc.nat() });
const mutants = fc.record({ killed: nat, survived: nat });
const usd = fc.double({ min: 0, max: 1_000, noNaN: true });

const names = fc.uniqueArray(fc.constantFrom('parse', 'read', 'select', 'write'), { maxLength: 4 });
const reuse = fc
  .record({ repeated: fc.nat(50), fresh: fc.nat(50), called: names, defined: names })
  .map(({ repeated, fresh, ...rest }) => ({ tokens: repeated + fresh, repeated, ...rest }));
const parametersOf = (index: number) => contestVariant(index).directive.parameters;
const ancestors = fc.array(
  fc.nat(7).map((index) => ({ bestOfNId: 'bon_1', index, parameters: parametersOf(index) })),
  { maxLength: 5 },
);

/** Each scorer on anything it may be given. */
const JUDGED: Record<(typeof SCORER_NAMES)[number], fc.Arbitrary<Judgement>> = {
  checks: fc.option(checks).map(scoreChecks),
  tests: fc.option(counts).map(scoreTests),
  constraints: fc.tuple(constraints, fc.option(change)).map(([asked, made]) => scoreConstraints(asked, made)),
  diff: nat.map(scoreDiff),
  time: spent.map(scoreTime),
  cost: fc.option(usd).map(scoreCost),
  agreement: fc.tuple(fc.nat(4), matrix).map(([index, runs]) => scoreAgreement(index, runs)),
  survival: fc.option(mutants).map(scoreSurvival),
  reuse: fc.option(reuse).map(scoreReuse),
  lineage: fc.tuple(fc.nat(7), ancestors).map(([index, list]) => scoreLineage(parametersOf(index), list)),
};

describe.each([...SCORER_NAMES])('the scorer %s', (name) => {
  it('answers a value from 0 to 1, a sentence, and the evidence of what it measured', () => {
    fc.assert(
      fc.property(JUDGED[name], (judgement) => {
        const { scorer, value, words, evidence } = judgement;
        expect(scorer).toBe(name);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(words).toMatch(/^\S.*\.$/);
        if (evidence === null) expect(value).toBe(0);
        const { score, blob } = recordOf(judgement);
        expect(score.evidence).toBe(blob === null ? null : sha256(blob));
        expect(JSON.parse(blob ?? 'null')).toEqual(evidence);
      }),
    );
  });
});

/** Whatever was made, its better form scores at least what its worse form does. */
function rises<T>(made: fc.Arbitrary<T>, worse: (one: T) => Judgement, better: (one: T) => Judgement): void {
  fc.assert(
    fc.property(made, (one) => {
      expect(better(one).value).toBeGreaterThanOrEqual(worse(one).value);
    }),
  );
}

describe('scores never fall', () => {
  it('when a check that failed passes, or only warns', () => {
    const put = (list: CheckOutcome[], last: CheckOutcome['status']) =>
      scoreChecks([...list, { name: 'x', status: last }]);
    rises(
      checks,
      (list) => put(list, 'failed'),
      (list) => put(list, 'warned'),
    );
    rises(
      checks,
      (list) => put(list, 'warned'),
      (list) => put(list, 'passed'),
    );
  });

  it('when a failing test passes, or a broken one is mended', () => {
    rises(
      counts,
      (one) => scoreTests({ ...one, failed: one.failed + 1 }),
      (one) => scoreTests({ ...one, passed: one.passed + 1 }),
    );
    rises(
      counts,
      (one) => scoreTests({ ...one, newlyFailing: one.newlyFailing + 1 }),
      (one) => scoreTests(one),
    );
  });

  it('when less is changed, spent or waited for', () => {
    rises(nat, (lines) => scoreDiff(lines + 1), scoreDiff);
    rises(spent, (one) => scoreTime({ ...one, buildMs: one.buildMs + 1 }), scoreTime);
    rises(usd, (cost) => scoreCost(cost + 0.01), scoreCost);
  });

  it('when a constraint that was broken is kept', () => {
    const both = fc.tuple(constraints, change);
    rises(
      both,
      ([asked, made]) => scoreConstraints(asked, { ...made, files: [...made.files, 'elsewhere/x.js'] }),
      ([asked, made]) => scoreConstraints(asked, made),
    );
    rises(
      both,
      ([asked, made]) => scoreConstraints(asked, { ...made, changedLines: made.changedLines + 50 }),
      ([asked, made]) => scoreConstraints(asked, made),
    );
  });

  it('when another mutant is killed, or another test of others passes', () => {
    rises(
      mutants,
      ({ killed, survived }) => scoreSurvival({ killed, survived: survived + 1 }),
      ({ killed, survived }) => scoreSurvival({ killed: killed + 1, survived }),
    );
    const better = (runs: CrossRun[]) => runs.map((run) => ({ ...run, passed: Math.min(run.total, run.passed + 1) }));
    rises(
      matrix,
      (runs) => scoreAgreement(0, runs),
      (runs) => scoreAgreement(0, better(runs)),
    );
  });
});

describe('agreement', () => {
  it('does not depend on the order of the candidates', () => {
    fc.assert(
      fc.property(matrix, (runs) => {
        const once = unique(runs);
        expect(scoreAgreement(0, once.toReversed())).toEqual(scoreAgreement(0, once));
      }),
    );
  });

  it('asks the others’ tests only: nobody gains by tests of one’s own', () => {
    const runs: CrossRun[] = [
      { testsOf: 0, codeOf: 0, passed: 9, total: 9 },
      { testsOf: 1, codeOf: 0, passed: 1, total: 2 },
      { testsOf: 2, codeOf: 0, passed: 0, total: 0 },
      { testsOf: 0, codeOf: 1, passed: 0, total: 9 },
    ];
    expect(scoreAgreement(0, runs)).toMatchObject({ value: 0.5, evidence: { runs: [runs[1]] } });
    expect(scoreAgreement(1, runs).value).toBe(0);
    expect(scoreAgreement(2, runs)).toMatchObject({ value: 0, evidence: null });
  });

  it('counts each judge the same, however many tests it wrote, and prints its limit', () => {
    const runs: CrossRun[] = [
      { testsOf: 1, codeOf: 0, passed: 1, total: 1 },
      { testsOf: 2, codeOf: 0, passed: 0, total: 99 },
    ];
    expect(scoreAgreement(0, runs).value).toBe(0.5);
    expect(scoreAgreement(0, runs).words).toContain('what all overlook, none of them tests');
  });
});

describe('what is said', () => {
  it('names the constraints that are broken', () => {
    const asked: Constraints = { maxLines: 5, allowedFiles: ['src/**'], allowedImports: [], expectedOutput: 'ok' };
    const made = { files: ['src/a.js', 'test/a.js'], changedLines: 9, newImports: ['lodash'], output: 'ok then' };
    expect(scoreConstraints(asked, made)).toMatchObject({
      value: 0.25,
      words: '1 of 4 constraints kept: 9 lines changed, 5 allowed; changes test/a.js; imports lodash.',
      evidence: { outside: ['test/a.js'], foreign: ['lodash'] },
    });
  });

  it('tells numbers', () => {
    expect(scoreTests({ passed: 8, failed: 2, newlyFailing: 1 })).toMatchObject({ value: 0.4 });
    expect(scoreDiff(1)).toMatchObject({ value: 1, words: '1 line changed.' });
    expect(scoreDiff(21)).toMatchObject({ value: 0.5, words: '21 lines changed.' });
    expect(scoreTime({ buildMs: 500_000, testMs: 100_000 })).toMatchObject({ value: 0.5 });
    expect(scoreCost(1)).toMatchObject({ value: 0.5, words: 'It cost $1.' });
    expect(scoreSurvival({ killed: 0, survived: 0 }).value).toBe(1);
    expect(scoreChecks([{ name: 'lint', status: 'warned' }])).toMatchObject({
      value: 0.5,
      words: '0 of 1 checks passed, 1 with a warning.',
    });
  });
});

describe('reuse', () => {
  const of = (differs = {}) => scoreReuse({ tokens: 100, repeated: 0, called: [], defined: [], ...differs });

  it('falls with what is repeated and with what is defined anew, and rises with what is called', () => {
    expect(of().value).toBe(1);
    expect(of({ repeated: 25 }).value).toBe(0.75);
    expect(of({ defined: ['a'] }).value).toBe(0.5);
    expect(of({ defined: ['a'], called: ['b', 'c'] }).value).toBe(0.75);
    expect(scoreReuse({ tokens: 0, repeated: 0, called: [], defined: [] })).toMatchObject({
      value: 1,
      words: 'It writes no new code.',
    });
  });
});

describe('lineage', () => {
  const won = (index: number) => ({ bestOfNId: 'bon_1', index, parameters: parametersOf(index) });

  it('is 1 for a variant as the one that won, and less for each setting that differs', () => {
    expect(scoreLineage(parametersOf(0), [won(0)]).value).toBe(1);
    const { value } = scoreLineage(parametersOf(1), [won(0)]);
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(1);
    expect(scoreLineage(parametersOf(0), [won(0), won(1)]).value).toBeCloseTo((1 + value) / 2);
  });

  it('is 0 for another agent, and not measured where nobody has won', () => {
    expect(scoreLineage({ ...parametersOf(0), agent: 'codex' }, [won(0)])).toMatchObject({
      value: 0,
      evidence: { near: [{}] },
    });
    expect(scoreLineage(parametersOf(0), [])).toMatchObject({ value: 0, evidence: null });
  });
});

describe('a scorer of somebody’s own', () => {
  it('is taken at its word, and at its silence for 0', () => {
    expect(scoreOwn('mine', { value: 0.25, reason: null, tail: '' })).toMatchObject({ scorer: 'mine', value: 0.25 });
    const silent = scoreOwn('mine', { value: null, reason: 'It failed (exit 1).', tail: 'oh' });
    expect(silent).toMatchObject({ value: 0, words: 'It failed (exit 1).', evidence: { tail: 'oh' } });
  });
});

it('does not count a constraint on imports as kept where they cannot be told', () => {
  const asked = { maxLines: null, allowedFiles: null, allowedImports: [], expectedOutput: null };
  const made = { files: ['a.go'], changedLines: 1, newImports: [], unreadImports: ['a.go'], output: '' };
  expect(scoreConstraints(asked, made)).toMatchObject({
    value: 0,
    words: '0 of 1 constraints kept: imports of a.go cannot be told.',
  });
});
