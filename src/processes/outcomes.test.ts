import { expect, test } from 'vitest';
import type { CheckPart, CheckResult, TestOutcome } from '../runtime/runner.ts';
import { judge } from './judge.ts';
import { outcomesOf } from './outcomes.ts';

const part = (name: string, status: CheckPart['status']): CheckPart => {
  return { name, status, cached: false, why: `it ${status}`, durationMs: 1, key: null };
};
const tested = (name: string, status: TestOutcome['status']): TestOutcome => {
  return { id: `a.test.js > ${name}`, file: 'a.test.js', name, status };
};
const graph = (checks: CheckPart[], tests: TestOutcome[] | null = null): CheckResult => ({
  ...{ checkKey: 'k', command: 'heph check', commit: 'c', exitCode: 0, signal: null, durationMs: 1, tail: '' },
  ...{ source: 'checks.yaml', savedMs: 0, checks, tests },
  status: checks.some(({ status }) => status === 'failed') ? 'failed' : 'passed',
});

test('of one command only its tests can be compared', () => {
  expect(outcomesOf({ ...graph([part('check', 'passed')]), source: null })).toBeNull();
  expect(outcomesOf({ ...graph([], [tested('one', 'passed')]), source: null })).toEqual([tested('one', 'passed')]);
});

test('a check that broke is seen though it tells no tests, and one that was red before is not held against the work', () => {
  const baseline = outcomesOf(graph([part('lint', 'passed'), part('types', 'failed'), part('old', 'warning')]));
  const ask = (...checks: CheckPart[]) => judge({ checks: 'own_failures', own: [], baseline }, graph(checks));
  expect(ask(part('lint', 'passed'), part('types', 'failed'), part('old', 'passed'))).toMatchObject({ pass: true });
  const broken = ask(part('lint', 'failed'), part('types', 'failed'), part('old', 'flaky'));
  expect(broken).toMatchObject({ pass: false, code: 'broke_tests' });
  expect(broken.text).toContain('- check lint: it failed');
  // It was left out because something that it needs is red, or was stopped: nobody knows whether it passes.
  expect(ask(part('lint', 'skipped'), part('types', 'failed'), part('old', 'passed'))).toMatchObject({ pass: false });
});

test('where all must pass, what failed is named', () => {
  const result = graph([part('lint', 'failed'), part('test', 'passed')], [tested('one', 'passed')]);
  const verdict = judge({ checks: 'all', own: [], baseline: null }, result);
  expect(verdict).toMatchObject({ pass: false, code: 'check_failed' });
  expect(verdict.text).toContain('- check lint: it failed');
});
