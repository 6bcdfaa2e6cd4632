import { constants, type Dirent } from 'node:fs';
import { copyFile, glob, lstat, mkdir, readdir, readlink, realpath, symlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { HephError } from '../../../kernel/errors.ts';
import { itemsOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { codeOf } from './files.ts';

const PARALLEL = 16;
const MATCHES_MAX = 1_000;

/**
 * Copies ignored files of the user's repository (dependencies, local settings) into a fresh checkout. Bytes are shared
 * copy-on-write where the file system can, and copied elsewhere: never linked, so that what an agent changes cannot reach the
 * user's files. Tracked files and what the checkout has already stay as they are.
 */
export async function copyIgnored(
  hands: Hands,
  request: { from: string; globs: readonly string[] },
  to: string,
): Promise<void> {
  const root = await realpath(request.from);
  const wanted = await matches(root, request.globs);
  if (!wanted.length) return;
  // git takes a leading colon for magic; `./` keeps it a name
  const input = wanted.map((path) => `./${path}\0`).join('');
  const call = { cwd: root, config: 'users' as const, input, accept: [1] };
  const ignored = itemsOf(await hands.git.run(['check-ignore', '-z', '--stdin'], call), 'utf8');
  for (const path of ignored) await copyEntry({ root, to }, path);
}

async function matches(root: string, globs: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const pattern of globs) {
    if (isAbsolute(pattern) || pattern.split('/').includes('..')) {
      throw new HephError('repository.unsafe_path', `The glob ${JSON.stringify(pattern)} leaves the repository.`);
    }
    for await (const path of glob(pattern, { cwd: root, exclude: (name) => name === '.git' })) {
      if (found.size >= MATCHES_MAX) {
        throw new HephError(
          'input.invalid',
          `The globs match more than ${MATCHES_MAX} paths; name their folders instead.`,
        );
      }
      if (await staysInside(root, path)) found.add(path);
    }
  }
  // A folder brings what is in it.
  return [...found].filter((path) => !hasParentIn(path, found));
}

function hasParentIn(path: string, found: ReadonlySet<string>): boolean {
  for (let up = dirname(path); up !== '.' && up !== '/'; up = dirname(up)) if (found.has(up)) return true;
  return false;
}

async function staysInside(root: string, path: string): Promise<boolean> {
  const parent = await realpath(dirname(join(root, path)));
  return parent === root || parent.startsWith(`${root}/`);
}

async function copyEntry(place: { root: string; to: string }, path: string): Promise<void> {
  const from = join(place.root, path);
  const to = join(place.to, path);
  const stat = await lstat(from);
  if (stat.isDirectory()) return copyFolder(place, path);
  await mkdir(dirname(to), { recursive: true });
  if (stat.isSymbolicLink()) return keepExisting(copyLink(place, from, to));
  if (stat.isFile()) {
    // EXCL keeps what is there already; FICLONE falls back to copying.
    await keepExisting(copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL));
  }
}

async function copyFolder(place: { root: string; to: string }, path: string): Promise<void> {
  await mkdir(join(place.to, path), { recursive: true });
  const rest: Dirent[] = await readdir(join(place.root, path), { withFileTypes: true });
  const next = async (): Promise<void> => {
    for (let entry = rest.pop(); entry; entry = rest.pop()) {
      if (entry.name !== '.git') await copyEntry(place, join(path, entry.name));
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, rest.length) }, next));
}

// A link by absolute path into the user's repository would lead the agent back there, so it is turned to the copy.
async function copyLink(place: { root: string; to: string }, from: string, to: string): Promise<void> {
  const target = await readlink(from);
  const inside = relative(place.root, resolve(dirname(from), target));
  const leadsBack = isAbsolute(target) && inside !== '..' && !inside.startsWith('../');
  await symlink(leadsBack ? join(place.to, inside) : target, to);
}

async function keepExisting(copied: Promise<void>): Promise<void> {
  try {
    await copied;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
