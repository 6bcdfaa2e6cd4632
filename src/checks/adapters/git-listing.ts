import { execFile } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf } from '../../kernel/canonical.ts';
import { Fault } from '../../kernel/errors.ts';
import { commandEnvironment } from '../../runtime/checks/adapters/run-process.ts';
import type { FileEntry, Listing } from '../ports.ts';
import { fileIds } from './file-id.ts';
import { codeOf } from './folder.ts';
import { commonDirectoryOf, gitDirectoryOf } from './place.ts';

const OUTPUT_BYTES_MAX = 512 * 1024 * 1024;
const TIMEOUT_MS = 120_000;
/** Looking must write nothing and start nothing of the repository's. */
const LOOKING = ['--no-optional-locks', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];

/**
 * Git, to look at the user's repository. Not through the library that the runner's git goes through, which takes half of
 * the time that a whole answer from the cache may take to load; the words are our own, none is a user's. Throws Fault `git.failed`.
 */
export function lookWithGit(
  root: string,
  args: readonly string[],
  accept: readonly number[] = [],
): Promise<{ code: number; text: string }> {
  // Without the variables that a hook sets, which would name another index.
  const env = { ...commandEnvironment(process.env), LC_ALL: 'C' };
  const options = { cwd: root, env, maxBuffer: OUTPUT_BYTES_MAX, timeout: TIMEOUT_MS };
  return new Promise((resolve, reject) => {
    const child = execFile('git', [...LOOKING, ...args], options, (error, stdout, stderr) => {
      const code = error ? error.code : 0;
      if (typeof code === 'number' && (code === 0 || accept.includes(code))) resolve({ code, text: stdout });
      else
        reject(
          new Fault('git.failed', `git ${args[0]}: ${stderr.trim().slice(-2000) || error?.message}`, { cause: error }),
        );
    });
    child.stdin?.end();
  });
}

/**
 * Every file that git does not ignore. Where a file is as the index has it, git's own stat cache says so and the index has
 * its id; the others are read. The index is known by the checksum at its end, so that the same index need not be listed again.
 */
export async function listWithGit(root: string, literals: readonly string[]): Promise<Listing> {
  const checksum = await indexChecksum(root);
  const [differing, others] = await Promise.all([
    lookWithGit(root, ['diff-files', '--raw', '-z', '--no-renames']),
    lookWithGit(root, ['ls-files', '--others', '--exclude-standard', '-z']),
  ]);
  const changed = parseChanged(differing.text);
  const unknown = changed.flatMap(({ path, mode }) => (mode === '160000' ? [path] : []));
  const toRead = new Set([...itemsOf(others.text), ...changed.map(({ path }) => path), ...literals]);
  for (const path of unknown) toRead.delete(path);
  const read = await fileIds(root, toRead, checksum.algorithm);
  const identity = checksum.hex && hashOf([checksum.hex, changed, read, unknown]);
  let listed: Promise<FileEntry[]> | null = null;
  const listing: Listing = {
    identity,
    files() {
      listed ??= merged(root, changed, read.files).then(async (files) => {
        // The index is another by now: what was listed is not what the identity stands for.
        if ((await indexChecksum(root)).hex !== checksum.hex) listing.identity = null;
        return files;
      });
      return listed;
    },
    unknown: [...unknown, ...read.unknown],
    loose: read.files.map(({ path }) => path),
  };
  return listing;
}

async function merged(
  root: string,
  changed: readonly { path: string }[],
  read: readonly FileEntry[],
): Promise<FileEntry[]> {
  const tracked = parseIndex((await lookWithGit(root, ['ls-files', '--stage', '-z'])).text);
  for (const { path } of changed) tracked.delete(path);
  const files = Array.from(tracked, ([path, id]) => ({ path, id }));
  for (const file of read) if (!tracked.has(file.path)) files.push(file);
  // Whether a file was read or not must not change where it stands.
  return read.length > 0 ? files.sort(byteOrder(files)) : files;
}

/** The hash that git puts behind its index, as long as an object's id; hex is null when there is no index, or none is put. */
async function indexChecksum(root: string): Promise<{ hex: string | null; algorithm: 'sha1' | 'sha256' }> {
  const gitDir = gitDirectoryOf(root);
  const config = await readFile(join(commonDirectoryOf(gitDir), 'config'), 'utf8').catch(() => '');
  const algorithm = /^\s*objectformat\s*=\s*sha256/im.test(config) ? 'sha256' : 'sha1';
  const file = await open(join(gitDir, 'index')).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (!file) return { hex: null, algorithm };
  try {
    const bytes = Buffer.alloc(algorithm === 'sha256' ? 32 : 20);
    const { size } = await file.stat();
    await file.read(bytes, 0, bytes.length, Math.max(0, size - bytes.length));
    return { hex: bytes.every((byte) => byte === 0) ? null : bytes.toString('hex'), algorithm };
  } finally {
    await file.close();
  }
}

/** Git's order. Code units compare as bytes do, except beside surrogates. */
function byteOrder(files: readonly FileEntry[]): (a: FileEntry, b: FileEntry) => number {
  if (files.some(({ path }) => /[\ud800-\uffff]/.test(path)))
    return (a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
  return (a, b) => (a.path < b.path ? -1 : 1);
}

/** `<mode> <id> <stage>\t<path>`; a path in a conflict comes several times and is among the changed as well. */
function parseIndex(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\0', at);
    const tab = text.indexOf('\t', at);
    // Without the stage, and the blank before it.
    entries.set(text.slice(tab + 1, end), text.slice(at, tab - 2));
    at = end + 1;
  }
  return entries;
}

/** `:<mode> <mode> <id> <id> <status>\0<path>\0`. */
function parseChanged(text: string): { path: string; mode: string }[] {
  const items = itemsOf(text);
  const changed: { path: string; mode: string }[] = [];
  for (let n = 0; n + 1 < items.length; n += 2)
    changed.push({ mode: (items[n] as string).slice(1, 7), path: items[n + 1] as string });
  return changed;
}

function itemsOf(text: string): string[] {
  return text.split('\0').filter(Boolean);
}

/** The commit that is checked out, and whether the tree is exactly it; null without a commit. */
export async function headOf(root: string): Promise<{ commit: string; clean: boolean } | null> {
  const head = await lookWithGit(root, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], [1, 128]);
  if (head.code !== 0) return null;
  const status = await lookWithGit(root, ['status', '--porcelain=v1', '-z']);
  return { commit: head.text.trim(), clean: status.text === '' };
}
