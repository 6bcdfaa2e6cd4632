import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Hands, mirrorOf, scratchName } from '../hands.ts';
import { commitId } from '../names.ts';
import { kindOf, makeDirectory } from './files.ts';
import { commitOf, inMirror } from './mirror.ts';

/** Everything of ours in a mirror but the base commits, which come from the user's repository. */
const OURS = ['refs/heads/heph/', 'refs/heph/turns/', 'refs/heph/candidates/', 'refs/heph/rescue/'];
const TIMEOUT_MS = 10 * 60_000;

/**
 * The branches, kept trees and merges of a mirror as one file of git's own, for another mirror that has the base commits.
 * Null when there is no mirror, or nothing in it that does not lie in their past.
 */
export async function bundleMirror(
  hands: Hands,
  repositoryId: string,
  bases: readonly string[],
): Promise<Uint8Array | null> {
  if ((await kindOf(mirrorOf(hands, repositoryId))) === 'absent') return null;
  const listed = await inMirror(hands, repositoryId, [
    'for-each-ref',
    '--format=%(refname)',
    '--end-of-options',
    ...OURS,
  ]);
  const refs = listed.stdout.toString('utf8').split('\n').filter(Boolean);
  const known = [];
  for (const base of bases) if (await commitOf(hands, repositoryId, commitId(base))) known.push(`^${base}`);
  if (refs.length === 0) return null;
  const folder = join(hands.directory, 'scratch');
  await makeDirectory(folder);
  const file = join(folder, scratchName(hands, 'bundle'));
  try {
    // 128: nothing is left of the refs without the past of the bases.
    const { code } = await inMirror(hands, repositoryId, ['bundle', 'create', '--quiet', file, '--stdin'], {
      input: `${[...refs, ...known].join('\n')}\n`,
      accept: [128],
      timeoutMs: TIMEOUT_MS,
    });
    return code === 0 ? await readFile(file) : null;
  } finally {
    await rm(file, { force: true });
    await rm(`${file}.lock`, { force: true });
  }
}

/** Puts what a bundle has into a mirror that has the base commits. Safe to repeat while nobody works there. */
export async function unbundleMirror(hands: Hands, repositoryId: string, file: string): Promise<void> {
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-prune', '--end-of-options', file];
  const refs = OURS.map((prefix) => `+${prefix}*:${prefix}*`);
  await inMirror(hands, repositoryId, [...args, ...refs], { timeoutMs: TIMEOUT_MS });
}
