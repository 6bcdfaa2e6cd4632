import { chmod, lstat, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HephError } from '../../../kernel/errors.ts';
import { type Hands, scratchName } from '../hands.ts';

/** Makes a directory of ours, closed to others. */
export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Replaces a file as a whole: readers see the old text or the new one, never a part. */
export async function writeWhole(hands: Pick<Hands, 'random'>, path: string, text: string): Promise<void> {
  const scratch = `${path}.${scratchName(hands, 'new')}`;
  await writeFile(scratch, text, { mode: 0o600, flag: 'wx' });
  await rename(scratch, path);
}

/** A JSON file's value; null when it is absent or was torn by a crash. */
export async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** What stands at a path itself, links not followed. */
export async function kindOf(path: string): Promise<'absent' | 'directory' | 'other'> {
  try {
    return (await lstat(path)).isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return 'absent';
    throw error;
  }
}

/** Throws `repository.unsafe_path` unless `path` lies directly in `root` by real path. The last part may be a link: it is not followed. */
export async function assertInside(root: string, path: string): Promise<void> {
  const [realRoot, realParent] = await Promise.all([realpath(root), realpath(dirname(path))]);
  if (dirname(path) === root && realRoot === root && realParent === realRoot) return;
  throw new HephError('repository.unsafe_path', `${path} does not lie in ${root}, so it is left alone.`);
}

/**
 * Removes a folder that lies directly in `root`. It is renamed first, so that a crash leaves either the folder or
 * something that is plainly rubbish; links are removed, never followed. Safe when absent.
 */
export async function removeContained(hands: Hands, root: string, path: string): Promise<boolean> {
  await assertInside(root, path);
  const trash = join(root, scratchName(hands, '.trash'));
  try {
    await rename(path, trash);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  await removeTree(trash);
  return true;
}

/** Removes a file or a folder with all that is in it. Safe when absent. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') throw error;
    await openFolders(path);
    await rm(path, { recursive: true, force: true });
  }
}

// Some tools leave folders without write permission (Go's module cache), which hinder their removal.
async function openFolders(path: string): Promise<void> {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(join(path, entry.name));
  }
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
