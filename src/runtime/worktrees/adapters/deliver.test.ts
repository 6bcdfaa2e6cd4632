import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitAll, git, type Job, openJob, scratch, write } from './test-support.ts';

/** A job whose run branch is one commit ahead of the base. */
async function finished(change: Record<string, string> = { 'a.txt': 'fixed\n' }): Promise<Job & { commit: string }> {
  const job = await openJob();
  const { hands, repositoryId, base, runBranch } = job;
  const { path } = await hands.prepareWorktree({ taskId: 'tsk_1', repositoryId, branch: 'heph/tsk_1', commit: base });
  write(path, change);
  const kept = await hands.keepTree({ taskId: 'tsk_1', repositoryId, turn: 1, base, message: 'Fix' });
  const commit = kept.commit ?? '';
  await hands.moveBranch({ repositoryId, branch: runBranch, from: base, to: commit });
  return { ...job, commit };
}

const deliver = (job: Job & { commit: string }, base: string | null = 'main') =>
  job.hands.deliver({
    repositoryId: job.repositoryId,
    path: job.user.path,
    runBranch: job.runBranch,
    commit: job.commit,
    ...(base && { base: { branch: base, from: job.base } }),
  });

const state = (path: string) => ({
  head: git(path, 'symbolic-ref', 'HEAD'),
  refs: git(path, 'for-each-ref'),
  index: statSync(join(path, '.git', 'index')).mtimeMs,
  status: git(path, '--no-optional-locks', 'status', '--porcelain'),
});

describe('deliver', () => {
  it('touches nothing before, then brings the branch and moves a clean checked-out base', async () => {
    const job = await openJob();
    const before = state(job.user.path);
    const { hands, repositoryId, base } = job;
    const { path } = await hands.prepareWorktree({ taskId: 'tsk_1', repositoryId, branch: 'heph/tsk_1', commit: base });
    write(path, { 'a.txt': 'fixed\n' });
    const kept = await hands.keepTree({ taskId: 'tsk_1', repositoryId, turn: 1, base, message: 'Fix' });
    await hands.removeWorktree({ taskId: 'tsk_1', repositoryId });
    expect(state(job.user.path)).toEqual(before);
    const done = { ...job, commit: kept.commit ?? '' };
    const expected = { runBranch: 'heph/run-1', base: 'moved', reason: null };
    expect(await deliver(done)).toEqual(expected);
    expect(readFileSync(join(job.user.path, 'a.txt'), 'utf8')).toBe('fixed\n');
    expect(git(job.user.path, 'status', '--porcelain')).toBe('');
    expect(git(job.user.path, 'rev-parse', 'main', 'heph/run-1')).toBe(`${done.commit}\n${done.commit}`);
    const after = state(job.user.path);
    expect(await deliver(done)).toEqual(expected);
    expect(state(job.user.path)).toEqual(after);
  });

  it('brings only the branch when the base is not asked for', async () => {
    const job = await finished();
    expect(await deliver(job, null)).toEqual({ runBranch: 'heph/run-1', base: 'not_asked', reason: null });
    expect(git(job.user.path, 'rev-parse', 'main')).toBe(job.base);
  });

  it('moves only the base when no branch is named, and brings nothing where that cannot be moved', async () => {
    const job = await finished();
    const { hands, repositoryId, user, base, commit } = job;
    const request = { repositoryId, path: user.path, runBranch: null, commit, base: { branch: 'main', from: base } };
    write(user.path, { 'a.txt': 'not committed\n' });
    const refs = git(user.path, 'for-each-ref');
    expect(await hands.deliver(request)).toMatchObject({ runBranch: null, base: 'left' });
    expect(git(user.path, 'for-each-ref')).toBe(refs);
    git(user.path, 'checkout', '--quiet', '--', 'a.txt');
    expect(await hands.deliver(request)).toEqual({ runBranch: null, base: 'moved', reason: null });
    expect(git(user.path, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  it('moves a base that is not checked out by its ref alone', async () => {
    const job = await finished();
    git(job.user.path, 'checkout', '--quiet', '-b', 'other');
    write(job.user.path, { 'a.txt': 'dirty, but elsewhere' });
    expect(await deliver(job)).toMatchObject({ base: 'moved' });
    expect(git(job.user.path, 'rev-parse', 'main')).toBe(job.commit);
    expect(readFileSync(join(job.user.path, 'a.txt'), 'utf8')).toBe('dirty, but elsewhere');
  });

  it('moves a base in the linked worktree where it is checked out', async () => {
    const job = await finished();
    const linked = join(scratch(), 'linked');
    git(job.user.path, 'checkout', '--quiet', '-b', 'other');
    git(job.user.path, 'worktree', 'add', '--quiet', linked, 'main');
    expect(await deliver(job)).toMatchObject({ base: 'moved' });
    expect(readFileSync(join(linked, 'a.txt'), 'utf8')).toBe('fixed\n');
  });

  it.each<[string, RegExp, (path: string) => void]>([
    ['changed files', /not committed/, (path) => write(path, { 'b/c.txt': 'mine' })],
    [
      'staged files',
      /not committed/,
      (path) => {
        write(path, { 'staged.txt': 'mine' });
        git(path, 'add', 'staged.txt');
      },
    ],
    ['a base that has moved', /has moved/, (path) => void commitAll(path, 'Later')],
    [
      'a rebase',
      /in the middle of a rebase/,
      (path) => {
        commitAll(path, 'Empty');
        git(path, '-c', 'sequence.editor=sed -i 1s/pick/edit/', 'rebase', '--quiet', '--keep-empty', '-i', 'HEAD~1');
        git(path, 'update-ref', 'refs/heads/main', 'HEAD~1');
      },
    ],
    [
      'a merge',
      /in the middle of a merge/,
      (path) => {
        git(path, 'checkout', '--quiet', '-b', 'side');
        commitAll(path, 'Side');
        git(path, 'checkout', '--quiet', 'main');
        git(path, 'merge', '--quiet', '--no-ff', '--no-commit', 'side');
      },
    ],
  ])('leaves a base with %s', async (_what, reason, disturb) => {
    const job = await finished();
    disturb(job.user.path);
    const before = git(job.user.path, 'for-each-ref', 'refs/heads/main');
    const status = git(job.user.path, 'status', '--porcelain');
    const result = await deliver(job);
    expect(result).toEqual({ runBranch: 'heph/run-1', base: 'left', reason: expect.stringMatching(reason) });
    expect(git(job.user.path, 'for-each-ref', 'refs/heads/main')).toBe(before);
    expect(git(job.user.path, 'status', '--porcelain')).toBe(status);
    expect(git(job.user.path, 'rev-parse', 'heph/run-1')).toBe(job.commit);
  });

  it.each([
    ['untracked', ''],
    ['ignored', 'new.txt\n'],
  ])('leaves a base when an %s file is in the way, and changes nothing', async (_what, exclude) => {
    const job = await finished({ 'a.txt': 'fixed\n', 'new.txt': 'ours\n' });
    write(job.user.path, { 'new.txt': 'the user’s\n', '.git/info/exclude': exclude });
    expect(await deliver(job)).toEqual({
      runBranch: 'heph/run-1',
      base: 'left',
      reason: expect.stringContaining('new.txt'),
    });
    expect(readFileSync(join(job.user.path, 'new.txt'), 'utf8')).toBe('the user’s\n');
    expect(readFileSync(join(job.user.path, 'a.txt'), 'utf8')).toBe('a\n');
    expect(git(job.user.path, 'rev-parse', 'main')).toBe(job.base);
  });

  it('takes another name when the branch is not ours to move', async () => {
    const job = await finished();
    git(job.user.path, 'checkout', '--quiet', '-b', 'heph/run-1');
    const theirs = commitAll(job.user.path, 'Mine');
    git(job.user.path, 'checkout', '--quiet', 'main');
    expect(await deliver(job, null)).toMatchObject({ runBranch: 'heph-run-1' });
    expect(await deliver(job, null)).toMatchObject({ runBranch: 'heph-run-1' });
    expect(git(job.user.path, 'rev-parse', 'heph/run-1', 'heph-run-1')).toBe(`${theirs}\n${job.commit}`);
  });

  it('takes another name when a branch called heph is in the way', async () => {
    const job = await finished();
    git(job.user.path, 'branch', 'heph');
    expect(await deliver(job)).toMatchObject({ runBranch: 'heph-run-1', base: 'moved' });
  });

  it('does not move a run branch that the user has checked out', async () => {
    const job = await finished();
    git(job.user.path, 'checkout', '--quiet', '-b', 'heph/run-1');
    expect(await deliver(job)).toMatchObject({ runBranch: 'heph-run-1', base: 'moved' });
    expect(git(job.user.path, 'status', '--porcelain')).toBe('');
  });

  it('says so when the base is gone', async () => {
    const job = await finished();
    expect(await deliver(job, 'gone')).toMatchObject({
      base: 'left',
      reason: 'The branch gone does not exist any more.',
    });
  });

  it('runs none of the user’s hooks', async () => {
    const job = await finished();
    const canary = join(scratch(), 'canary');
    for (const hook of ['post-merge', 'post-checkout', 'reference-transaction', 'pre-merge-commit']) {
      write(job.user.path, { [`.git/hooks/${hook}`]: { run: `#!/bin/sh\ntouch ${canary}\n` } });
    }
    expect(await deliver(job)).toMatchObject({ base: 'moved' });
    expect(() => statSync(canary)).toThrow();
  });
});
