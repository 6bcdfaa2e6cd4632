import { appendFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Runner } from '../../runner.ts';
import { type GitAnswer, type GitCall, textOf } from '../git.ts';
import { type Hands, mirrorOf, scratchName } from '../hands.ts';
import { branchRef, commitId } from '../names.ts';
import { kindOf, makeDirectory } from './files.ts';

/**
 * Worktrees borrow the mirror's objects, so it never throws one away; and nobody pushes into it: `hideRefs` refuses
 * every ref to git-receive-pack, which only agents would start.
 */
const MIRROR_CONFIG = `[gc]
\tauto = 0
\tpruneExpire = never
[maintenance]
\tauto = false
[receive]
\tautogc = false
\thideRefs = refs
`;

// The first fetch copies the repository's whole history.
const BASE_TIMEOUT_MS = 30 * 60_000;

/** Git in the mirror, by explicit directory. */
export function inMirror(
  hands: Hands,
  repositoryId: string,
  args: readonly string[],
  call: Partial<GitCall> = {},
): Promise<GitAnswer> {
  const gitDir = mirrorOf(hands, repositoryId);
  return hands.git.run(args, { cwd: gitDir, gitDir, config: 'ours', ...call });
}

/** The commit a ref (or any revision of ours) names, or null. */
export async function commitOf(hands: Hands, repositoryId: string, revision: string): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const answer = await inMirror(hands, repositoryId, args, { accept: [1, 128] });
  return answer.code === 0 ? textOf(answer) : null;
}

export async function treeOf(hands: Hands, repositoryId: string, commit: string): Promise<string> {
  return textOf(await inMirror(hands, repositoryId, ['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`]));
}

/** Whether `ancestor` is `commit` or lies in its past. */
export async function contains(hands: Hands, repositoryId: string, commit: string, ancestor: string): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', '--end-of-options', ancestor, commit];
  return (await inMirror(hands, repositoryId, args, { accept: [1] })).code === 0;
}

/** Moves a ref; `from` null means that it must not exist yet. False when it is not there. */
export async function swapRef(
  hands: Hands,
  repositoryId: string,
  ref: string,
  to: string,
  from: string | null,
): Promise<boolean> {
  const args = ['update-ref', '--end-of-options', ref, to, from ?? '0'.repeat(to.length)];
  return (await inMirror(hands, repositoryId, args, { accept: [1, 128] })).code === 0;
}

export function openMirror(hands: Hands): Runner['openRun'] {
  return async ({ repositoryId, path, commit, runBranch }) => {
    const ref = runBranch === undefined ? null : branchRef(runBranch);
    await makeMirror(hands, repositoryId, commitId(commit));
    await fetchBase(hands, repositoryId, path, commit);
    if (ref === null) return { commit };
    await swapRef(hands, repositoryId, ref, commit, null);
    return { commit: (await commitOf(hands, repositoryId, ref)) ?? commit };
  };
}

/** Reads the branch of the mirror. A mirror that is not there has no branches. */
export function readMirrorBranch(hands: Hands): Runner['readBranch'] {
  return async ({ repositoryId, branch }) => {
    const ref = branchRef(branch);
    if ((await kindOf(mirrorOf(hands, repositoryId))) === 'absent') return null;
    return commitOf(hands, repositoryId, ref);
  };
}

export function moveMirrorBranch(hands: Hands): Runner['moveBranch'] {
  return async ({ repositoryId, branch, from, to }) => {
    const ref = branchRef(branch);
    const swapped = await swapRef(hands, repositoryId, ref, commitId(to), commitId(from));
    const at = await commitOf(hands, repositoryId, ref);
    return { moved: swapped || at === to, at };
  };
}

// Made aside and renamed: a mirror that exists is complete.
export async function makeMirror(hands: Hands, repositoryId: string, commit: string): Promise<void> {
  const mirror = mirrorOf(hands, repositoryId);
  if ((await kindOf(mirror)) === 'directory') return;
  const repos = dirname(mirror);
  await makeDirectory(repos);
  const scratch = scratchName(hands, '.new');
  const format = commit.length === 64 ? 'sha256' : 'sha1';
  const args = ['init', '--quiet', '--bare', '--template=', '--initial-branch=heph/none', `--object-format=${format}`];
  await hands.git.run([...args, '--end-of-options', scratch], { cwd: repos, config: 'ours' });
  await appendFile(join(repos, scratch, 'config'), MIRROR_CONFIG);
  await rename(join(repos, scratch), mirror);
}

// The user's configuration applies, since git serves this fetch out of their repository (`safe.directory`).
async function fetchBase(hands: Hands, repositoryId: string, path: string, commit: string): Promise<void> {
  const ref = `refs/heph/base/${commit}`;
  if ((await commitOf(hands, repositoryId, ref)) === commit) return;
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-prune', '--update-shallow'];
  await inMirror(hands, repositoryId, [...args, '--end-of-options', path, `${commit}:${ref}`], {
    config: 'users',
    timeoutMs: BASE_TIMEOUT_MS,
  });
}
