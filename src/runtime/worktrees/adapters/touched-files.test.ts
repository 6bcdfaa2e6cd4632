import { existsSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitAll, git, openJob, scratch, worktree, write } from './test-support.ts';

const taskId = 'tsk_one';

async function opened() {
  const job = await openJob({ 'a.txt': 'a\n', 'b/c.txt': 'c\n', '.gitignore': 'node_modules/\n' });
  const path = await worktree(job, taskId);
  const { repositoryId, base } = job;
  const touched = (max = 100) => job.hands.touchedFiles({ taskId, repositoryId, base, max });
  return { ...job, path, touched };
}

describe('the files that a task has touched', () => {
  it('are none at first, then what is changed, added and removed, committed or not', async () => {
    const { path, touched } = await opened();
    expect(await touched()).toEqual({ paths: [], more: 0 });
    write(path, { 'b/c.txt': 'other\n', 'new/deep/d.txt': 'd\n', 'node_modules/x.js': '' });
    expect(await touched()).toEqual({ paths: ['b/c.txt', 'new/deep/d.txt'], more: 0 });
    commitAll(path, 'An agent commits');
    rmSync(join(path, 'a.txt'));
    expect(await touched()).toEqual({ paths: ['a.txt', 'b/c.txt', 'new/deep/d.txt'], more: 0 });
    expect(await touched(1)).toEqual({ paths: ['a.txt'], more: 2 });
  });

  it('are found when a change is taken back, too', async () => {
    const { path, touched } = await opened();
    write(path, { 'a.txt': 'changed\n' });
    expect((await touched()).paths).toEqual(['a.txt']);
    write(path, { 'a.txt': 'a\n' });
    expect((await touched()).paths).toEqual([]);
  });

  it('are asked for without running what the agent wrote into its git directory', async () => {
    const { path, touched } = await opened();
    const mark = join(scratch(), 'ran');
    write(path, {
      '.gitattributes': '* filter=evil\n',
      'a.txt': 'changed\n',
      evil: { run: `#!/bin/sh\ntouch ${mark}\n` },
    });
    for (const key of ['filter.evil.clean', 'core.fsmonitor', 'diff.external'])
      git(path, 'config', key, join(path, 'evil'));
    expect((await touched()).paths).toEqual(['.gitattributes', 'a.txt', 'evil']);
    expect(existsSync(mark)).toBe(false);
  });

  it('are not looked for outside: a worktree that was replaced by a link is refused', async () => {
    const { path, touched } = await opened();
    renameSync(path, `${path}-away`);
    symlinkSync(scratch(), path);
    await expect(touched()).rejects.toMatchObject({ code: 'worktree.failed' });
  });

  it('leave nothing behind when the worktree goes', async () => {
    const { hands, directory, repositoryId, touched } = await opened();
    await touched();
    expect(readdirSync(join(directory, 'scratch'))).toEqual([`touched-${taskId}`]);
    await hands.removeWorktree({ taskId, repositoryId });
    expect(readdirSync(join(directory, 'scratch'))).toEqual([]);
  });
});
