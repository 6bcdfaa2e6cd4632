import type { KeptTree, Runner } from '../../runner.ts';
import { itemsOf, textOf } from '../git.ts';
import { type Hands, worktreeOf, worktreesOf } from '../hands.ts';
import { commitId, folderName } from '../names.ts';
import { Fault } from '../../../kernel/errors.ts';
import { fetchHead } from './agent-commits.ts';
import { assertInside, kindOf } from './files.ts';
import { commitOf, inMirror, swapRef, treeOf } from './mirror.ts';
import { snapshotTree } from './snapshot.ts';

export function keepTree(hands: Hands): Runner['keepTree'] {
  return async ({ taskId, repositoryId, turn, base, message }) => {
    const ref = `refs/heph/turns/${folderName(taskId)}/${Math.trunc(turn)}`;
    const before = await commitOf(hands, repositoryId, ref);
    if (before) return kept(hands, repositoryId, commitId(base), before, ref);
    const folder = await safeFolder(hands, taskId);
    const head = await fetchHead(hands, repositoryId, taskId, folder, commitId(base));
    const tree = await snapshotTree(hands, repositoryId, folder, head ?? base);
    if (tree === (await treeOf(hands, repositoryId, base))) return { commit: null, tree, ref: null, files: [] };
    const commit = await commitTree(hands, repositoryId, tree, [head ?? base], message);
    await swapRef(hands, repositoryId, ref, commit, null);
    return kept(hands, repositoryId, base, (await commitOf(hands, repositoryId, ref)) ?? commit, ref);
  };
}

/** A commit by Hephaestus. When the first parent has the tree already, that parent is the answer. */
export async function commitTree(
  hands: Hands,
  repositoryId: string,
  tree: string,
  parents: readonly string[],
  message: string,
): Promise<string> {
  const [first] = parents;
  if (parents.length === 1 && first && (await treeOf(hands, repositoryId, first)) === tree) return first;
  const args = ['commit-tree', ...parents.flatMap((parent) => ['-p', parent]), '-F', '-', '--end-of-options', tree];
  const input = message.trim() ? `${message.trim()}\n` : 'Keep what the agent left\n';
  const call = { input, committer: { at: hands.clock.now() } };
  return textOf(await inMirror(hands, repositoryId, args, call));
}

/** The worktree's folder, where it must be and no link. Throws Fault `worktree.failed` when it is gone. */
export async function safeFolder(hands: Hands, taskId: string): Promise<string> {
  const folder = worktreeOf(hands, taskId);
  if ((await kindOf(folder)) !== 'directory') {
    throw new Fault('worktree.failed', `The worktree of ${taskId} is not there any more.`, { retryable: false });
  }
  await assertInside(worktreesOf(hands), folder);
  return folder;
}

async function kept(hands: Hands, repositoryId: string, base: string, commit: string, ref: string): Promise<KeptTree> {
  const tree = await treeOf(hands, repositoryId, commit);
  return { commit, tree, ref, files: await changedFiles(hands, repositoryId, base, commit) };
}

export async function changedFiles(
  hands: Hands,
  repositoryId: string,
  base: string,
  commit: string,
): Promise<KeptTree['files']> {
  const flags = ['--numstat', '-r', '-z', '--no-renames', '--no-ext-diff', '--no-textconv'];
  const answer = await inMirror(hands, repositoryId, ['diff-tree', ...flags, '--end-of-options', base, commit]);
  return itemsOf(answer, 'utf8').map((line) => {
    const [insertions, deletions, ...path] = line.split('\t');
    // Binary files have no lines: git prints `-`.
    return { path: path.join('\t'), insertions: Number(insertions) || 0, deletions: Number(deletions) || 0 };
  });
}
