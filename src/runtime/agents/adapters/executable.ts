import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { Fault } from '../../../kernel/errors.ts';

/**
 * The absolute path of the program that a template's first word names, as a shell would find it on `path`, except that
 * relative entries of `path` are passed over: the worktree must not decide which program runs. A word with a slash is
 * taken from `cwd`. Throws Fault `agent.not_found_executable`, which no retry mends.
 */
export function findExecutable(word: string, path: string | undefined, cwd: string): string {
  const places = word.includes('/')
    ? [resolve(cwd, word)]
    : (path ?? '')
        .split(delimiter)
        .filter(isAbsolute)
        .map((folder) => join(folder, word));
  for (const place of places) if (word !== '' && isExecutable(place)) return place;
  const where = word.includes('/') ? 'cannot be executed' : 'is not on the PATH';
  throw new Fault('agent.not_found_executable', `The agent's program "${word}" ${where}.`, { retryable: false });
}

/** The real path of the worktree. Throws Fault `terminal.failed`, which no retry mends, when it is not there. */
export function realFolder(path: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (cause) {
    throw new Fault('terminal.failed', `There is no worktree at ${path}.`, { cause, retryable: false });
  }
  throw new Fault('terminal.failed', `The worktree ${path} is not a folder.`, { retryable: false });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
