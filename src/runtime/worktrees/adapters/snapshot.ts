import { constants } from 'node:fs';
import { access, lstat, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitCall, itemsOf, textOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { isTreePath } from '../names.ts';
import { kindOf, makeDirectory } from './files.ts';
import { inMirror } from './mirror.ts';

const NESTED_MAX = 200;
const PARALLEL = 32;
const GITLINK = '160000';

/**
 * Writes a folder as a tree into the mirror, as `git add --all` on top of `parent` would, with a trusted git directory
 * and an index of its own: nothing that an agent wrote into `.git`, `.gitattributes` or a nested repository is run.
 * `.gitignore` counts, as do line endings; links are kept as links, nested repositories as plain files without their
 * `.git`, submodules as the parent has them. What cannot be read or may not stand in a tree keeps the parent's state.
 */
export async function snapshotTree(
  hands: Hands,
  repositoryId: string,
  folder: string,
  parent: string,
): Promise<string> {
  const scratchRoot = join(hands.directory, 'scratch');
  await makeDirectory(scratchRoot);
  const scratch = await mkdtemp(join(scratchRoot, 'index-'));
  const call = { indexFile: join(scratch, 'index'), workTree: folder, cwd: folder };
  try {
    await inMirror(hands, repositoryId, ['read-tree', '--end-of-options', parent], call);
    const tracked = await trackedFiles(hands, repositoryId, call);
    const found = await untrackedFiles(hands, repositoryId, call, folder);
    const { present, missing } = await sortOut(folder, tracked, found);
    await updateIndex(hands, repositoryId, call, '--force-remove', missing);
    await updateIndex(hands, repositoryId, call, '--replace', present);
    return textOf(await inMirror(hands, repositoryId, ['write-tree'], call));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function trackedFiles(hands: Hands, repositoryId: string, call: Partial<GitCall>): Promise<string[]> {
  const entries = itemsOf(await inMirror(hands, repositoryId, ['ls-files', '--stage', '-z'], call));
  return entries.filter((entry) => !entry.startsWith(GITLINK)).map((entry) => entry.slice(entry.indexOf('\t') + 1));
}

// Git names a nested repository by its folder alone. It is then asked with that folder as the work tree, so that its
// files are found without its own git directory being opened.
async function untrackedFiles(
  hands: Hands,
  repositoryId: string,
  call: Partial<GitCall>,
  folder: string,
): Promise<string[]> {
  const files: string[] = [];
  const folders = [''];
  for (let visited = 0; folders.length && visited < NESTED_MAX; visited++) {
    const below = folders.pop() as string;
    const workTree = join(folder, Buffer.from(below, 'latin1').toString('utf8'));
    if (below && (await kindOf(workTree)) !== 'directory') continue;
    const where = below ? { workTree, cwd: workTree, indexFile: `${call.indexFile}-none` } : call;
    const others = ['ls-files', '--others', '--exclude-standard', '-z'];
    for (const item of itemsOf(await inMirror(hands, repositoryId, others, where))) {
      if (item.endsWith('/')) folders.push(below + item);
      else files.push(below + item);
    }
  }
  if (folders.length) hands.log.warn({ folder, left: folders.length }, 'too many nested repositories to keep them all');
  return files;
}

async function sortOut(folder: string, tracked: readonly string[], found: readonly string[]) {
  const present: string[] = [];
  const missing: string[] = [];
  const before = new Set(tracked);
  const rest = [...new Set([...tracked, ...found])].reverse();
  const next = async (): Promise<void> => {
    for (let path = rest.pop(); path !== undefined; path = rest.pop()) {
      const state = await stateOf(folder, path);
      if (state === 'present') present.push(path);
      else if (state === 'missing' && before.has(path)) missing.push(path);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, next));
  return { present: present.sort(), missing: missing.sort() };
}

async function stateOf(folder: string, path: string): Promise<'present' | 'missing' | 'unfit'> {
  if (!isTreePath(path)) return 'unfit';
  const full = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
  try {
    const stat = await lstat(full);
    if (stat.isSymbolicLink()) return 'present';
    if (!stat.isFile()) return 'missing';
    await access(full, constants.R_OK);
    return 'present';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unfit';
  }
}

async function updateIndex(
  hands: Hands,
  repositoryId: string,
  call: Partial<GitCall>,
  how: '--force-remove' | '--replace',
  paths: readonly string[],
): Promise<void> {
  if (!paths.length) return;
  const input = Buffer.from(`${paths.join('\0')}\0`, 'latin1');
  const flags = how === '--replace' ? ['--add', '--remove', '--replace'] : ['--force-remove'];
  await inMirror(hands, repositoryId, ['update-index', ...flags, '-z', '--stdin'], { ...call, input });
}
