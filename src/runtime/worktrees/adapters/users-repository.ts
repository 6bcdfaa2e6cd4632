import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type GitAnswer, itemsOf, textOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { kindOf } from './files.ts';

/** Git in the user's repository: their configuration, no hooks, no optional locks, so that looking writes nothing. */
export function inUsers(
  hands: Hands,
  cwd: string,
  args: readonly string[],
  accept: readonly number[] = [],
): Promise<GitAnswer> {
  return hands.git.run(args, { cwd, config: 'users', accept });
}

/** The commit of a ref in the user's repository, or null. */
export async function userCommit(hands: Hands, root: string, ref: string): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
  const answer = await inUsers(hands, root, args, [1, 128]);
  return answer.code === 0 ? textOf(answer) : null;
}

/** Whether tracked files differ from HEAD, staged or not. Submodules and untracked files do not count. */
export async function isDirty(hands: Hands, root: string): Promise<boolean> {
  const args = ['status', '--porcelain=v1', '-z', '--untracked-files=no', '--ignore-submodules=all'];
  return (await inUsers(hands, root, args)).stdout.length > 0;
}

export async function isAncestor(hands: Hands, root: string, ancestor: string, commit: string): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', '--end-of-options', ancestor, commit];
  return (await hands.git.run(args, { cwd: root, config: 'users', accept: [1] })).code === 0;
}

/** Compare-and-swap of a ref in the user's repository; `from` null: it must not exist. */
export async function swapUsersRef(hands: Hands, root: string, ref: string, to: string, from: string | null) {
  const args = ['update-ref', '-m', 'heph: deliver', '--end-of-options', ref, to, from ?? '0'.repeat(to.length)];
  return (await inUsers(hands, root, args, [1, 128])).code === 0;
}

/** One checkout of the user's repository: the main one or a linked worktree. */
export interface Checkout {
  path: string;
  /** The full ref that is checked out, or is being rebased there. */
  branch: string | null;
  /** What is going on in it, in words, or null. */
  busyWith: string | null;
  present: boolean;
}

const UNDER_WAY: Record<string, string> = {
  'rebase-merge': 'a rebase',
  'rebase-apply': 'a rebase',
  MERGE_HEAD: 'a merge',
  CHERRY_PICK_HEAD: 'a cherry-pick',
  REVERT_HEAD: 'a revert',
  BISECT_LOG: 'a bisection',
};

export async function listCheckouts(hands: Hands, root: string): Promise<Checkout[]> {
  const answer = await inUsers(hands, root, ['worktree', 'list', '--porcelain', '-z']);
  const checkouts: Checkout[] = [];
  let path: string | null = null;
  let branch: string | null = null;
  for (const line of [...itemsOf(answer, 'utf8'), 'worktree ']) {
    if (line.startsWith('worktree ')) {
      if (path !== null) checkouts.push(await lookAt(hands, path, branch));
      path = line.slice('worktree '.length);
      branch = null;
    } else if (line.startsWith('branch ')) branch = line.slice('branch '.length);
    else if (line === 'bare') path = null;
  }
  return checkouts;
}

async function lookAt(hands: Hands, path: string, branch: string | null): Promise<Checkout> {
  const absent: Checkout = { path, branch, busyWith: null, present: false };
  if ((await kindOf(path)) !== 'directory') return absent;
  const answer = await inUsers(hands, path, ['rev-parse', '--git-dir'], [128]);
  if (answer.code !== 0) return absent;
  const gitDir = resolve(path, textOf(answer));
  const marks = (await readdir(gitDir)).filter((name) => Object.hasOwn(UNDER_WAY, name));
  const [mark] = marks;
  // While a branch is rebased HEAD is detached, and the branch's name stands in the rebase's own folder.
  const rebased = mark?.startsWith('rebase') ? await headName(join(gitDir, mark)) : null;
  return { path, branch: rebased ?? branch, busyWith: mark ? (UNDER_WAY[mark] ?? null) : null, present: true };
}

async function headName(folder: string): Promise<string | null> {
  try {
    return (await readFile(join(folder, 'head-name'), 'utf8')).trim();
  } catch {
    return null; // a rebase of a detached HEAD has no branch to disturb
  }
}
