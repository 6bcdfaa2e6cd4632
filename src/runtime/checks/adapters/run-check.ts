import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../../kernel/canonical.ts';
import { Fault, HephError, messageOf } from '../../../kernel/errors.ts';
import { splitWords } from '../../../kernel/words.ts';
import type { CheckRequest, CheckResult, Runner, TestOutcome } from '../../runner.ts';
import { copyIgnored } from '../../worktrees/adapters/copy-ignored.ts';
import { kindOf, makeDirectory, readJson, removeContained, writeWhole } from '../../worktrees/adapters/files.ts';
import { runSetup } from '../../worktrees/adapters/setup.ts';
import { checksOf, type Hands, mirrorOf } from '../../worktrees/hands.ts';
import { commitId } from '../../worktrees/names.ts';
import { instrument, type ResultFiles } from '../instrument.ts';
import { nodeOutcomes, vitestOutcomes } from '../test-outcomes.ts';
import { rememberGroup } from './orphans.ts';
import { commandEnvironment, type ProcessResult, runProcess } from './run-process.ts';
import { layReporter, scriptsOf } from './test-reporter.ts';

/**
 * `checks/<key>` is the checkout while the check runs, `checks/results/<key>.json` what it said. A recorded key is
 * answered from there; calls for a key that runs already wait for that run.
 */
export function runCheck(hands: Hands): Runner['runCheck'] {
  const running = new Map<string, Promise<CheckResult>>();
  return async (request) => {
    const words = commandWords(request.command);
    commitId(request.commit);
    const key = sha256(request.checkKey).slice(0, 40);
    const under = running.get(key) ?? findOrRun(hands, request, words, key).finally(() => running.delete(key));
    running.set(key, under);
    return under;
  };
}

function commandWords(command: string): string[] {
  const words = splitWords(command);
  if (!/^\w+=/.test(words[0] ?? '')) return words;
  const why = `The check ${JSON.stringify(command)} begins with a variable, which needs a shell: put the line into a script.`;
  throw new HephError('input.invalid', why);
}

async function findOrRun(hands: Hands, request: CheckRequest, words: string[], key: string): Promise<CheckResult> {
  const results = join(checksOf(hands), 'results');
  await makeDirectory(results);
  const recorded = await readJson<CheckResult>(join(results, `${key}.json`));
  if (recorded) return recorded;
  const result = await runFresh(hands, request, words, key);
  await writeWhole(hands, join(results, `${key}.json`), JSON.stringify(result));
  return result;
}

async function runFresh(hands: Hands, request: CheckRequest, words: string[], key: string): Promise<CheckResult> {
  const checks = checksOf(hands);
  const checkout = join(checks, key);
  const group = join(checks, `${key}.group.json`);
  await removeContained(hands, checks, checkout);
  const scratch = await mkdtemp(join(checks, 'results-'));
  try {
    await checkOut(hands, request, checkout);
    const files = await layReporter(scratch);
    const { argv, env } = instrument(words, await scriptsOf(checkout), files);
    const result = await runProcess({
      argv,
      cwd: checkout,
      env: commandEnvironment(hands.environment, env),
      wallMs: request.limits.wallMs,
      outputBytesMax: request.limits.outputBytesMax,
      clock: hands.clock,
      onStart: (pid) => rememberGroup(hands, group, pid),
    }).catch((error: unknown) => {
      throw notRunnable(request.command, error);
    });
    return toResult(hands, request, result, await readOutcomes(hands, files, checkout));
  } finally {
    await removeContained(hands, checks, checkout);
    await Promise.all([scratch, group].map((path) => rm(path, { recursive: true, force: true })));
  }
}

export type CheckoutRequest = Pick<CheckRequest, 'repositoryId' | 'commit' | 'setup' | 'copyIgnored'>;

/** A clone as fresh as a task's, with nothing of an agent's but the commit; tests may ask it about its history. */
export async function checkOut(hands: Hands, request: CheckoutRequest, checkout: string): Promise<void> {
  const mirror = mirrorOf(hands, request.repositoryId);
  if ((await kindOf(mirror)) === 'absent') {
    throw new Fault('check.failed_to_run', `There is no mirror of ${request.repositoryId}.`, { retryable: false });
  }
  const clone = ['clone', '--quiet', '--shared', '--no-checkout', '--single-branch', '--no-tags', '--template='];
  const ours = { cwd: checksOf(hands), config: 'ours' as const };
  await hands.git.run([...clone, '--end-of-options', mirror, checkout], ours);
  const inside = { cwd: checkout, config: 'ours' as const, gitDir: join(checkout, '.git'), workTree: checkout };
  // git 2.39's checkout does not know --end-of-options; the commit is an id that was checked
  await hands.git.run(['checkout', '--quiet', '--detach', commitId(request.commit), '--'], inside);
  if (request.copyIgnored) await copyIgnored(hands, request.copyIgnored, checkout);
  await runSetup(hands, checkout, request.setup ?? [], 'check.failed_to_run');
}

async function readOutcomes(hands: Hands, files: ResultFiles, root: string): Promise<TestOutcome[] | null> {
  const [node, vitest] = await Promise.all([readText(files.nodeResults), readText(files.vitestResults)]);
  const parts = [node && nodeOutcomes(node, root), vitest && vitestOutcomes(vitest, root)];
  const known = parts.filter((part) => Array.isArray(part));
  if (!known.length) return null;
  return known.flat().map((one) => (one.message ? { ...one, message: hands.redact(one.message) } : one));
}

async function readText(path: string): Promise<string | null> {
  return (await kindOf(path)) === 'absent' ? null : readFile(path, 'utf8');
}

function toResult(hands: Hands, request: CheckRequest, run: ProcessResult, tests: TestOutcome[] | null): CheckResult {
  return {
    checkKey: request.checkKey,
    command: request.command,
    commit: request.commit,
    status: run.timedOut ? 'timed_out' : run.exitCode === 0 ? 'passed' : 'failed',
    exitCode: run.exitCode,
    signal: run.signal,
    durationMs: run.durationMs,
    tests,
    tail: hands.redact(run.tail),
  };
}

function notRunnable(command: string, error: unknown): Fault {
  const why = `The check ${JSON.stringify(command)} cannot be run: ${messageOf(error)}`;
  return new Fault('check.failed_to_run', why, { retryable: false, cause: error });
}
