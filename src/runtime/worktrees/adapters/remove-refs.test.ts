import { expect, it } from 'vitest';
import { join } from 'node:path';
import { git, type Job, openJob, worktree, write } from './test-support.ts';

async function kept(job: Job, taskId: string) {
  write(await worktree(job, taskId), { 'a.txt': `${taskId}\n` });
  const { repositoryId, base } = job;
  const { ref, commit } = await job.hands.keepTree({ taskId, repositoryId, turn: 1, base, message: taskId });
  return { ref: ref ?? '', commit };
}
const refsOf = ({ mirror }: Job) => git(mirror, 'for-each-ref', '--format=%(refname)').split('\n');

it('removes what is named as it is named, once, and nothing else', async () => {
  const job = await openJob();
  const [one, two] = [await kept(job, 'tsk_one'), await kept(job, 'tsk_two')];
  const before = refsOf(job);
  const request = { repositoryId: job.repositoryId, refs: [one] };
  expect(await job.hands.removeRefs(request)).toEqual({ removed: [one.ref], gone: [], differing: [] });
  expect(refsOf(job)).toEqual(before.filter((ref) => ref !== one.ref));
  expect(await job.hands.removeRefs(request)).toEqual({ removed: [], gone: [one.ref], differing: [] });
  const other = { ref: two.ref, commit: job.base };
  expect(await job.hands.removeRefs({ ...request, refs: [other] })).toMatchObject({ differing: [two.ref] });
  expect(refsOf(job)).toContain(two.ref);
});

it('removes what was rescued, whose name says what it holds', async () => {
  const job = await openJob();
  write(await worktree(job, 'tsk_one'), { 'a.txt': 'left\n' });
  const { rescued } = await job.hands.removeWorktree({ taskId: 'tsk_one', repositoryId: job.repositoryId });
  const refs = [{ ref: rescued ?? '', commit: null }];
  expect(await job.hands.removeRefs({ repositoryId: job.repositoryId, refs })).toMatchObject({ removed: [rescued] });
});

it.each([
  'refs/heads/heph/run-1',
  'refs/heph/base/0000000000000000000000000000000000000000',
  'refs/heph/turns/../heads/main',
  'refs/heph/turns/tsk_1/1 0000000000000000000000000000000000000000',
  'refs/heph/turns/tsk_1/1\ndelete refs/heads/main',
])('refuses %j', async (ref) => {
  const job = await openJob();
  const before = refsOf(job);
  const asked = job.hands.removeRefs({ repositoryId: job.repositoryId, refs: [{ ref, commit: null }] });
  await expect(asked).rejects.toMatchObject({ code: 'repository.bad_name' });
  expect(refsOf(job)).toEqual(before);
});

it('finds nothing where there is no mirror', async () => {
  const { hands, directory } = await openJob();
  const refs = [{ ref: 'refs/heph/turns/tsk_1/1', commit: null }];
  expect(await hands.removeRefs({ repositoryId: 'rep_none', refs })).toMatchObject({
    gone: ['refs/heph/turns/tsk_1/1'],
  });
  expect(join(directory, 'repos')).toBeTruthy();
});
