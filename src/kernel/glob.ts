import { posix } from 'node:path';

/** Whether a path of a repository (relative, with `/`) matches a glob: `*` within a folder, `**` across folders, `{a,b}`. */
export function matchesGlob(path: string, glob: string): boolean {
  return posix.matchesGlob(path, glob);
}
