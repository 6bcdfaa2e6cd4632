import { Fault } from '../../../kernel/errors.ts';
import type { DeliverRequest, Runner } from '../../runner.ts';
import { type Hands, mirrorOf } from '../hands.ts';
import { branchRef, commitId } from '../names.ts';
import { moveBase } from './move-base.ts';
import { inUsers, isAncestor, listCheckouts, swapUsersRef, userCommit } from './users-repository.ts';

const NAMES_MAX = 20;

/**
 * The only verb that writes into the user's repository: it brings the commit's objects, makes or moves forward the run
 * branch, and moves the base branch forward if that disturbs nothing. A branch of that name that is not ours to move is
 * left, and the work lies beside it under another name, which the answer tells.
 */
export function deliver(hands: Hands): Runner['deliver'] {
  return async (request) => {
    if (request.runBranch !== null) branchRef(request.runBranch);
    await fetchCommit(hands, request);
    const runBranch = request.runBranch === null ? null : await placeBranch(hands, request, request.runBranch);
    if (!request.base) return { runBranch, base: 'not_asked', reason: null };
    branchRef(request.base.branch);
    const left = await moveBase(hands, {
      root: request.path,
      branch: request.base.branch,
      from: commitId(request.base.from),
      to: request.commit,
    });
    return { runBranch, base: left === null ? 'moved' : 'left', reason: left };
  };
}

async function fetchCommit(hands: Hands, request: DeliverRequest): Promise<void> {
  const commit = commitId(request.commit);
  if ((await userCommit(hands, request.path, commit)) === commit) return;
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-prune', '--end-of-options'];
  await inUsers(hands, request.path, [...args, mirrorOf(hands, request.repositoryId), commit]);
}

async function placeBranch(hands: Hands, { path, commit }: DeliverRequest, runBranch: string): Promise<string> {
  const flat = runBranch.replaceAll('/', '-');
  const others = Array.from({ length: NAMES_MAX - 2 }, (_, n) => `${flat}-${n + 2}`);
  for (const name of [runBranch, flat, ...others]) {
    if (await placeAt(hands, path, name, commit)) return name;
  }
  throw new Fault('git.failed', `No branch name like ${runBranch} is free in ${path}.`, { retryable: false });
}

async function placeAt(hands: Hands, root: string, name: string, commit: string): Promise<boolean> {
  const ref = branchRef(name);
  const at = await userCommit(hands, root, ref);
  if (at === commit) return true;
  if (at !== null) {
    if (!(await isAncestor(hands, root, at, commit))) return false;
    const checkouts = await listCheckouts(hands, root);
    if (checkouts.some((checkout) => checkout.branch === ref)) return false;
  }
  return swapUsersRef(hands, root, ref, commit, at);
}
