import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Fault, messageOf } from '../../kernel/errors.ts';
import { deriveId } from '../../kernel/ids.ts';
import type { Place } from '../opened.ts';

/** Finds the work tree that a folder lies in. Reads a few files, starts no program. Throws Fault `git.failed` when its `.git` leads nowhere. */
export function findPlace(folder: string): Place {
  const start = realpathSync(folder);
  const root = workTreeAround(start);
  if (root === null) return { root: start, git: false, repositoryId: deriveId('rep', [start]) };
  const common = sharedDirectoryOf(root);
  // The main work tree's path names a repository everywhere else, too.
  const identity = basename(common) === '.git' ? dirname(common) : common;
  return { root, git: true, repositoryId: deriveId('rep', [identity]) };
}

function sharedDirectoryOf(root: string): string {
  try {
    return commonDirectoryOf(gitDirectoryOf(root));
  } catch (error) {
    throw new Fault('git.failed', `${root}/.git leads to no repository: ${messageOf(error)}`, { cause: error });
  }
}

function workTreeAround(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return null;
  }
}

/** Where a work tree's own index and HEAD lie: a linked worktree's `.git` is a file that points there. */
export function gitDirectoryOf(root: string): string {
  const dotGit = join(root, '.git');
  if (statSync(dotGit).isDirectory()) return realpathSync(dotGit);
  return resolve(
    root,
    readFileSync(dotGit, 'utf8')
      .replace(/^gitdir: /, '')
      .trim(),
  );
}

/** The git directory that all work trees of a repository share. */
export function commonDirectoryOf(gitDirectory: string): string {
  const pointer = join(gitDirectory, 'commondir');
  return realpathSync(existsSync(pointer) ? resolve(gitDirectory, readFileSync(pointer, 'utf8').trim()) : gitDirectory);
}
