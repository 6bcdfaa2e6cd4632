import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { deriveId } from '../../kernel/ids.ts';
import type { Place } from '../opened.ts';

/** Finds the work tree that a folder lies in. Reads a few files, starts no program. */
export function findPlace(folder: string): Place {
  const start = realpathSync(folder);
  const root = workTreeAround(start);
  if (root === null) return { root: start, git: false, repositoryId: deriveId('rep', [start]) };
  const common = commonDirectoryOf(root);
  // The main work tree's path names a repository everywhere else, too.
  const identity = basename(common) === '.git' ? dirname(common) : common;
  return { root, git: true, repositoryId: deriveId('rep', [identity]) };
}

function workTreeAround(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return null;
  }
}

/** A linked worktree's `.git` is a file that points to its own directory, which points to the one that all share. */
function commonDirectoryOf(root: string): string {
  const dotGit = join(root, '.git');
  if (statSync(dotGit).isDirectory()) return realpathSync(dotGit);
  const own = resolve(
    root,
    readFileSync(dotGit, 'utf8')
      .replace(/^gitdir: /, '')
      .trim(),
  );
  const pointer = join(own, 'commondir');
  return realpathSync(existsSync(pointer) ? resolve(own, readFileSync(pointer, 'utf8').trim()) : own);
}
