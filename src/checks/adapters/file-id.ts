import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileEntry } from '../ports.ts';
import { codeOf } from './folder.ts';

const READ_WHOLE_BYTES = 16 * 1024 * 1024;
const AT_ONCE = 16;

/**
 * The id of a file as git would name it, mode and blob, so that a file has the same one before and after it is committed.
 * Null when there is none; `unknown` for what is neither a file nor a link, or may not be read.
 */
async function fileId(path: string, algorithm: 'sha1' | 'sha256'): Promise<string | null | 'unknown'> {
  try {
    const stat = await lstat(path);
    if (stat.isSymbolicLink()) return `120000 ${blob(Buffer.from(await readlink(path)), algorithm)}`;
    if (!stat.isFile()) return 'unknown';
    const mode = (stat.mode & 0o100) === 0 ? '100644' : '100755';
    if (stat.size < READ_WHOLE_BYTES) return `${mode} ${blob(await readFile(path), algorithm)}`;
    const sum = createHash(algorithm).update(`blob ${stat.size}\0`);
    for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer);
    return `${mode} ${sum.digest('hex')}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') return 'unknown';
    throw error;
  }
}

/** The ids of the files that are there, by path; what has none is told apart. */
export async function fileIds(
  root: string,
  paths: Iterable<string>,
  algorithm: 'sha1' | 'sha256',
): Promise<{ files: FileEntry[]; unknown: string[] }> {
  const files: FileEntry[] = [];
  const unknown: string[] = [];
  const queue = [...paths].values();
  const work = async () => {
    for (const path of queue) {
      const id = await fileId(join(root, path), algorithm);
      if (id === 'unknown') unknown.push(path);
      else if (id !== null) files.push({ path, id });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { files, unknown };
}

function blob(bytes: Buffer, algorithm: 'sha1' | 'sha256'): string {
  return hash(algorithm, Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes]), 'hex');
}
