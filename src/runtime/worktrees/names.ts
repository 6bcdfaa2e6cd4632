import { HephError } from '../../kernel/errors.ts';

/**
 * Names that reach git or the file system. Our alphabet is narrower than git's (which takes `$(id)`, backticks and
 * `a|b`), and within it the rest of git's own rules are checked, so that every accepted name is one for git as well.
 */
const BRANCH = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/;
const NOT_FOR_GIT = /\.\.|\/\/|\/\.|\.lock(\/|$)|[/.]$|^HEAD$/;
const FOLDER = /^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$/;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export function isBranchName(name: string): boolean {
  return BRANCH.test(name) && !NOT_FOR_GIT.test(name);
}

/** The full ref of a branch. Throws `repository.bad_name`. */
export function branchRef(name: string): string {
  if (isBranchName(name)) return `refs/heads/${name}`;
  throw new HephError(
    'repository.bad_name',
    `${JSON.stringify(name)} is no acceptable branch name: use up to 100 letters, digits, dots, dashes, underscores and slashes.`,
  );
}

/** An id that becomes a folder's name or a part of a ref. Throws `repository.bad_name`. */
export function folderName(id: string): string {
  if (FOLDER.test(id)) return id;
  throw new HephError(
    'repository.bad_name',
    `${JSON.stringify(id)} is no acceptable id: use letters, digits, - and _.`,
  );
}

/** A full commit id. Throws `repository.bad_name`. */
export function commitId(id: string): string {
  if (COMMIT.test(id)) return id;
  throw new HephError('repository.bad_name', `${JSON.stringify(id)} is no full commit id.`);
}

/**
 * Whether git takes a path into a tree: no part may be a spelling of `.git` on some file system, nor hold a backslash.
 * Git refuses a whole batch for one such path, so they are left out before.
 */
export function isTreePath(path: string): boolean {
  return path.split('/').every((part) => !part.includes('\\') && !/^(\.git|git~\d+)[ .:]*(:.*)?$/i.test(plain(part)));
}

// HFS+ ignores these code points; paths travel as latin1 here, so they are removed as the UTF-8 bytes they are.
function plain(part: string): string {
  return part.replace(/\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf/g, '');
}
