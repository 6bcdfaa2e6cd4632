import { Fault } from '../kernel/errors.ts';
import { hashOf } from '../kernel/canonical.ts';
import type { CheckSummary, Workflow } from '../machines/workflow/index.ts';
import type { CheckResult, TestOutcome } from '../runtime/runner.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { Hands } from './define-process.ts';

/** Of a run, what a check of its work needs to know. */
export type CheckedRun = Pick<Workflow, 'workflowId' | 'check' | 'repository'>;

/** Runs a workflow's check on a commit and keeps every test's outcome as a blob. The key makes a repetition answer as the first run did. */
export async function runCheck(
  hands: Hands,
  workflow: CheckedRun,
  commit: string,
  key: readonly string[],
): Promise<{ result: CheckResult; summary: CheckSummary }> {
  const command = workflow.check;
  if (command === null)
    throw new Fault('check.failed_to_run', 'The workflow has no check to run.', { retryable: false });
  const { limits } = hands.world.settings;
  const result = await hands.runner.runCheck({
    checkKey: hashOf([workflow.workflowId, command, ...key]),
    repositoryId: workflow.repository.repositoryId,
    commit,
    command,
    copyIgnored: { from: workflow.repository.path, globs: ['node_modules'] },
    limits: { wallMs: limits.checkWallMs, outputBytesMax: 64 * 1024 },
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
    },
  };
}

/** Every test's outcome that a summary stands for. */
export async function readTests(blobs: BlobStore, summary: CheckSummary | null): Promise<TestOutcome[] | null> {
  if (!summary?.resultHash) return null;
  const bytes = await blobs.get(summary.resultHash);
  return (JSON.parse(Buffer.from(bytes).toString('utf8')) as CheckResult).tests;
}
