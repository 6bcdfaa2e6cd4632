import type { CheckRun } from './results.ts';

const CHECKS_MAX = 200;
const FAILING_MAX = 50;
const TEXT_MAX = 1000;
const TAIL_CHARS = 2000;

/** What the log keeps of a run: the input of `record_check_run`. Bounded, whatever the run was. */
export function recordOf(run: CheckRun) {
  const { runId, repositoryId, folder, source, state, startedAt, durationMs, savedMs, head, clean, fixes, webhook } =
    run;
  return {
    runId,
    repositoryId,
    folder,
    source: source.slice(0, TEXT_MAX),
    state,
    startedAt,
    durationMs,
    savedMs,
    head,
    clean,
    fixes: fixes.slice(0, CHECKS_MAX).map((fix) => fix.slice(0, TEXT_MAX)),
    webhook: webhook && { delivered: webhook.delivered, detail: webhook.detail.slice(0, TEXT_MAX) },
    checks: run.checks.slice(0, CHECKS_MAX).map((check) => ({
      name: check.name,
      status: check.status,
      cached: check.cached,
      why: check.why.slice(0, TEXT_MAX),
      key: check.key,
      durationMs: check.durationMs,
      attempts: check.attempts,
      exitCode: check.exitCode,
      tests: check.tests && {
        passed: check.tests.passed,
        failed: check.tests.failed,
        skipped: check.tests.skipped,
        newlyFailing: check.tests.newlyFailing?.slice(0, FAILING_MAX) ?? null,
      },
      tail: check.status === 'failed' ? check.tail.slice(-TAIL_CHARS) : '',
    })),
  };
}
