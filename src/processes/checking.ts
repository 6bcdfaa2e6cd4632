import { Fault } from '../kernel/errors.ts';
import { hashOf } from '../kernel/canonical.ts';
import type { CheckSummary, Workflow } from '../machines/workflow/index.ts';
import type { CheckRequest, CheckResult, TestOutcome } from '../runtime/runner.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { Hands } from './define-process.ts';
import { outcomesOf } from './outcomes.ts';

export interface Asked {
  /** See `CheckRequest.cache`; default: `use`. */
  cache?: CheckRequest['cache'];
}

/** Of a run, what a check of its work needs to know. */
export type CheckedRun = Pick<Workflow, 'workflowId' | 'check' | 'tests' | 'repository'>;

/** Runs a workflow's check on a commit and keeps every test's outcome as a blob. The key makes a repetition answer as the first run did. */
export async function runCheck(
  hands: Hands,
  workflow: CheckedRun,
  commit: string,
  key: readonly string[],
  { cache }: Asked = {},
): Promise<{ result: CheckResult; summary: CheckSummary }> {
  const command = workflow.check;
  if (command === null)
    throw new Fault('check.failed_to_run', 'The workflow has no check to run.', { retryable: false });
  const { limits } = hands.world.settings;
  const { repositoryId, path, baseCommit } = workflow.repository;
  const result = await hands.runner.runCheck({
    checkKey: hashOf([workflow.workflowId, command, ...key]),
    repositoryId,
    commit,
    command,
    copyIgnored: { from: path, globs: ['node_modules'] },
    limits: { wallMs: limits.checkWallMs, outputBytesMax: 64 * 1024 },
    // What the user had committed before the run, whatever the run has merged since.
    trusted: baseCommit,
    ...(cache && { cache }),
  });
  const resultHash = await hands.blobs.put(JSON.stringify(result));
  const tests = result.tests;
  const number = (status: TestOutcome['status']) => tests && tests.filter((test) => test.status === status).length;
  return {
    result,
    summary: {
      command,
      commit,
      status: result.status,
      exitCode: result.exitCode,
      durationMs: result.durationMs,
      passed: number('passed'),
      failed: number('failed'),
      skipped: number('skipped'),
      resultHash,
      ...ofItsChecks(result),
    },
  };
}

const WHY_CHARS_MAX = 500;

/** What a fact says of the single checks of a result, where there is something to say. */
function ofItsChecks({ checks = [], savedMs = 0, durationMs }: CheckResult): Partial<CheckSummary> {
  const checksMs = checks.reduce((sum, check) => sum + check.durationMs, 0);
  const cached = checks.filter((check) => check.cached);
  const warnings = checks.filter(({ status }) => status === 'warning').length;
  const why = cached.map(({ name, why: reason }) => `${name}: ${reason}`).join('; ');
  return {
    ...(cached.length > 0 && {
      cache: { cached: cached.length, checks: checks.length, savedMs, why: why.slice(0, WHY_CHARS_MAX) },
    }),
    ...(checks.length > 0 && checksMs !== durationMs && { checksMs }),
    ...(warnings > 0 && { warnings }),
  };
}

/** Every outcome that a summary stands for, as `outcomesOf`. */
export async function readTests(blobs: BlobStore, summary: CheckSummary | null): Promise<TestOutcome[] | null> {
  if (!summary?.resultHash) return null;
  const bytes = await blobs.get(summary.resultHash);
  return outcomesOf(JSON.parse(Buffer.from(bytes).toString('utf8')) as CheckResult);
}

/** So many failures are written into one task; the rest shows in the next round. */
const FAILURES_MAX = 50;

/** The tests that fail, as a task's inputs name them. */
export function failureInputs(
  tests: readonly TestOutcome[],
): { id: string; file: string; name: string; message: string }[] {
  return tests
    .filter(({ status }) => status === 'failed')
    .slice(0, FAILURES_MAX)
    .map(({ id, file, name, message }) => ({ id, file, name, message: message?.slice(0, 500) ?? '' }));
}
