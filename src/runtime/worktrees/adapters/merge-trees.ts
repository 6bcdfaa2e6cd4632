import type { Hands } from '../hands.ts';
import { inMirror } from './mirror.ts';

export const CONFLICTS_MAX = 1_000;

/** The merged tree, with git's markers where it conflicts, and then the files that do. */
export async function mergeTrees(hands: Hands, repositoryId: string, onto: string, candidate: string) {
  const flags = ['--write-tree', '-z', '--name-only', '--no-messages'];
  const args = ['merge-tree', ...flags, '--end-of-options', onto, candidate];
  const answer = await inMirror(hands, repositoryId, args, { accept: [1] });
  const [tree = '', ...files] = answer.stdout.toString('utf8').split('\0').filter(Boolean);
  return { tree, files: answer.code === 1 ? [...new Set(files)].slice(0, CONFLICTS_MAX) : null };
}
