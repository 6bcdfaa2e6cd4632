import { execFile } from 'node:child_process';
import { Fault } from '../../kernel/errors.ts';
import { commandEnvironment } from '../../runtime/checks/adapters/run-process.ts';
import type { Listing } from '../ports.ts';
import { fileIds } from './file-id.ts';

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
 * its id; the others are read.
 */
export async function listWithGit(root: string, literals: readonly string[]): Promise<Listing> {
  const [index, changed, others] = await Promise.all([
    lookWithGit(root, ['ls-files', '--stage', '-z']),
    lookWithGit(root, ['diff-files', '--raw', '-z', '--no-renames']),
    lookWithGit(root, ['ls-files', '--others', '--exclude-standard', '-z']),
  ]);
  const tracked = parseIndex(index.text);
  const toRead = new Set(itemsOf(others.text));
  for (const path of literals) if (!tracked.has(path)) toRead.add(path);
  const unknown: string[] = [];
  for (const { path, mode } of parseChanged(changed.text)) {
    tracked.delete(path);
    if (mode === '160000') unknown.push(path);
    else toRead.add(path);
  }
  const algorithm = index.text.indexOf('\t') > 60 ? 'sha256' : 'sha1';
  const read = await fileIds(root, toRead, algorithm);
  const files = [...tracked].map(([path, id]) => ({ path, id }));
  if (read.files.length > 0) files.push(...read.files.filter(({ path }) => !tracked.has(path)));
  // Git lists by bytes; what was read comes in between.
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const loose = read.files.map(({ path }) => path);
  return { files, unknown: [...unknown, ...read.unknown], loose };
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
