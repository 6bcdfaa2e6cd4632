import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { cp, lstat, mkdir, mkdtemp, readdir, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';

/**
 * Copies of the worktree in which tests run and candidates are tried, so that the worktree itself changes once, when a
 * patch is kept. Git's own directory is left out; installed packages are linked, not copied.
 */
export interface Sandboxes extends AsyncDisposable {
  /** A directory for reports, removed with the copies. */
  readonly scratch: string;
  /** A new copy; answers its root. */
  copy(): Promise<string>;
}

export async function openSandboxes(worktree: string): Promise<Sandboxes> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'heph-repair-')));
  const scratch = join(home, 'reports');
  await mkdir(scratch, { mode: 0o700 });
  let count = 0;
  return {
    scratch,
    async copy() {
      const root = join(home, `copy-${++count}`);
      await copyTree(worktree, root);
      return root;
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true, maxRetries: 3 }),
  };
}

async function copyTree(worktree: string, root: string): Promise<void> {
  const packages: string[] = [];
  await cp(worktree, root, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: async (source) => {
      const path = relative(worktree, source);
      const name = path.split('/').at(-1);
      if (name === '.git') return false;
      if (name === 'node_modules') {
        packages.push(path);
        return false;
      }
      const stat = await lstat(source);
      return stat.isFile() || stat.isDirectory() || stat.isSymbolicLink();
    },
  });
  for (const path of packages) await linkPackages(worktree, root, path);
}

/** Links each installed package; one that is a package of this repository is linked to its copy instead. */
async function linkPackages(worktree: string, root: string, path: string): Promise<void> {
  const from = join(worktree, path);
  const to = join(root, path);
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory() && entry.name.startsWith('@')) await linkPackages(worktree, root, inner);
    else if (entry.isDirectory() || entry.isSymbolicLink() || entry.isFile()) {
      await symlink(await placeOf(worktree, root, inner, entry.isSymbolicLink()), join(root, inner));
    }
  }
}

async function placeOf(worktree: string, root: string, path: string, isLink: boolean): Promise<string> {
  const place = join(worktree, path);
  if (!isLink) return place;
  const target = resolve(dirname(place), await readlink(place));
  const inside = relative(worktree, target);
  const ours = !inside.startsWith('..') && !isAbsolute(inside) && !inside.split('/').includes('node_modules');
  return ours ? join(root, inside) : place;
}

const run = promisify(execFile);
const LIST_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The files of the repository, relative with `/`: what git tracks or would track. What git ignores is made by a tool, so
 * it is never a place for a fix. Outside git every file counts.
 */
export async function listSources(worktree: string): Promise<Set<string>> {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  try {
    const { stdout } = await run('git', args, { cwd: worktree, maxBuffer: LIST_BYTES_MAX });
    return new Set(stdout.split('\0').filter(Boolean));
  } catch {
    const entries = await readdir(worktree, { recursive: true });
    return new Set(entries.map((path) => path.split('\\').join('/')));
  }
}

const SOURCE = /\.(js|mjs|cjs|jsx|ts|mts|cts|tsx)$/;
const TEST =
  /(^|\/)(tests?|__tests__|specs?|__mocks__|fixtures|node_modules)\/|[._-](test|spec)\.[cm]?[jt]sx?$|(^|\/)test\.[cm]?[jt]sx?$|\.config\.[cm]?[jt]s$|\.d\.[cm]?ts$/;

/** Whether a fix may go there: a source file that is neither a test, nor a test's helper, nor a tool's configuration. */
export function isRepairable(file: string): boolean {
  return SOURCE.test(file) && !TEST.test(file);
}
