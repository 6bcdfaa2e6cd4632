import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../../kernel/adapters/system.ts';
import type { Hands } from '../hands.ts';
import { bundleMirror, unbundleMirror } from './bundle.ts';
import { simpleGitAdapter } from './git.ts';
import { inMirror, openMirror } from './mirror.ts';
import { commitAll, ENVIRONMENT, git, scratch, userRepository, write } from './test-support.ts';

function handsIn(directory: string): Hands {
  return {
    ...{ directory, clock: systemClock, random: systemRandom, environment: ENVIRONMENT },
    git: simpleGitAdapter({ clock: systemClock, environment: ENVIRONMENT }),
    log: { warn() {} },
    redact: (text) => text,
  };
}

const open = (hands: Hands, path: string, commit: string) =>
  openMirror(hands)({ repositoryId: 'rep_1', path, commit, runBranch: 'heph/run-1' });
const refsOf = async (hands: Hands) =>
  (await inMirror(hands, 'rep_1', ['for-each-ref', '--format=%(refname) %(objectname)'])).stdout.toString('utf8');

it('what a mirror has of ours goes into another one, without the history that the user has', async () => {
  const user = userRepository({ 'big.txt': 'big\n'.repeat(50_000) });
  const [from, to] = [handsIn(scratch()), handsIn(scratch())];
  await open(from, user.path, user.commit);
  expect(await bundleMirror(from, 'rep_1', [user.commit]), 'nothing has been done yet').toBeNull();
  expect(await bundleMirror(from, 'rep_2', [user.commit])).toBeNull();

  const work = join(scratch(), 'work');
  git(scratch(), 'clone', '--quiet', user.path, work);
  write(work, { 'a.txt': 'mended\n' });
  const done = commitAll(work, 'Mended');
  for (const ref of [
    'refs/heads/heph/run-1',
    'refs/heads/heph/tsk_1',
    'refs/heph/turns/tsk_1/1',
    'refs/heph/candidates/cnd_1',
  ])
    await inMirror(from, 'rep_1', ['fetch', '--quiet', '--end-of-options', work, `+${done}:${ref}`], {
      config: 'users',
    });
  const bundle = (await bundleMirror(from, 'rep_1', [user.commit, 'f'.repeat(40)])) as Uint8Array;
  expect(bundle.length).toBeLessThan(5_000);

  await open(to, user.path, user.commit);
  const file = join(scratch(), 'one.bundle');
  writeFileSync(file, bundle);
  for (let n = 0; n < 2; n++) await unbundleMirror(to, 'rep_1', file);
  expect(await refsOf(to)).toBe(await refsOf(from));
  expect(git(join(to.directory, 'repos/rep_1.git'), 'show', 'heph/run-1:a.txt')).toBe('mended');

  const bare = handsIn(scratch());
  const other = userRepository({ 'x.txt': 'x\n' });
  await open(bare, other.path, other.commit);
  await expect(unbundleMirror(bare, 'rep_1', file)).rejects.toMatchObject({ code: 'git.failed' });
});
