import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../kernel/errors.ts';
import { commandEnvironment } from '../../runtime/checks/adapters/run-process.ts';
import type { Fixes, Undone } from '../opened.ts';
import type { Fix, Listing } from '../ports.ts';
import { fileIds } from './file-id.ts';
import { codeOf, keepLast, makeFolder, namesIn, placeFile } from './folder.ts';

/** What a fix changed, so that it can be taken back. */
interface FixRecord {
  check: string;
  words: readonly string[];
  root: string;
  at: number;
  undone: boolean;
  /** Files: their ids before and after, null for absent; `kept` is the copy's name, null where git has the content. */
  files: { path: string; before: string | null; after: string | null; kept: string | null }[];
  /** Ignored folders that were put aside whole, or were not there. */
  folders: { path: string; kept: string | null }[];
}

const FIXES_KEPT = 10;
const BLOB_BYTES_MAX = 256 * 1024 * 1024;

/** Applies fixes in one work tree and takes them back, newest first. Records lie in `folder`. */
export function createFixes(options: { folder: string; root: string; list(): Promise<Listing>; now(): number }): Fixes {
  const { folder, root, list } = options;

  /** Runs `run` between two looks at the tree. What it changed is recorded even when it fails; folders are put back then. */
  async function apply(id: string, check: string, fix: Fix, run: () => Promise<boolean>): Promise<string[]> {
    const place = join(folder, id);
    await makeFolder(place);
    await keepLast(folder, FIXES_KEPT);
    const before = await list();
    const kept = await copyLoose(place, root, before);
    const folders = await Promise.all(
      fix.changes.map((path, n) => putAside(join(root, path), path, join(place, `folder-${n}`))),
    );
    const old = new Map((await before.files()).map(({ path, id: fileId }) => [path, fileId]));
    let good = false;
    try {
      good = await run();
    } finally {
      // Half of a folder is worse than the old one.
      if (!good) for (const one of folders) await putBack(place, one);
      const now = new Map((await (await list()).files()).map(({ path, id: fileId }) => [path, fileId]));
      const paths = [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path));
      const files = paths.map((path) => ({
        path,
        before: old.get(path) ?? null,
        after: now.get(path) ?? null,
        kept: kept.get(path) ?? null,
      }));
      const record: FixRecord = {
        check,
        words: fix.words,
        root,
        at: options.now(),
        undone: false,
        files,
        folders: good ? folders : [],
      };
      await placeFile(join(place, 'record.json'), JSON.stringify(record));
    }
    const record = await readRecord(place);
    return [...(record?.files ?? []), ...(record?.folders ?? [])].map(({ path }) => path);
  }

  /** Takes back the newest fix of this work tree that was not taken back; null when there is none. */
  async function undo(look: boolean): Promise<Undone | null> {
    for (const name of (await namesIn(folder)).reverse()) {
      const place = join(folder, name);
      const record = await readRecord(place);
      if (!record || record.undone || record.root !== root) continue;
      if (look) return { check: record.check, restored: record.files.map(({ path }) => path), left: [] };
      const undone = await takeBack(place, record);
      await placeFile(join(place, 'record.json'), JSON.stringify({ ...record, undone: true }));
      return undone;
    }
    return null;
  }

  async function takeBack(place: string, record: FixRecord): Promise<Undone> {
    const undone: Undone = { check: record.check, restored: [], left: [] };
    for (const file of record.files) {
      const { files } = await fileIds(root, [file.path], algorithmOf(file.after ?? file.before));
      const same = (files[0]?.id ?? null) === file.after && (await isInside(root, file.path));
      if (same && (await restore(place, file))) undone.restored.push(file.path);
      else undone.left.push(file.path);
    }
    for (const one of record.folders) {
      await putBack(place, one);
      undone.restored.push(one.path);
    }
    return undone;
  }

  async function putBack(place: string, { path, kept }: FixRecord['folders'][number]): Promise<void> {
    await rm(join(root, path), { recursive: true, force: true });
    if (kept) await rename(join(place, kept), join(root, path));
  }

  async function restore(place: string, { path, before, kept }: FixRecord['files'][number]): Promise<boolean> {
    const target = join(root, path);
    if (before === null) {
      await rm(target, { force: true });
      return true;
    }
    const [mode = '', id = ''] = before.split(' ');
    const bytes = kept ? await readFile(join(place, kept)) : await blobOf(root, id, path);
    if (bytes === null) return false;
    await mkdir(dirname(target), { recursive: true });
    const draft = `${target}.${randomBytes(6).toString('hex')}`;
    if (mode === '120000') await symlink(bytes.toString('utf8'), draft);
    else {
      await writeFile(draft, bytes, { flag: 'wx' });
      await chmod(draft, mode === '100755' ? 0o755 : 0o644);
    }
    await rename(draft, target);
    return true;
  }

  return { apply, undo };
}

/** Copies what git could not give back. */
async function copyLoose(place: string, root: string, { loose }: Listing): Promise<Map<string, string>> {
  const kept = new Map<string, string>();
  for (const [n, path] of loose.entries()) {
    const name = `file-${n}`;
    const source = join(root, path);
    if ((await lstat(source)).isSymbolicLink())
      await writeFile(join(place, name), await readlink(source), { mode: 0o600 });
    else await copyFile(source, join(place, name));
    kept.set(path, name);
  }
  return kept;
}

/** The folder is moved, not copied, so it must lie on the same disk. Throws Fault `check.failed_to_run` when it does not. */
async function putAside(source: string, path: string, target: string): Promise<FixRecord['folders'][number]> {
  try {
    await rename(source, target);
    return { path, kept: target.slice(target.lastIndexOf('/') + 1) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { path, kept: null };
    const why = `${path} cannot be put aside, so the fix could not be taken back; apply it yourself, or use --data on the same disk.`;
    throw new Fault('check.failed_to_run', why, { cause: error, retryable: false });
  }
}

/** A file's content as the work tree has it; null when git has it no more. */
function blobOf(root: string, id: string, path: string): Promise<Buffer | null> {
  const options = {
    cwd: root,
    env: commandEnvironment(process.env),
    encoding: 'buffer' as const,
    maxBuffer: BLOB_BYTES_MAX,
  };
  return new Promise((resolve) => {
    execFile('git', ['cat-file', '--filters', `--path=${path}`, id], options, (error, stdout) =>
      resolve(error ? null : stdout),
    );
  });
}

/** Whether the folder of a path lies in the root by real path: a link may have come in its way since. */
async function isInside(root: string, path: string): Promise<boolean> {
  for (let at = dirname(join(root, path)); ; at = dirname(at)) {
    try {
      const real = await realpath(at);
      return real === root || real.startsWith(`${root}/`);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

function algorithmOf(id: string | null): 'sha1' | 'sha256' {
  return (id?.length ?? 0) > 60 ? 'sha256' : 'sha1';
}

async function readRecord(place: string): Promise<FixRecord | null> {
  try {
    return JSON.parse(await readFile(join(place, 'record.json'), 'utf8')) as FixRecord;
  } catch {
    return null; // a fix that was interrupted before it was recorded
  }
}
