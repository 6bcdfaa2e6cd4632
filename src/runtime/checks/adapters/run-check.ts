import { join } from 'node:path';
import { sha256 } from '../../../kernel/canonical.ts';
import { Fault, HephError } from '../../../kernel/errors.ts';
import { splitWords } from '../../../kernel/words.ts';
import type { CheckRequest, CheckResult, Runner } from '../../runner.ts';
import { copyIgnored } from '../../worktrees/adapters/copy-ignored.ts';
import { kindOf, makeDirectory, readJson, removeContained, writeWhole } from '../../worktrees/adapters/files.ts';
import { runSetup } from '../../worktrees/adapters/setup.ts';
import { checksOf, type Hands, mirrorOf } from '../../worktrees/hands.ts';
import { commitId } from '../../worktrees/names.ts';
import type { CheckEngine, JudgeRequest } from '../check-engine.ts';
import { graphNames } from '../graph-command.ts';
import { definitionText } from './definition-text.ts';

type CheckingHands = Hands & { engine: CheckEngine };

/**
 * `checks/<key>` is the checkout while the check runs, `checks/results/<key>.json` what it said. A recorded key is
 * answered from there; calls for a key that runs already wait for that run. What is judged in the checkout, and what of it is known
 * from checkouts before, is the engine's.
 */
export function runCheck(hands: CheckingHands): Runner['runCheck'] {
  const running = new Map<string, Promise<CheckResult>>();
  return async (request) => {
    refuseShellWords(request.command);
    commitId(request.commit);
    const key = sha256(request.checkKey).slice(0, 40);
    const under = running.get(key) ?? findOrRun(hands, request, key).finally(() => running.delete(key));
    running.set(key, under);
    return under;
  };
}

function refuseShellWords(command: string): void {
  graphNames(command);
  if (!/^\w+=/.test(splitWords(command)[0] ?? '')) return;
  const why = `The check ${JSON.stringify(command)} begins with a variable, which needs a shell: put the line into a script.`;
  throw new HephError('input.invalid', why);
}

async function findOrRun(hands: CheckingHands, request: CheckRequest, key: string): Promise<CheckResult> {
  const results = join(checksOf(hands), 'results');
  await makeDirectory(results);
  const recorded = await readJson<CheckResult>(join(results, `${key}.json`));
  if (recorded) return recorded;
  const result = await runFresh(hands, request, key);
  await writeWhole(hands, join(results, `${key}.json`), JSON.stringify(result));
  return result;
}

async function runFresh(hands: CheckingHands, request: CheckRequest, key: string): Promise<CheckResult> {
  const { checkKey, repositoryId, command, commit, limits } = request;
  const checks = checksOf(hands);
  const checkout = join(checks, key);
  await removeContained(hands, checks, checkout);
  try {
    await checkOut(hands, request, checkout);
    const cache = isTold(request) ? (request.cache ?? 'use') : 'none';
    const trusted = await trustedDefinition(hands, request);
    const judged = await hands.engine.judge({ repositoryId, commit, checkout, command, cache, limits, ...trusted });
    return { checkKey, command, commit, ...judged };
  } finally {
    await removeContained(hands, checks, checkout);
  }
}

/** Whether all that is in the checkout is told by the commit and by what is installed: no key could be made of the rest. */
function isTold({ setup = [], copyIgnored: copied }: CheckRequest): boolean {
  return setup.length === 0 && (copied?.globs ?? []).every((glob) => glob === 'node_modules');
}

/** The definition that says which variables may be given, where that is not the commit's own. */
async function trustedDefinition(
  hands: Hands,
  { repositoryId, commit, trusted, command }: CheckRequest,
): Promise<Pick<JudgeRequest, 'trusted'>> {
  if (trusted === undefined || trusted === commit || graphNames(command) === null) return {};
  return { trusted: await definitionText(hands, repositoryId, trusted) };
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
