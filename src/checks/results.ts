import type { TestOutcome } from '../runtime/runner.ts';

export type CheckStatus = 'passed' | 'failed' | 'warning' | 'flaky' | 'skipped' | 'cancelled';

/** Single tests, counted. Ids are stable between runs. */
export interface TestNumbers {
  passed: number;
  failed: number;
  skipped: number;
  /** At most FAILING_MAX ids. */
  failing: readonly string[];
  /** Of `failing`, those that did not fail in the base run; null where no base run is known. */
  newlyFailing: readonly string[] | null;
}

/** What became of one check. */
export interface CheckOutcome {
  name: string;
  status: CheckStatus;
  cached: boolean;
  /** A sentence: why it failed or was skipped, or why its result may be used again. */
  why: string;
  /** The hash of its inputs; null where they cannot be told, or were never looked at. */
  key: string | null;
  tags: readonly string[];
  /** What it took when it ran. */
  durationMs: number;
  /** How often it was started: 0 from the cache, more than 1 after repeats. */
  attempts: number;
  exitCode: number | null;
  /** The end of the output; escape sequences removed, secrets redacted. */
  tail: string;
  /** The file that holds the whole output. */
  output: string | null;
  tests: TestNumbers | null;
  /** What a person may do about a failure. */
  next: string | null;
  fixable: boolean;
}

/** A run of checks that is over: what is recorded, told and shown. */
export interface CheckRun {
  runId: string;
  repositoryId: string;
  folder: string;
  /** Where the checks come from: `checks.yaml`, or what they were detected from. */
  source: string;
  /** `skipped`: nothing had to run. */
  state: 'passed' | 'failed' | 'skipped' | 'cancelled';
  startedAt: number;
  durationMs: number;
  /** What the cached results took when they were made. */
  savedMs: number;
  /** The commit that is checked out, and whether the files are exactly it; null where nobody looked. */
  head: string | null;
  clean: boolean | null;
  checks: readonly CheckOutcome[];
  /** A sentence for each fix that was applied. */
  fixes: readonly string[];
  /** What became of the webhook; null without one. */
  webhook: { delivered: boolean; detail: string } | null;
}

const FAILING_MAX = 200;

/** Single outcomes as numbers, beside those of the base run. */
export function countTests(tests: readonly TestOutcome[], base: readonly string[] | null): TestNumbers {
  const of = (status: TestOutcome['status']) => tests.filter((test) => test.status === status);
  const failing = of('failed').map(({ id }) => id.slice(0, 500));
  const known = base && new Set(base);
  return {
    passed: of('passed').length,
    failed: failing.length,
    skipped: of('skipped').length,
    failing: failing.slice(0, FAILING_MAX),
    newlyFailing: known && failing.filter((id) => !known.has(id)).slice(0, FAILING_MAX),
  };
}

export type StatusCounts = Record<CheckStatus | 'cached', number>;

export function countChecks(checks: readonly CheckOutcome[]): StatusCounts {
  const counts: StatusCounts = { passed: 0, failed: 0, warning: 0, flaky: 0, skipped: 0, cancelled: 0, cached: 0 };
  for (const { status, cached } of checks) {
    counts[status] += 1;
    if (cached) counts.cached += 1;
  }
  return counts;
}

/** The state of a whole run. One that was cancelled before its end has not passed, whatever was finished. */
export function stateOf(checks: readonly CheckOutcome[]): CheckRun['state'] {
  const counts = countChecks(checks);
  if (counts.failed > 0) return 'failed';
  if (counts.cancelled > 0) return 'cancelled';
  return checks.some(({ attempts }) => attempts > 0) ? 'passed' : 'skipped';
}

/** What the cached results of a run took when they were made. */
export function savedMsOf(checks: readonly CheckOutcome[]): number {
  return checks.reduce((sum, { cached, durationMs }) => sum + (cached ? durationMs : 0), 0);
}
