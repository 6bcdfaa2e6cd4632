import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bugfix } from '../../tests/support/bugfix-story.ts';
import { exportText, inChunks } from '../../tests/support/moving.ts';
import { createStory, tell } from '../../tests/support/story.ts';
import { systemClock } from '../kernel/adapters/system.ts';
import { commitAll, git, scratch, userRepository, write } from '../runtime/worktrees/adapters/test-support.ts';
import { openSqliteStore } from '../store/adapters/sqlite.ts';
import { logTools } from './log-tools.ts';
import { reopenRuns } from './open-runs.ts';

it('a run that is open goes along with what it has merged, and one whose repository is not there is named', async () => {
  const user = userRepository();
  const story = createStory();
  const steps = bugfix(story);
  const repository = { repositoryId: 'rep_two', path: user.path, baseCommit: user.commit };
  const open = steps.start('Mend it', undefined, repository);
  const stranded = steps.start('Nobody finds it', undefined, { repositoryId: 'rep_gone', path: '/nowhere' });
  const ended = steps.start('It is over', undefined, { repositoryId: 'rep_over', path: '/nowhere' });
  story.send('cancel_workflow', { workflowId: ended, reason: '' });

  const from = { directory: join(scratch(), 'from'), store: 'sqlite' };
  const store = await openSqliteStore({ directory: from.directory, clock: systemClock, reserveBytes: 0 });
  await tell(store, story.events);
  expect(await reopenRuns(from.directory, store)).toMatchObject([{ workflowId: stranded }]);
  await store.close();
  const work = join(scratch(), 'work');
  git(scratch(), 'clone', '--quiet', user.path, work);
  write(work, { 'a.txt': 'mended\n' });
  const merged = commitAll(work, 'Mended');
  const mirror = join(from.directory, 'repos/rep_two.git');
  const branch = `refs/heads/heph/run-${open}`;
  git(mirror, 'fetch', '--quiet', work, `+${merged}:${branch}`);

  const to = { directory: join(scratch(), 'to'), store: 'sqlite' };
  mkdirSync(to.directory, { mode: 0o700 });
  const text = await exportText(from);
  expect(text.match(/"file":"[^"]+/g)).toEqual(['"file":"repos/rep_two.bundle']);
  expect(await logTools.import(to, inChunks(text))).toMatchObject({
    stranded: [{ workflowId: stranded, reason: expect.stringContaining('/nowhere') }],
  });
  expect(git(join(to.directory, 'repos/rep_two.git'), 'rev-parse', branch)).toBe(merged);
  expect(existsSync(join(to.directory, 'repos/rep_two.bundle'))).toBe(false);
});
