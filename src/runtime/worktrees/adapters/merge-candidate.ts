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
  return async ({ candidateId, repositoryId, branch, candidate, message }) => {
    const onto = await commitOf(hands, repositoryId, branchRef(branch));
    if (!onto) throw new Fault('git.failed', `There is no branch ${branch} to merge onto.`, { retryable: false });
    if (await contains(hands, repositoryId, onto, commitId(candidate)))
      return { outcome: 'contained', onto, commit: onto };
    const ref = `refs/heph/candidates/${folderName(candidateId)}`;
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
  const args = ['rev-list', '--parents', '--max-count=1', '--end-of-options', commit];
  if (textOf(await inMirror(hands, repositoryId, args)) !== `${commit} ${onto} ${candidate}`) return null;
  return { outcome: 'merged', onto, commit, tree: await treeOf(hands, repositoryId, commit) };
}

async function mergeTrees(hands: Hands, repositoryId: string, onto: string, candidate: string) {
  const args = [
    'merge-tree',
    '--write-tree',
    '-z',
    '--name-only',
    '--no-messages',
    '--end-of-options',
    onto,
    candidate,
  ];
  const answer = await inMirror(hands, repositoryId, args, { accept: [1] });
  const [tree = '', ...files] = answer.stdout.toString('utf8').split('\0').filter(Boolean);
  return { tree, files: answer.code === 1 ? [...new Set(files)].slice(0, CONFLICTS_MAX) : null };
}
