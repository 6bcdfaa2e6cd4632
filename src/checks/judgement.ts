import { Fault } from '../kernel/errors.ts';
import type { Judgement } from '../runtime/checks/check-engine.ts';
import type { CheckPart, TestOutcome } from '../runtime/runner.ts';
import type { CommandRun } from './ports.ts';
import type { CheckOutcome, CheckRun } from './results.ts';

/** What was seen of the checks of a run beside their outcomes, by name. */
export interface Seen {
  /** The last run of its command; absent when it did not run. */
  commands: ReadonlyMap<string, CommandRun>;
  /** Every test's outcome, of this run or of the one whose result was used again. */
  tests: ReadonlyMap<string, readonly TestOutcome[] | null>;
}

const RANK = { failed: 2, passed: 1, skipped: 0 } as const;

/** What the run of one command, which is no graph, says about the tree. */
export function judgementOfCommand(run: CheckRun, seen: Seen): Judgement {
  const [outcome] = run.checks as [CheckOutcome];
  const command = seen.commands.get(outcome.name);
  const stopped = command?.timedOut || outcome.status === 'cancelled';
  return {
    // Beside the exit code, a report counts for nothing here: a suite may start a failing one to look at it.
    status: stopped ? 'timed_out' : outcome.exitCode === 0 ? 'passed' : 'failed',
    exitCode: outcome.exitCode,
    signal: command?.signal ?? null,
    durationMs: outcome.cached ? 0 : outcome.durationMs,
    tests: allTests([outcome], seen),
    tail: outcome.tail,
    source: null,
    checks: partsIn(run),
    savedMs: run.savedMs,
  };
}

/** What the run of a graph of checks says about the tree. Throws `check.failed_to_run` when nothing was checked at all. */
export function judgementOfGraph(run: CheckRun, seen: Seen, tailCharsMax: number): Judgement {
  const failed = run.checks.find(({ status }) => status === 'failed');
  const checked = run.checks.some(({ status }) => ['passed', 'failed', 'warning', 'flaky'].includes(status));
  if (!checked && run.state !== 'cancelled') {
    const why = run.checks.map(({ name, why: reason }) => `${name}: ${reason}`).join('; ') || 'there are none';
    throw new Fault('check.failed_to_run', `None of the checks could be run: ${why}`, { retryable: false });
  }
  return {
    status: failed ? 'failed' : run.state === 'cancelled' ? 'timed_out' : 'passed',
    exitCode: failed ? failed.exitCode || 1 : run.state === 'cancelled' ? null : 0,
    signal: null,
    durationMs: run.durationMs,
    tests: allTests(run.checks, seen),
    tail: tailOf(run.checks, tailCharsMax),
    source: run.source,
    checks: partsIn(run),
    savedMs: run.savedMs,
  };
}

/** The checks of a run as the runner tells them. */
export function partsIn(run: CheckRun): CheckPart[] {
  return run.checks.map(({ name, status, cached, why, durationMs, key }) => {
    return { name, status, cached, why, durationMs, key };
  });
}

/** Of a test that several checks run, the worst outcome. */
function allTests(checks: readonly CheckOutcome[], seen: Seen): TestOutcome[] | null {
  const known = checks.flatMap(({ name }) => seen.tests.get(name) ?? []);
  if (!checks.some(({ name }) => seen.tests.get(name))) return null;
  const byId = new Map<string, TestOutcome>();
  for (const test of known) {
    const before = byId.get(test.id);
    if (!before || RANK[test.status] > RANK[before.status]) byId.set(test.id, test);
  }
  return [...byId.values()];
}

/** What each printed, the failures last, for the end is what is kept. */
function tailOf(checks: readonly CheckOutcome[], charsMax: number): string {
  const rank = ({ status }: CheckOutcome) =>
    status === 'failed' ? 2 : status === 'passed' || status === 'skipped' ? 0 : 1;
  const parts = checks
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ name, status, why, tail }) => {
      const end = tail.trimEnd();
      return `${name} (${status}): ${why}${end && `\n${end}`}\n`;
    });
  return parts.join('\n').slice(-charsMax);
}
