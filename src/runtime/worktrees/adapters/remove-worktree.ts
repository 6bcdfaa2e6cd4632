import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { HephError } from '../../../kernel/errors.ts';
import { sha256 } from '../../../kernel/canonical.ts';
import type { Runner } from '../../runner.ts';
import { textOf } from '../git.ts';
import { type Hands, scratchName, worktreeOf, worktreesOf } from '../hands.ts';
import { folderName } from '../names.ts';
import { fetchHead, fetchStrays } from './agent-commits.ts';
import { kindOf, makeDirectory, removeContained } from './files.ts';
import { commitTree, safeFolder } from './keep-tree.ts';
import { inMirror, swapRef, treeOf } from './mirror.ts';
import { forgetRecord, readRecord, type WorktreeRecord } from './registry.ts';
import { snapshotTree } from './snapshot.ts';
import { forgetTouched } from './touched-files.ts';

export function removeWorktree(hands: Hands): Runner['removeWorktree'] {
  return async ({ taskId, repositoryId }) => {
    const folder = worktreeOf(hands, folderName(taskId));
    const root = worktreesOf(hands);
    const kind = await kindOf(folder);
    const record = await readRecord(hands, taskId);
    if (kind !== 'absent' && !record) {
      throw new HephError('repository.unsafe_path', `${folder} was not made by us, so it is left alone.`);
    }
    const rescue =
      kind === 'directory' && record?.state === 'ready' ? await rescueWork(hands, record, repositoryId) : NOTHING;
    if (rescue.unreadable) await setAside(hands, folder, taskId);
    else if (kind !== 'absent') await removeContained(hands, root, folder);
    await forgetTouched(hands, taskId);
    await forgetRecord(hands, taskId);
    return { removed: kind !== 'absent', rescued: rescue.ref };
  };
}

interface Rescue {
  ref: string | null;
  unreadable: boolean;
}
const NOTHING: Rescue = { ref: null, unreadable: false };

/**
 * One commit holds everything that no ref of ours has: its tree is the folder as it stands, its parents are the
 * agent's HEAD and the tips that would be lost. The ref is named by its content, so that a second call finds it.
 */
async function rescueWork(hands: Hands, record: WorktreeRecord, repositoryId: string): Promise<Rescue> {
  const { taskId, commit: base } = record;
  const folder = await safeFolder(hands, taskId);
  const head = await fetchHead(hands, repositoryId, taskId, folder, base);
  const strays = await fetchStrays(hands, repositoryId, taskId, folder);
  const parent = head ?? base;
  const tree = await snapshotTree(hands, repositoryId, folder, parent);
  const unreadable = strays === null;
  if (!strays?.length && (await keptTrees(hands, record, repositoryId)).has(tree)) return { ref: null, unreadable };
  const parents = [parent, ...(strays ?? []).filter((commit) => commit !== parent)];
  const ref = `refs/heph/rescue/${taskId}/${sha256([tree, ...parents].join(' ')).slice(0, 16)}`;
  const message = `Rescue what the worktree of ${taskId} held`;
  await swapRef(hands, repositoryId, ref, await commitTree(hands, repositoryId, tree, parents, message), null);
  return { ref, unreadable };
}

async function keptTrees(hands: Hands, record: WorktreeRecord, repositoryId: string): Promise<Set<string>> {
  const args = ['for-each-ref', '--format=%(tree)', '--end-of-options', `refs/heph/turns/${record.taskId}/`];
  const turns = textOf(await inMirror(hands, repositoryId, args)).split('\n');
  return new Set([...turns, await treeOf(hands, repositoryId, record.commit)]);
}

// A git directory that cannot be read may hold commits nobody has seen, so the folder is moved away and not deleted.
async function setAside(hands: Hands, folder: string, taskId: string): Promise<void> {
  const rescued = join(hands.directory, 'rescued');
  await makeDirectory(rescued);
  const to = join(rescued, scratchName(hands, taskId));
  await rename(folder, to);
  hands.log.warn({ taskId, to }, 'a worktree whose git directory cannot be read was set aside');
}
