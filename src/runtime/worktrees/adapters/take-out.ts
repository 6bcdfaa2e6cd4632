import type { MergeResult } from '../../runner.ts';
import { textOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { commitTree } from './keep-tree.ts';
import { mergeTrees } from './merge-trees.ts';
import { commitOf, contains, inMirror, swapRef, treeOf } from './mirror.ts';

export interface Revert {
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
export async function takeOut(hands: Hands, revert: Revert): Promise<MergeResult> {
  const { repositoryId, onto, merge, brought, message, ref } = revert;
  const [first, second, ...more] = await parentsOf(hands, repositoryId, merge);
  if (!first || second !== brought || more.length > 0 || !(await contains(hands, repositoryId, onto, merge)))
    return { outcome: 'absent', onto };
  const merged = await mergeTrees(hands, repositoryId, onto, await undone(hands, repositoryId, merge, message));
  if (merged.files) return { outcome: 'conflict', onto, files: merged.files };
  if (merged.tree === (await treeOf(hands, repositoryId, onto))) return { outcome: 'contained', onto, commit: onto };
  const commit = await commitTree(hands, repositoryId, merged.tree, [onto], message);
  await swapRef(hands, repositoryId, ref, commit, await commitOf(hands, repositoryId, ref));
  return { outcome: 'merged', onto, commit, tree: merged.tree };
}

/**
 * The merge undone at once is a commit on top of it, so that the merge is where the two sides part: a git without
 * `--merge-base` merges it by its own rules.
 */
export async function undone(hands: Hands, repositoryId: string, merge: string, message: string): Promise<string> {
  return commitTree(hands, repositoryId, await treeOf(hands, repositoryId, `${merge}^1`), [merge], message);
}

async function parentsOf(hands: Hands, repositoryId: string, commit: string): Promise<string[]> {
  if ((await commitOf(hands, repositoryId, commit)) === null) return [];
  const args = ['rev-list', '--parents', '--max-count=1', '--end-of-options', commit];
  return textOf(await inMirror(hands, repositoryId, args))
    .split(' ')
    .slice(1);
}
