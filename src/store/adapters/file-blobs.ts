import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../kernel/canonical.ts';
import { Fault, HephError, messageOf } from '../../kernel/errors.ts';
import type { BlobStore } from '../blob-store.ts';
import { makeDirectoryDurably, placeFileDurably, syncDirectory } from './durable-file.ts';

const HASH_PATTERN = /^[0-9a-f]{64}$/;

/**
 * Blobs as files, `<directory>/blobs/ab/<hash>`, 0600. A file has its name only when all its bytes are on the disk, so
 * one that is there is whole unless the disk spoiled it, which reading it finds.
 */
export function openFileBlobs(directory: string): BlobStore {
  const root = join(directory, 'blobs');
  makeDirectoryDurably(root);
  const pathOf = (hash: string) => join(root, hash.slice(0, 2), hash);

  async function has(hash: string): Promise<boolean> {
    if (!HASH_PATTERN.test(hash)) return false;
    return (await stat(pathOf(hash)).catch(absent)) !== undefined;
  }

  return {
    has,
    async put(given) {
      const bytes = Buffer.from(given as Uint8Array);
      const hash = sha256(bytes);
      if (await isWhole(pathOf(hash), hash)) return hash;
      const draft = join(root, `draft-${randomUUID()}`);
      try {
        await makeShard(dirname(pathOf(hash)), root);
        await placeFileDurably(draft, pathOf(hash), bytes);
      } catch (error) {
        await rm(draft, { force: true }).catch(() => undefined);
        throw faultOf(error);
      }
      return hash;
    },
    async get(hash) {
      const bytes = HASH_PATTERN.test(hash) ? await readFile(pathOf(hash)).catch(absent) : undefined;
      if (!bytes) throw new HephError('blob.not_found', `no blob has the hash ${hash.slice(0, 64)}`);
      if (sha256(bytes) !== hash)
        throw new Fault('blob.damaged', `the bytes of blob ${hash} are not those it was made of`, {
          details: { hash },
          retryable: false,
        });
      return bytes;
    },
  };
}

/** The hashes of all blobs in a data directory. */
export function blobsIn(directory: string): string[] {
  const root = join(directory, 'blobs');
  const shards = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return shards.flatMap(({ name }) => readdirSync(join(root, name)).filter((file) => HASH_PATTERN.test(file)));
}

/** A spoiled file is written again when its bytes come once more. */
async function isWhole(path: string, hash: string): Promise<boolean> {
  const bytes = await readFile(path).catch(absent);
  return bytes !== undefined && sha256(bytes) === hash;
}

async function makeShard(path: string, root: string): Promise<void> {
  if ((await mkdir(path, { recursive: true, mode: 0o700 })) !== undefined) syncDirectory(root);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT')
    throw new Fault('blob.failed', `a blob cannot be read: ${error.message}`, { cause: error });
  return undefined;
}

function faultOf(error: unknown): Fault {
  const full = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
  return full
    ? new Fault('log.disk_full', 'no room for the blob on the disk', { cause: error })
    : new Fault('blob.failed', `a blob could not be written: ${messageOf(error)}`, { cause: error });
}
