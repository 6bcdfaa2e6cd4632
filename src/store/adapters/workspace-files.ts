import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { HephError, isFailure } from '../../kernel/errors.ts';
import { type CarriedFile, problemOf } from '../export-format.ts';
import { makeDirectoryDurably, placeFileDurably } from './durable-file.ts';
import { blobsIn, openFileBlobs } from './file-blobs.ts';

/**
 * The files that a log relies on: all blobs, and the user's own workflow definitions. Everything else in a data directory
 * is a cache, a secret, or belongs to its machine.
 */
export const DEFINITIONS = 'phases';

/** Each file with its bytes. A blob that is spoiled is told of and left out; a link is left out, it would lead elsewhere. */
export async function* readWorkspaceFiles(
  directory: string,
  onDamaged: (hash: string) => void,
): AsyncGenerator<CarriedFile> {
  if (existsSync(join(directory, 'blobs'))) {
    const blobs = openFileBlobs(directory);
    for (const hash of blobsIn(directory)) {
      try {
        yield { path: `blobs/${hash}`, bytes: await blobs.get(hash) };
      } catch (error) {
        if (!isFailure(error) || error.code !== 'blob.damaged') throw error;
        onDamaged(hash);
      }
    }
  }
  if (!existsSync(join(directory, DEFINITIONS))) return;
  const names = await readdir(join(directory, DEFINITIONS), { recursive: true, withFileTypes: true });
  for (const entry of names.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const file = { path: path.slice(directory.length + 1), bytes: await readFile(path) };
    if (problemOf(file) === null) yield file;
  }
}

/**
 * Keeps such a file in another data directory, durably. Throws Invalid `log.bad_export` for one that is none,
 * `data.not_empty` when there is a definition of that name with other words, `data.not_ours` when a link leads elsewhere.
 */
export async function writeWorkspaceFile(directory: string, file: CarriedFile): Promise<void> {
  const { path, bytes } = file;
  const problem = problemOf(file);
  if (problem) throw new HephError('log.bad_export', problem);
  if (path.startsWith('blobs/')) return void (await openFileBlobs(directory).put(bytes));
  await refuseLinks(directory, path.split('/'));
  const target = join(directory, path);
  if (path.startsWith(`${DEFINITIONS}/`) && existsSync(target)) {
    if (Buffer.compare(await readFile(target), bytes) === 0) return;
    throw new HephError('data.not_empty', `${target} is there already, with other words`);
  }
  await place(directory, target, bytes);
}

async function place(directory: string, target: string, bytes: Uint8Array): Promise<void> {
  makeDirectoryDurably(dirname(target));
  const draft = join(directory, `draft-${randomUUID()}`);
  try {
    await placeFileDurably(draft, target, bytes);
  } finally {
    await rm(draft, { force: true });
  }
}

async function refuseLinks(directory: string, names: string[]): Promise<void> {
  for (let depth = 1; depth <= names.length; depth++) {
    const path = join(directory, ...names.slice(0, depth));
    if (existsSync(path) && (await lstat(path)).isSymbolicLink())
      throw new HephError('data.not_ours', `${path} is a link and leads elsewhere`);
  }
}
