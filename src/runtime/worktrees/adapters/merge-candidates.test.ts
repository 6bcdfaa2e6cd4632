import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MergeResult } from '../../runner.ts';
import { commitAll, git, type Job, openJob, write } from './test-support.ts';

/** A commit on top of `onto`, as a worktree would leave it, in the mirror. */
async function candidateOn(job: Job, taskId: string, text: string, file = 'a.txt'): Promise<string> {
  const { hands, repositoryId, base } = job;
  const { path } = await hands.prepareWorktree({ taskId, repositoryId, branch: `heph/${taskId}`, commit: base });
  write(path, { [file]: text });
  const kept = await hands.keepTree({ taskId, repositoryId, turn: 1, base, message: taskId });
  return kept.commit ?? '';
}

const mergeAll = ({ hands, repositoryId, runBranch: branch }: Job, commits: Record<string, string>) =>
  hands.mergeCandidates({
    repositoryId,
    branch,
    candidates: Object.entries(commits).map(([candidateId, commit]) => ({
      ...{ candidateId, commit, message: `Merge ${candidateId}` },
    })),
  });
const merge = async (job: Job, candidate: string, candidateId: string) =>
  (await mergeAll(job, { [candidateId]: candidate }))[0] as MergeResult;

describe('mergeCandidates', () => {
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

describe('several candidates', () => {
  it('are merged one upon the other, and those that do not merge are left out', async () => {
    const job = await openJob({ 'a.txt': 'a\n', 'b/c.txt': 'c\n', 'd.txt': 'd\n' });
    const cnd_1 = await candidateOn(job, 'tsk_1', 'one\n');
    const cnd_2 = await candidateOn(job, 'tsk_2', 'two\n');
    const cnd_3 = await candidateOn(job, 'tsk_3', `<<<<<<< ${job.base}\n`, 'd.txt');
    const cnd_4 = await candidateOn(job, 'tsk_4', 'four\n', 'b/c.txt');
    const asked = { cnd_1, cnd_2, cnd_0: job.base, cnd_3, cnd_4 };
    const results = await mergeAll(job, asked);
    const [first, , , , last] = results;
    if (first?.outcome !== 'merged' || last?.outcome !== 'merged') throw new Error(JSON.stringify(results));
    expect(results).toEqual([
      { outcome: 'merged', onto: job.base, commit: first.commit, tree: first.tree },
      { outcome: 'conflict', onto: first.commit, files: ['a.txt'] },
      { outcome: 'contained', onto: first.commit, commit: first.commit },
      { outcome: 'conflict', onto: first.commit, files: ['d.txt'] },
      { outcome: 'merged', onto: first.commit, commit: last.commit, tree: last.tree },
    ]);
    expect(git(job.mirror, 'log', '--first-parent', '--format=%s', last.commit)).toBe(
      'Merge cnd_4\nMerge cnd_1\nFirst',
    );
    expect(git(job.mirror, 'show', `${last.commit}:a.txt`)).toBe('one');
    expect(await mergeAll(job, asked)).toEqual(results);
    expect(git(job.mirror, 'rev-parse', 'refs/heph/candidates/cnd_4')).toBe(last.commit);
  });

  it('take a file whose name is another’s commit for a file', async () => {
    const job = await openJob();
    const cnd_1 = await candidateOn(job, 'tsk_1', 'one\n');
    const cnd_2 = await candidateOn(job, 'tsk_2', `<<<<<<< ${job.base}\n`, cnd_1);
    const results = await mergeAll(job, { cnd_2, cnd_1 });
    expect(results.map(({ outcome }) => outcome)).toEqual(['conflict', 'merged']);
  });
});

describe('a conflict', () => {
  it('is laid into the agent’s worktree, on the branch as it is, and merges when both changes are kept', async () => {
    const lines = (...changed: string[]) => `${['a', 'b', 'c', 'd', 'e', ...changed].join('\n')}\n`;
    const job = await openJob({ 'a.txt': lines('here'), 'b/c.txt': 'c\n', 'old.txt': 'old\n' });
    const { hands, repositoryId, runBranch } = job;
    const one = await candidateOn(job, 'tsk_1', lines('one'));
    const two = await candidateOn(job, 'tsk_2', lines('two'));
    await hands.moveBranch({ repositoryId, branch: runBranch, from: job.base, to: one });
    expect(await merge(job, two, 'cnd_2')).toMatchObject({ outcome: 'conflict', files: ['a.txt'] });

    await hands.removeWorktree({ taskId: 'tsk_2', repositoryId });
    const request = { taskId: 'tsk_2', repositoryId, branch: 'heph/tsk_2', commit: one, unfinished: two };
    const { path } = await hands.prepareWorktree(request);
    const conflicted = readFileSync(join(path, 'a.txt'), 'utf8');
    expect(conflicted).toMatch(/<{7}[^]*one[^]*={7}[^]*two[^]*>{7}/);
    expect(git(path, 'rev-parse', 'HEAD')).toBe(one);
    expect(git(path, 'status', '--porcelain')).toBe('M a.txt');

    const left = await hands.keepTree({ taskId: 'tsk_2', repositoryId, turn: 9, base: one, message: 'left' });
    expect(await merge(job, left.commit ?? '', 'cnd_9')).toEqual({ outcome: 'conflict', onto: one, files: ['a.txt'] });

    write(path, { 'a.txt': lines('one', 'two') });
    const kept = await hands.keepTree({ taskId: 'tsk_2', repositoryId, turn: 2, base: one, message: 'both' });
    const merged = await merge(job, kept.commit ?? '', 'cnd_3');
    if (merged.outcome !== 'merged') throw new Error(merged.outcome);
    expect(git(job.mirror, 'show', `${merged.commit}:a.txt`)).toBe(lines('one', 'two').trim());
  });

  it('leaves the files of work that merges as merged, those it removed removed', async () => {
    const job = await openJob();
    const { hands, repositoryId } = job;
    const one = await candidateOn(job, 'tsk_1', 'one\n');
    const { path: mine } = await hands.prepareWorktree({
      ...{ taskId: 'tsk_2', repositoryId, branch: 'heph/tsk_2', commit: job.base },
    });
    rmSync(join(mine, 'b/c.txt'));
    write(mine, { 'new.txt': 'new\n' });
    const two = await hands.keepTree({ taskId: 'tsk_2', repositoryId, turn: 1, base: job.base, message: 'two' });
    await hands.removeWorktree({ taskId: 'tsk_2', repositoryId });
    const request = { taskId: 'tsk_2', repositoryId, branch: 'heph/tsk_2', commit: one, unfinished: two.commit ?? '' };
    const { path } = await hands.prepareWorktree(request);
    expect(git(path, 'status', '--porcelain', '--untracked-files=all').split('\n')).toEqual([
      'D b/c.txt',
      '?? new.txt',
    ]);
    expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('one\n');
  });
});

describe('a revert', () => {
  const takeOut = async ({ hands, repositoryId, runBranch: branch }: Job, commit: string, revertOf: string) => {
    const candidate = { candidateId: `cnd_${commit.slice(0, 8)}`, commit, message: 'Revert it', revertOf };
    return (await hands.mergeCandidates({ repositoryId, branch, candidates: [candidate] }))[0] as MergeResult;
  };

  async function landed(job: Job, candidate: string, candidateId: string): Promise<string> {
    const result = await merge(job, candidate, candidateId);
    if (result.outcome !== 'merged') throw new Error(result.outcome);
    const { onto: from, commit: to } = result;
    await job.hands.moveBranch({ repositoryId: job.repositoryId, branch: job.runBranch, from, to });
    return to;
  }

  it('takes one merge out three ways and leaves what came after it', async () => {
    const job = await openJob();
    const before = git(job.mirror, 'show', `${job.base}:a.txt`);
    const [one, two] = [await candidateOn(job, 'tsk_1', 'one\n'), await candidateOn(job, 'tsk_2', 'two\n', 'b/c.txt')];
    const first = await landed(job, one, 'cnd_1');
    const tip = await landed(job, two, 'cnd_2');
    const taken = await takeOut(job, first, one);
    if (taken.outcome !== 'merged') throw new Error(taken.outcome);
    expect(taken.onto).toBe(tip);
    expect(git(job.mirror, 'show', `${taken.commit}:a.txt`)).toBe(before);
    expect(git(job.mirror, 'show', `${taken.commit}:b/c.txt`)).toBe('two');
    expect(git(job.mirror, 'log', '-1', '--format=%P', taken.commit)).toBe(tip);
    await job.hands.moveBranch({
      repositoryId: job.repositoryId,
      branch: job.runBranch,
      from: tip,
      to: taken.commit,
    });
    expect(await takeOut(job, first, one)).toEqual({ outcome: 'contained', onto: taken.commit, commit: taken.commit });
  });

  it('names the files that were changed again since, and moves nothing', async () => {
    const job = await openJob();
    const one = await candidateOn(job, 'tsk_1', 'one\n');
    const first = await landed(job, one, 'cnd_1');
    const { hands, repositoryId } = job;
    const worktree = { taskId: 'tsk_2', repositoryId, branch: 'heph/tsk_2', commit: first };
    write((await hands.prepareWorktree(worktree)).path, { 'a.txt': 'two\n' });
    const two = await hands.keepTree({ taskId: 'tsk_2', repositoryId, turn: 1, base: first, message: 'two' });
    const tip = await landed(job, two.commit ?? '', 'cnd_2');
    expect(await takeOut(job, first, one)).toEqual({ outcome: 'conflict', onto: tip, files: ['a.txt'] });

    const request = { taskId: 'tsk_3', repositoryId, branch: 'heph/tsk_3', commit: tip, undo: first };
    const { path } = await hands.prepareWorktree(request);
    expect(readFileSync(join(path, 'a.txt'), 'utf8')).toMatch(/<{7}[^]*two[^]*={7}\na\n>{7}/);
    expect(git(path, 'rev-parse', 'HEAD')).toBe(tip);
    const left = await hands.keepTree({ taskId: 'tsk_3', repositoryId, turn: 1, base: tip, message: 'left' });
    expect(await merge(job, left.commit ?? '', 'cnd_3')).toMatchObject({ outcome: 'conflict', files: ['a.txt'] });
    write(path, { 'a.txt': 'a, and two\n' });
    const resolved = await hands.keepTree({ taskId: 'tsk_3', repositoryId, turn: 2, base: tip, message: 'resolved' });
    expect(await merge(job, resolved.commit ?? '', 'cnd_4')).toMatchObject({ outcome: 'merged', onto: tip });
  });

  it('is of a merge that the branch holds, and of what that merge brought', async () => {
    const job = await openJob();
    const [one, two] = [await candidateOn(job, 'tsk_1', 'one\n'), await candidateOn(job, 'tsk_2', 'two\n', 'b/c.txt')];
    const apart = await merge(job, two, 'cnd_2');
    if (apart.outcome !== 'merged') throw new Error(apart.outcome);
    const first = await landed(job, one, 'cnd_1');
    expect(await takeOut(job, apart.commit, two)).toEqual({ outcome: 'absent', onto: first });
    expect(await takeOut(job, first, two)).toEqual({ outcome: 'absent', onto: first });
    expect(await takeOut(job, one, job.base)).toEqual({ outcome: 'absent', onto: first });
    expect(await takeOut(job, 'f'.repeat(40), two)).toEqual({ outcome: 'absent', onto: first });
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
