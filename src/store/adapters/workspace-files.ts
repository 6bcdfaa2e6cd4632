import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { HephError, isFailure } from '../../kernel/errors.ts';
import type { CarriedFile } from '../export-format.ts';
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
    yield { path: path.slice(directory.length + 1), bytes: await readFile(path) };
  }
}

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}$/;

const BUNDLE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,79}\.bundle$/;

/**
 * Keeps such a file in another data directory, durably. Throws Invalid `log.bad_export` for a path that leads elsewhere or
 * bytes that are not the blob's, `data.not_empty` when there is a definition of that name with other words.
 */
export async function writeWorkspaceFile(directory: string, { path, bytes }: CarriedFile): Promise<void> {
  const [folder, ...rest] = path.split('/');
  const refuse = (why: string) => new HephError('log.bad_export', `${JSON.stringify(path.slice(0, 200))} ${why}`);
  if (folder === 'blobs' && rest.length === 1) {
    if ((await openFileBlobs(directory).put(bytes)) !== rest[0]) throw refuse('does not have the bytes of its name');
    return;
  }
  if (folder === 'repos' && rest.length === 1 && BUNDLE.test(rest[0] as string)) {
    await refuseLinks(directory, [folder, ...rest]);
    return place(directory, path, bytes);
  }
  if (folder !== DEFINITIONS || rest.length === 0 || !rest.every((name) => SEGMENT.test(name)))
    throw refuse('is no file of a workspace');
  const target = join(directory, path);
  await refuseLinks(directory, [DEFINITIONS, ...rest]);
  if (existsSync(target)) {
    if (Buffer.compare(await readFile(target), bytes) === 0) return;
    throw new HephError('data.not_empty', `${target} is there already, with other words`);
  }
  await place(directory, path, bytes);
}

async function place(directory: string, path: string, bytes: Uint8Array): Promise<void> {
  const target = join(directory, path);
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
