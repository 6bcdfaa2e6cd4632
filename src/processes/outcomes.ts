import type { CheckPart, CheckResult, TestOutcome } from '../runtime/runner.ts';

/**
 * What of a result can be compared with another one's: its single tests and, of a graph of checks, each check, so that one
 * that tells no tests is not forgotten. Null when only an exit code speaks.
 */
export function outcomesOf({ tests, source, checks = [] }: CheckResult): TestOutcome[] | null {
  if (source === undefined || source === null) return tests;
  return [...(tests ?? []), ...checks.map(asOutcome)];
}

function asOutcome({ name, status, why }: CheckPart): TestOutcome {
  const id = `check ${name}`;
  const good = status === 'passed' || status === 'warning' || status === 'flaky';
  if (good) return { id, file: id, name: id, status: 'passed' };
  // Stopped before its end: nothing is known of it.
  return { id, file: id, name: id, status: status === 'failed' ? 'failed' : 'skipped', message: why };
}
