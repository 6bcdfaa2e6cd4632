import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { HephError } from '../../../kernel/errors.ts';
import { textOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { commitId, folderName } from '../names.ts';
import { assertInside, kindOf } from './files.ts';
import { inMirror, makeMirror } from './mirror.ts';

export interface RefsRequest {
  /** The data directory of another runner on this machine. */
  from: string;
  repositoryId: string;
  baseCommit: string;
  /** Refs that hold one of these ids are taken. */
  ids: readonly string[];
}

const TIMEOUT_MS = 30 * 60_000;
const OURS = /^refs\/(heads\/heph|heph)\/[A-Za-z0-9._/-]{1,200}$/;
const FETCH = ['-c', 'fetch.fsckObjects=true', 'fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-prune'];

/**
 * Brings the refs of one run from another runner's mirror into ours, where they replace what an earlier time may have
 * left. Agents could write to that mirror as to everything of their user's: nothing is done with it but fetching, and what
 * arrives is checked. A mirror that is not there holds nothing yet.
 */
export function takeRefs(hands: Hands) {
  return async ({ from, repositoryId, baseCommit, ids }: RefsRequest): Promise<void> => {
    const root = join(await realpath(from), 'repos');
    const mirror = join(root, `${folderName(repositoryId)}.git`);
    const kind = await kindOf(mirror);
    if (kind === 'absent') return;
    if (kind === 'other') throw new HephError('repository.unsafe_path', `${mirror} is no folder, so it is left alone.`);
    await assertInside(root, mirror);
    await makeMirror(hands, repositoryId, commitId(baseCommit));
    const listed = await inMirror(hands, repositoryId, ['ls-remote', '--quiet', '--refs', '--end-of-options', mirror]);
    const names = textOf(listed)
      .split('\n')
      .map((line) => line.slice(line.indexOf('\t') + 1))
      .filter((ref) => OURS.test(ref) && [...ids, `base/${baseCommit}`].some((id) => ref.includes(id)));
    if (names.length === 0) return;
    const args = [...FETCH, '--update-shallow', '--stdin', '--end-of-options', mirror];
    const input = names.map((ref) => `+${ref}:${ref}\n`).join('');
    await inMirror(hands, repositoryId, args, { input, timeoutMs: TIMEOUT_MS });
  };
}
