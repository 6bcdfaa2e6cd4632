import { join } from 'node:path';
import type { TouchedFiles, TouchedFilesRequest } from '../../runner.ts';
import { itemsOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { commitId, folderName } from '../names.ts';
import { kindOf, makeDirectory, removeTree } from './files.ts';
import { safeFolder } from './keep-tree.ts';
import { inMirror } from './mirror.ts';

/**
 * Which files of a task's worktree differ from its base, or are new. Asked again and again, so the index is kept from one
 * look to the next: only what has changed on the disk is read again. The git directory is a trusted one; nothing that an
 * agent wrote is run.
 */
export function touchedFiles(hands: Hands): (request: TouchedFilesRequest) => Promise<TouchedFiles> {
  return async ({ taskId, repositoryId, base, max }) => {
    const folder = await safeFolder(hands, taskId);
    const indices = indicesOf(hands, taskId);
    await makeDirectory(indices);
    const indexFile = join(indices, commitId(base));
    const call = { indexFile, workTree: folder, cwd: folder };
    const list = async (...args: string[]) =>
      itemsOf(await inMirror(hands, repositoryId, [...args, '-z'], call), 'utf8');
    if ((await kindOf(indexFile)) === 'absent')
      await inMirror(hands, repositoryId, ['read-tree', '--end-of-options', commitId(base)], call);
    // It says by its exit code that there are changes; which they are is asked next.
    await inMirror(hands, repositoryId, ['update-index', '-q', '--refresh'], { ...call, accept: [1] });
    const changed = await list('diff-files', '--name-only', '--no-ext-diff');
    const added = await list('ls-files', '--others', '--exclude-standard');
    const paths = [...new Set([...changed, ...added])].sort();
    return { paths: paths.slice(0, max), more: Math.max(0, paths.length - max) };
  };
}

/** Nobody asks about the task any more. Safe when nobody ever did. */
export async function forgetTouched(hands: Hands, taskId: string): Promise<void> {
  await removeTree(indicesOf(hands, taskId));
}

/** An index per base; what is in `scratch` goes when a server starts, too. */
function indicesOf(hands: Hands, taskId: string): string {
  return join(hands.directory, 'scratch', `touched-${folderName(taskId)}`);
}
