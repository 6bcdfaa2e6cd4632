import { Fault } from '../../../kernel/errors.ts';
import type { MergeResult, Runner } from '../../runner.ts';
import { textOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { branchRef, commitId, folderName } from '../names.ts';
import { commitTree } from './keep-tree.ts';
import { commitOf, contains, inMirror, swapRef, treeOf } from './mirror.ts';

const CONFLICTS_MAX = 1_000;

/**
 * A real three-way merge, in the object store alone: no checkout, so nothing of the candidate can run. The merge commit
 * is kept under the candidate's own ref; asked again while the branch is where it was, the same commit is the answer.
 */
export function mergeCandidate(hands: Hands): Runner['mergeCandidate'] {
  return async ({ candidateId, repositoryId, branch, candidate, message, revertOf }) => {
    const onto = await commitOf(hands, repositoryId, branchRef(branch));
    if (!onto) throw new Fault('git.failed', `There is no branch ${branch} to merge onto.`, { retryable: false });
    const ref = `refs/heph/candidates/${folderName(candidateId)}`;
    if (revertOf !== undefined) {
      const revert = { repositoryId, onto, merge: commitId(candidate), brought: commitId(revertOf), message, ref };
      return takeOut(hands, revert);
    }
    if (await contains(hands, repositoryId, onto, commitId(candidate)))
      return { outcome: 'contained', onto, commit: onto };
    const earlier = await earlierMerge(hands, repositoryId, ref, onto, candidate);
    if (earlier) return earlier;
    const merged = await mergeTrees(hands, repositoryId, onto, candidate);
    if (merged.files) return { outcome: 'conflict', onto, files: merged.files };
    const commit = await commitTree(hands, repositoryId, merged.tree, [onto, candidate], message);
    await swapRef(hands, repositoryId, ref, commit, await commitOf(hands, repositoryId, ref));
    return { outcome: 'merged', onto, commit, tree: merged.tree };
  };
}

async function earlierMerge(
  hands: Hands,
  repositoryId: string,
  ref: string,
  onto: string,
  candidate: string,
): Promise<MergeResult | null> {
  const commit = await commitOf(hands, repositoryId, ref);
  if (!commit) return null;
  if ((await parentsOf(hands, repositoryId, commit)).join(' ') !== `${onto} ${candidate}`) return null;
  return { outcome: 'merged', onto, commit, tree: await treeOf(hands, repositoryId, commit) };
}

interface Revert {
  repositoryId: string;
  onto: string;
  merge: string;
  brought: string;
  message: string;
  ref: string;
}

/**
 * A merge is taken out as `git revert --mainline 1` would: three ways, from the merge to what was there before it. The
 * commit has one parent, so what it takes out stays in the history.
 */
async function takeOut(hands: Hands, revert: Revert): Promise<MergeResult> {
  const { repositoryId, onto, merge, brought, message, ref } = revert;
  const [first, second, ...more] = await parentsOf(hands, repositoryId, merge);
  if (!first || second !== brought || more.length > 0 || !(await contains(hands, repositoryId, onto, merge)))
    return { outcome: 'absent', onto };
  // The merge undone at once is a commit on top of it, so that the merge is where the two sides part: a git without
  // `--merge-base` merges it by its own rules.
  const undone = await commitTree(hands, repositoryId, await treeOf(hands, repositoryId, first), [merge], message);
  const merged = await mergeTrees(hands, repositoryId, onto, undone);
  if (merged.files) return { outcome: 'conflict', onto, files: merged.files };
  if (merged.tree === (await treeOf(hands, repositoryId, onto))) return { outcome: 'contained', onto, commit: onto };
  const commit = await commitTree(hands, repositoryId, merged.tree, [onto], message);
  await swapRef(hands, repositoryId, ref, commit, await commitOf(hands, repositoryId, ref));
  return { outcome: 'merged', onto, commit, tree: merged.tree };
}

async function parentsOf(hands: Hands, repositoryId: string, commit: string): Promise<string[]> {
  if ((await commitOf(hands, repositoryId, commit)) === null) return [];
  const args = ['rev-list', '--parents', '--max-count=1', '--end-of-options', commit];
  return textOf(await inMirror(hands, repositoryId, args))
    .split(' ')
    .slice(1);
}

async function mergeTrees(hands: Hands, repositoryId: string, onto: string, candidate: string) {
  const flags = ['--write-tree', '-z', '--name-only', '--no-messages'];
  const args = ['merge-tree', ...flags, '--end-of-options', onto, candidate];
  const answer = await inMirror(hands, repositoryId, args, { accept: [1] });
  const [tree = '', ...files] = answer.stdout.toString('utf8').split('\0').filter(Boolean);
  return { tree, files: answer.code === 1 ? [...new Set(files)].slice(0, CONFLICTS_MAX) : null };
}
