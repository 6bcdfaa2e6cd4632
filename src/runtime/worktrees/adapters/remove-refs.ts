import { HephError } from '../../../kernel/errors.ts';
import type { RefsRemoved, RemoveRefsRequest } from '../../runner.ts';
import { textOf } from '../git.ts';
import { type Hands, mirrorOf } from '../hands.ts';
import { commitId } from '../names.ts';
import { kindOf } from './files.ts';
import { inMirror } from './mirror.ts';

/** Work that is kept, and nothing else: no branch, no base, no tag. */
const KEPT = /^refs\/heph\/(turns|rescue)\/[A-Za-z0-9][A-Za-z0-9_-]{0,79}\/[A-Za-z0-9]{1,40}$/;

/** In one transaction of git: after a crash all are there or none. */
export function removeRefs(hands: Hands): (request: RemoveRefsRequest) => Promise<RefsRemoved> {
  return async ({ repositoryId, refs }) => {
    for (const { ref, commit } of refs) assertKept(ref, commit);
    const names = refs.map(({ ref }) => ref);
    if ((await kindOf(mirrorOf(hands, repositoryId))) === 'absent') return { removed: [], gone: names, differing: [] };
    const there = await readRefs(hands, repositoryId);
    const gone = names.filter((ref) => !there.has(ref));
    const present = refs.filter(({ ref }) => there.has(ref));
    const same = present.filter(({ ref, commit }) => commit === null || there.get(ref) === commit);
    if (same.length > 0) {
      const input = same.map(({ ref }) => `delete ${ref} ${there.get(ref)}\n`).join('');
      await inMirror(hands, repositoryId, ['update-ref', '--stdin'], { input });
    }
    const removed = same.map(({ ref }) => ref);
    return { removed, gone, differing: present.map(({ ref }) => ref).filter((ref) => !removed.includes(ref)) };
  };
}

function assertKept(ref: string, commit: string | null): void {
  if (commit !== null) commitId(commit);
  if (KEPT.test(ref)) return;
  throw new HephError('repository.bad_name', `${JSON.stringify(ref)} is no ref under which work is kept.`);
}

async function readRefs(hands: Hands, repositoryId: string): Promise<Map<string, string>> {
  const args = ['for-each-ref', '--format=%(refname) %(objectname)', 'refs/heph/turns/', 'refs/heph/rescue/'];
  const lines = textOf(await inMirror(hands, repositoryId, args)).split('\n');
  return new Map(lines.filter(Boolean).map((line) => line.split(' ') as [string, string]));
}
