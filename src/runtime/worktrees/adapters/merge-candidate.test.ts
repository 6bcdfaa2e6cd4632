import { describe, expect, it } from 'vitest';
import { commitAll, git, type Job, openJob, write } from './test-support.ts';

/** A commit on top of `onto`, as a worktree would leave it, in the mirror. */
async function candidateOn(job: Job, taskId: string, text: string, file = 'a.txt'): Promise<string> {
  const { hands, repositoryId, base } = job;
  const { path } = await hands.prepareWorktree({ taskId, repositoryId, branch: `heph/${taskId}`, commit: base });
  write(path, { [file]: text });
  const kept = await hands.keepTree({ taskId, repositoryId, turn: 1, base, message: taskId });
  return kept.commit ?? '';
}

const merge = (job: Job, candidate: string, candidateId: string) =>
  job.hands.mergeCandidate({
    candidateId,
    repositoryId: job.repositoryId,
    branch: job.runBranch,
    candidate,
    message: `Merge ${candidateId}`,
  });

describe('mergeCandidate', () => {
  it('merges two changes one after another, and moves nothing by itself', async () => {
    const job = await openJob();
    const { hands, repositoryId, runBranch: branch, base } = job;
    const first = await merge(job, await candidateOn(job, 'tsk_1', 'one\n'), 'cnd_1');
    if (first.outcome !== 'merged') throw new Error(first.outcome);
    expect(first.onto).toBe(base);
    expect(await hands.readBranch({ repositoryId, branch })).toBe(base);
    expect(await hands.moveBranch({ repositoryId, branch, from: base, to: first.commit })).toEqual({
      moved: true,
      at: first.commit,
    });
    const second = await merge(job, await candidateOn(job, 'tsk_2', 'two\n', 'b/c.txt'), 'cnd_2');
    if (second.outcome !== 'merged') throw new Error(second.outcome);
    expect(git(job.mirror, 'show', `${second.commit}:a.txt`)).toBe('one');
    expect(git(job.mirror, 'show', `${second.commit}:b/c.txt`)).toBe('two');
    expect(git(job.mirror, 'log', '-1', '--format=%cn %s', second.commit)).toBe('Hephaestus Merge cnd_2');
  });

  it('answers the same commit when asked again, and a new one when the branch has moved', async () => {
    const job = await openJob();
    const candidate = await candidateOn(job, 'tsk_1', 'one\n');
    const first = await merge(job, candidate, 'cnd_1');
    expect(await merge(job, candidate, 'cnd_1')).toEqual(first);
    const other = await candidateOn(job, 'tsk_2', 'two\n', 'b/c.txt');
    await job.hands.moveBranch({ repositoryId: job.repositoryId, branch: job.runBranch, from: job.base, to: other });
    expect(await merge(job, candidate, 'cnd_1')).toMatchObject({ outcome: 'merged', onto: other });
  });

  it('names the files of a conflict', async () => {
    const job = await openJob();
    const one = await candidateOn(job, 'tsk_1', 'one\n');
    const two = await candidateOn(job, 'tsk_2', 'two\n');
    await job.hands.moveBranch({ repositoryId: job.repositoryId, branch: job.runBranch, from: job.base, to: one });
    expect(await merge(job, two, 'cnd_2')).toEqual({ outcome: 'conflict', onto: one, files: ['a.txt'] });
  });

  it('tells when the branch holds the candidate already', async () => {
    const job = await openJob();
    const one = await candidateOn(job, 'tsk_1', 'one\n');
    await job.hands.moveBranch({ repositoryId: job.repositoryId, branch: job.runBranch, from: job.base, to: one });
    expect(await merge(job, one, 'cnd_1')).toEqual({ outcome: 'contained', onto: one, commit: one });
    expect(await merge(job, job.base, 'cnd_0')).toMatchObject({ outcome: 'contained' });
  });
});

describe('moveBranch', () => {
  it('swaps only from where it was said to be, and knows when it is done already', async () => {
    const job = await openJob();
    const { hands, repositoryId, runBranch: branch, base } = job;
    const [one, two] = [await candidateOn(job, 'tsk_1', 'one\n'), await candidateOn(job, 'tsk_2', 'two\n')];
    expect(await hands.moveBranch({ repositoryId, branch, from: two, to: one })).toEqual({ moved: false, at: base });
    expect(await hands.moveBranch({ repositoryId, branch, from: base, to: one })).toEqual({ moved: true, at: one });
    expect(await hands.moveBranch({ repositoryId, branch, from: base, to: one })).toEqual({ moved: true, at: one });
    expect(await hands.moveBranch({ repositoryId, branch, from: base, to: two })).toEqual({ moved: false, at: one });
  });

  it('lets one of many win', async () => {
    const job = await openJob();
    const tips: string[] = [];
    for (let n = 0; n < 5; n++) {
      write(job.user.path, { 'a.txt': `${n}` });
      const commit = commitAll(job.user.path, `${n}`);
      await job.hands.openRun({
        repositoryId: job.repositoryId,
        path: job.user.path,
        commit,
        runBranch: `heph/t-${n}`,
      });
      tips.push(commit);
    }
    const { repositoryId, runBranch: branch, base: from } = job;
    const moves = await Promise.all(tips.map((to) => job.hands.moveBranch({ repositoryId, branch, from, to })));
    expect(moves.filter((move) => move.moved)).toHaveLength(1);
  });
});
