import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import type { CheckResult, TestOutcome } from '../runtime/runner.ts';
import { judge, ownFailures } from './judge.ts';

const tested = (name: string, status: TestOutcome['status'], message?: string): TestOutcome => ({
  id: `a.test.js > ${name}`,
  file: 'a.test.js',
  name,
  status,
  ...(message && { message }),
});
const result = (tests: TestOutcome[] | null, more: Partial<CheckResult> = {}): CheckResult => ({
  checkKey: 'k',
  command: 'npm test',
  commit: 'c',
  status: tests?.every((one) => one.status !== 'failed') ? 'passed' : 'failed',
  exitCode: 1,
  signal: null,
  durationMs: 1,
  tests,
  tail: 'the last lines',
  ...more,
});
const id = (name: string) => `a.test.js > ${name}`;
const question = (
  own: string[],
  baseline: TestOutcome[] | null = [tested('green', 'passed'), tested('red', 'failed')],
) => ({
  checks: 'own_failures' as const,
  own: own.map(id),
  baseline,
});

describe('own failures', () => {
  test('pass though another test is red as it was at the base', () => {
    const now = result([tested('green', 'passed'), tested('mine', 'passed'), tested('red', 'failed')]);
    expect(judge(question(['mine']), now)).toMatchObject({ pass: true, code: 'passed' });
  });

  test('that still fail are named with the first line of why', () => {
    const now = result([tested('green', 'passed'), tested('mine', 'failed', 'expected 1\nand more')]);
    const verdict = judge(question(['mine', 'gone']), now);
    expect(verdict).toMatchObject({ pass: false, code: 'still_failing' });
    ok(verdict.text.includes('a.test.js > mine: expected 1\n'), verdict.text);
    ok(verdict.text.includes('a.test.js > gone: it did not run'), verdict.text);
  });

  test('do not excuse a green test that broke, was skipped, or vanished midway', () => {
    for (const now of [[tested('green', 'failed')], [tested('green', 'skipped')], []])
      expect(judge(question(['mine']), result([...now, tested('mine', 'passed')]))).toMatchObject({
        code: 'broke_tests',
      });
  });

  test('of a file that could not be loaded pass when its tests run and none fails', () => {
    const own = { ...question([]), own: ['a.test.js'] };
    strictEqual(judge(own, result([tested('green', 'passed')])).pass, true);
    strictEqual(judge(own, result([tested('green', 'passed'), tested('new', 'failed')])).pass, false);
    strictEqual(judge({ ...own, baseline: [] }, result([])).pass, false);
  });

  test('are listed up to a bound', () => {
    const many = Array.from({ length: 25 }, (_, n) => tested(String(n), 'failed'));
    const verdict = judge(
      question(
        many.map(({ name }) => name),
        [],
      ),
      result(many),
    );
    ok(verdict.text.endsWith('- and 5 more'), verdict.text);
  });
});

describe('the whole check', () => {
  const all = { checks: 'all' as const, own: [], baseline: [] };

  test('passes and fails by its exit', () => {
    expect(judge(all, result([tested('a', 'passed')], { exitCode: 0 }))).toMatchObject({ pass: true });
    const failed = judge(all, result([tested('a', 'failed', 'no')]));
    expect(failed).toMatchObject({ pass: false, code: 'check_failed' });
    ok(failed.text.includes('a.test.js > a: no'), failed.text);
  });

  test('says its last lines when single tests are unknown, and the signal that ended it', () => {
    const crashed = result(null, { exitCode: null, signal: 'SIGSEGV' });
    const verdict = judge(question(['mine']), crashed);
    ok(verdict.text.includes('SIGSEGV') && verdict.text.includes('the last lines'), verdict.text);
    strictEqual(judge(question(['mine'], null), result(null, { status: 'passed', exitCode: 0 })).pass, true);
  });

  test('does not pass on a green exit when tests of the base did not run', () => {
    const question = { ...all, baseline: [tested('a', 'passed'), tested('b', 'failed'), tested('c', 'skipped')] };
    const loaded = { id: 'a.test.js', file: 'a.test.js', name: 'a.test.js', status: 'passed' as const };
    const green = { status: 'passed' as const, exitCode: 0 };
    for (const now of [null, [], [loaded], [tested('a', 'passed')], [tested('a', 'passed'), tested('b', 'skipped')]]) {
      const verdict = judge(question, result(now, green));
      expect(verdict, JSON.stringify(now)).toMatchObject({ pass: false, code: 'tests_gone' });
      ok(verdict.text.includes('a.test.js: '), verdict.text);
      strictEqual(judge({ ...question, testsMayGo: true }, result(now, green)).pass, true);
    }
    // Names may change, for whatever reason: that many ran.
    const renamed = [tested('a of today', 'passed'), tested('b', 'passed')];
    strictEqual(judge(question, result(renamed, green)).pass, true);
    strictEqual(judge({ ...question, checks: 'own_failures', baseline: null }, result([], green)).pass, true);
  });

  test('that did not end in time does not pass, whatever it said', () => {
    const late = result([tested('mine', 'passed'), tested('green', 'passed')], { status: 'timed_out' });
    expect(judge(question(['mine']), late)).toMatchObject({ pass: false, code: 'check_timed_out' });
  });
});

test('own failures are read from strings and records, and nothing else', () => {
  deepStrictEqual(ownFailures({ failures: ['a', { id: 'b' }, { name: 'c' }, 7, null] }), ['a', 'b']);
  deepStrictEqual(ownFailures({ failures: 'a' }), []);
  deepStrictEqual(ownFailures({}), []);
});
