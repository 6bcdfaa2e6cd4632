import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../../kernel/adapters/system.ts';
import { rememberGroup } from '../../checks/adapters/orphans.ts';
import { commitAll, git, openHands, openJob, scratch, worktree, write } from './test-support.ts';

const failsWith = (code: string) => expect.objectContaining({ code });

describe('openRun', () => {
  it('makes the run branch at the base and, asked again, leaves it where it is', async () => {
    const job = await openJob();
    const { hands, repositoryId, base, runBranch, user } = job;
    expect(await hands.readBranch({ repositoryId, branch: runBranch })).toBe(base);
    const next = commitAll(user.path, 'Second');
    await hands.openRun({ repositoryId, path: user.path, commit: next, runBranch: 'heph/run-2' });
    await hands.moveBranch({ repositoryId, branch: runBranch, from: base, to: next });
    const again = await hands.openRun({ repositoryId, path: user.path, commit: base, runBranch });
    expect(again.commit).toBe(next);
    expect(await hands.readBranch({ repositoryId, branch: 'nope' })).toBeNull();
    expect(await hands.readBranch({ repositoryId: 'rep_unknown', branch: 'nope' })).toBeNull();
  });

  it('makes one mirror for many runs that open at once', async () => {
    const { hands, repositoryId, base, user, directory } = await openJob();
    const branches = Array.from({ length: 8 }, (_, n) => `heph/run-x${n}`);
    await Promise.all(
      branches.map((runBranch) => hands.openRun({ repositoryId, path: user.path, commit: base, runBranch })),
    );
    for (const branch of branches) expect(await hands.readBranch({ repositoryId, branch })).toBe(base);
    expect(readdirSync(join(directory, 'repos'))).toEqual([`${repositoryId}.git`]);
  });

  it('opens a shallow clone and a linked worktree of the user', async () => {
    const { hands, user } = await openJob();
    commitAll(user.path, 'Second');
    const shallow = join(scratch(), 'shallow');
    git(user.path, 'clone', '--quiet', '--depth=1', `file://${user.path}`, shallow);
    git(user.path, 'worktree', 'add', '--quiet', '-b', 'side', join(shallow, '..', 'linked'));
    for (const path of [shallow, join(shallow, '..', 'linked')]) {
      const seen = await hands.inspectRepository({ path });
      const { repositoryId, baseCommit } = seen;
      await hands.openRun({ repositoryId, path: seen.path, commit: baseCommit, runBranch: 'heph/run-1' });
      const taskId = `tsk_${repositoryId.slice(4, 12)}`;
      const made = await hands.prepareWorktree({ taskId, repositoryId, branch: `heph/${taskId}`, commit: baseCommit });
      expect(readFileSync(join(made.path, 'a.txt'), 'utf8')).toBe('a\n');
    }
  });

  it('refuses names that are options or shell code', async () => {
    const { hands, repositoryId, base, user } = await openJob();
    for (const runBranch of ['--upload-pack=touch x', '$(touch x)', 'a b', '../../x', '-x']) {
      await expect(hands.openRun({ repositoryId, path: user.path, commit: base, runBranch })).rejects.toThrow(
        failsWith('repository.bad_name'),
      );
      await expect(hands.readBranch({ repositoryId, branch: runBranch })).rejects.toThrow(
        failsWith('repository.bad_name'),
      );
    }
    await expect(
      hands.openRun({ repositoryId: '../x', path: user.path, commit: base, runBranch: 'a' }),
    ).rejects.toThrow(failsWith('repository.bad_name'));
    await expect(hands.openRun({ repositoryId, path: user.path, commit: '--all', runBranch: 'a' })).rejects.toThrow(
      failsWith('repository.bad_name'),
    );
  });
});

describe('prepareWorktree', () => {
  it('makes a clone on its branch with the setup run, and keeps an existing one', async () => {
    const { hands, repositoryId, base, directory } = await openJob();
    const setup = [
      [process.execPath, '-e', 'require("fs").writeFileSync("setup.txt", process.env.CI + process.env.SECRET)'],
    ];
    const request = { taskId: 'tsk_one', repositoryId, branch: 'heph/tsk_one', commit: base, setup };
    const made = await hands.prepareWorktree(request);
    expect(made).toEqual({ path: join(directory, 'worktrees', 'tsk_one'), branch: 'heph/tsk_one', commit: base });
    expect(git(made.path, 'symbolic-ref', '--short', 'HEAD')).toBe('heph/tsk_one');
    expect(readFileSync(join(made.path, 'setup.txt'), 'utf8')).toBe('1undefined');
    writeFileSync(join(made.path, 'work.txt'), 'mine');
    expect(await hands.prepareWorktree(request)).toEqual(made);
    expect(readFileSync(join(made.path, 'work.txt'), 'utf8')).toBe('mine');
    expect(statSync(join(directory, 'worktrees')).mode & 0o077).toBe(0);
  });

  it('makes it anew when an earlier call was cut off', async () => {
    const { hands, repositoryId, base, directory } = await openJob();
    const failing = { taskId: 'tsk_one', repositoryId, branch: 'heph/tsk_one', commit: base, setup: [['false']] };
    await expect(hands.prepareWorktree(failing)).rejects.toThrow(failsWith('worktree.failed'));
    await expect(hands.prepareWorktree({ ...failing, setup: [['no-such-program']] })).rejects.toThrow(
      failsWith('worktree.failed'),
    );
    writeFileSync(join(directory, 'worktrees', 'tsk_one', 'half'), '');
    const made = await hands.prepareWorktree({ ...failing, setup: [] });
    expect(readdirSync(made.path).sort()).toEqual(['.git', 'a.txt', 'b']);
  });

  it('leaves a folder alone that it did not make', async () => {
    const job = await openJob();
    const stranger = join(job.directory, 'worktrees', 'tsk_one');
    mkdirSync(stranger, { recursive: true });
    writeFileSync(join(stranger, 'precious'), '');
    await expect(worktree(job)).rejects.toThrow(failsWith('repository.unsafe_path'));
    await expect(job.hands.removeWorktree({ taskId: 'tsk_one', repositoryId: job.repositoryId })).rejects.toThrow(
      failsWith('repository.unsafe_path'),
    );
    expect(existsSync(join(stranger, 'precious'))).toBe(true);
  });

  it('gives the agent nowhere to push to', async () => {
    const job = await openJob();
    const path = await worktree(job);
    write(path, { 'a.txt': 'agent' });
    commitAll(path, 'Mine');
    expect(() => git(path, 'push', '--quiet', 'origin', 'HEAD:refs/heads/heph/run-1')).toThrow();
    expect(() => git(path, 'push', '--quiet', job.mirror, 'HEAD:refs/heads/heph/run-1')).toThrow(/hidden ref/);
    expect(await job.hands.readBranch({ repositoryId: job.repositoryId, branch: job.runBranch })).toBe(job.base);
  });

  it('copies ignored files in such a way that changes do not reach the user', async () => {
    const { hands, repositoryId, base, user } = await openJob({ '.gitignore': 'node_modules\n.env\n', 'a.txt': 'a\n' });
    write(user.path, {
      'node_modules/x/index.js': 'x',
      'node_modules/.bin/x': { link: '../x/index.js' },
      'node_modules/self': { link: user.path },
      '.env': 'KEY=1',
      'untracked.txt': 'not ignored',
    });
    const copyIgnored = { from: user.path, globs: ['node_modules', '.env', 'untracked.txt', 'a.txt', 'nope/*'] };
    const request = { taskId: 'tsk_one', repositoryId, branch: 'heph/tsk_one', commit: base, copyIgnored };
    const { path } = await hands.prepareWorktree(request);
    expect(readdirSync(path).sort()).toEqual(['.env', '.git', '.gitignore', 'a.txt', 'node_modules']);
    expect(readlinkSync(join(path, 'node_modules/.bin/x'))).toBe('../x/index.js');
    expect(readlinkSync(join(path, 'node_modules/self'))).toBe(path);
    writeFileSync(join(path, 'node_modules/x/index.js'), 'changed');
    expect(readFileSync(join(user.path, 'node_modules/x/index.js'), 'utf8')).toBe('x');
    expect(lstatSync(join(user.path, 'node_modules/x/index.js')).ino).not.toBe(
      lstatSync(join(path, 'node_modules/x/index.js')).ino,
    );
    for (const glob of ['../*', '/etc/passwd', 'a/../../x']) {
      const bad = {
        ...request,
        taskId: 'tsk_two',
        branch: 'heph/tsk_two',
        copyIgnored: { from: user.path, globs: [glob] },
      };
      await expect(hands.prepareWorktree(bad)).rejects.toThrow(failsWith('repository.unsafe_path'));
    }
  });

  it('makes 200 at ten in parallel without a failure', { timeout: 120_000 }, async () => {
    const job = await openJob();
    let made = 0;
    const ids = Array.from({ length: 200 }, (_, n) => `tsk_${n}`);
    const next = async () => {
      for (let id = ids.pop(); id; id = ids.pop()) {
        const path = await worktree(job, id);
        expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('a\n');
        made++;
      }
    };
    await Promise.all(Array.from({ length: 10 }, next));
    expect(made).toBe(200);
  });
});

describe('keepTree', () => {
  const keep = (job: Awaited<ReturnType<typeof openJob>>, turn = 1) =>
    job.hands.keepTree({ taskId: 'tsk_one', repositoryId: job.repositoryId, turn, base: job.base, message: 'Turn' });
  const files = (job: { mirror: string }, commit: string | null) =>
    git(job.mirror, 'ls-tree', '-r', '--name-only', commit ?? '').split('\n');

  it('keeps changed, new, deleted and executable files and links, and not the ignored', async () => {
    const job = await openJob({ 'a.txt': 'a\n', 'b/c.txt': 'c\n', 'd.txt': 'd\n', '.gitignore': '*.log\n' });
    const path = await worktree(job);
    rmSync(join(path, 'd.txt'));
    rmSync(join(path, 'b'), { recursive: true });
    write(path, {
      'a.txt': 'a\nb\n',
      b: 'now a file\n',
      'run.sh': { run: '#!/bin/sh\n' },
      link: { link: '/etc/passwd' },
      'x.log': '',
      'ü – \t.txt': 'u',
    });
    const kept = await keep(job);
    expect(kept.ref).toBe('refs/heph/turns/tsk_one/1');
    expect(kept.files).toEqual(
      expect.arrayContaining([
        { path: 'a.txt', insertions: 1, deletions: 0 },
        { path: 'b/c.txt', insertions: 0, deletions: 1 },
        { path: 'd.txt', insertions: 0, deletions: 1 },
        { path: 'ü – \t.txt', insertions: 1, deletions: 0 },
      ]),
    );
    expect(git(job.mirror, 'ls-tree', '-r', kept.tree)).toMatch(/120000 blob .*\tlink\n100755 blob .*\trun.sh/);
    expect(files(job, kept.commit)).not.toContain('x.log');
    expect(git(job.mirror, 'log', '-1', '--format=%an <%ae> %cn %s %P', kept.commit ?? '')).toBe(
      `Hephaestus <hephaestus@localhost> Hephaestus Turn ${job.base}`,
    );
  });

  it('answers null when nothing differs, and the first answer when asked again', async () => {
    const job = await openJob();
    const path = await worktree(job);
    expect(await keep(job)).toMatchObject({ commit: null, ref: null, files: [] });
    write(path, { 'a.txt': 'first' });
    const first = await keep(job);
    write(path, { 'a.txt': 'second' });
    expect(await keep(job)).toEqual(first);
    expect((await keep(job, 2)).commit).not.toBe(first.commit);
  });

  it('builds on the agent’s own commits, and takes a clean one as it is', async () => {
    const job = await openJob({ 'a.txt': 'a\n', '.gitignore': 'dist\n' });
    const path = await worktree(job);
    write(path, { 'a.txt': 'mine', 'dist/x': 'x' });
    git(path, 'add', '--force', 'dist/x');
    const head = commitAll(path, 'Agent');
    expect((await keep(job)).commit).toBe(head);
    write(path, { 'a.txt': 'more' });
    const second = await keep(job, 2);
    expect(git(job.mirror, 'rev-parse', `${second.commit}^`)).toBe(head);
    expect(files(job, second.commit)).toContain('dist/x');
  });

  it('builds on the base when the agent’s history does not descend from it', async () => {
    const job = await openJob();
    const path = await worktree(job);
    git(path, 'checkout', '--quiet', '--orphan', 'elsewhere');
    write(path, { 'a.txt': 'orphan' });
    commitAll(path, 'Orphan');
    const kept = await keep(job);
    expect(git(job.mirror, 'rev-parse', `${kept.commit}^`)).toBe(job.base);
  });

  it.each([
    ['deleted', (path: string) => rmSync(join(path, '.git'), { recursive: true })],
    [
      'a file',
      (path: string) => {
        rmSync(join(path, '.git'), { recursive: true });
        writeFileSync(join(path, '.git'), 'gitdir: /elsewhere\n');
      },
    ],
    [
      'a link',
      (path: string) => {
        rmSync(join(path, '.git'), { recursive: true });
        symlinkSync('/elsewhere', join(path, '.git'));
      },
    ],
    ['damaged', (path: string) => rmSync(join(path, '.git', 'objects'), { recursive: true })],
  ])('keeps the files although .git is %s', async (_what, harm) => {
    const job = await openJob();
    const path = await worktree(job);
    write(path, { 'a.txt': 'work' });
    harm(path);
    expect((await keep(job)).files).toEqual([{ path: 'a.txt', insertions: 1, deletions: 1 }]);
  });

  it('keeps nested repositories as files, without their .git', async () => {
    const job = await openJob();
    const path = await worktree(job);
    git(path, 'init', '--quiet', 'nested');
    write(path, { 'nested/x.txt': 'x', 'nested/deep/y.txt': 'y' });
    commitAll(join(path, 'nested'), 'Nested');
    git(path, 'init', '--quiet', 'nested/inner');
    write(path, { 'nested/inner/z.txt': 'z' });
    const kept = await keep(job);
    expect(kept.files.map((file) => file.path).sort()).toEqual([
      'nested/deep/y.txt',
      'nested/inner/z.txt',
      'nested/x.txt',
    ]);
    expect(git(job.mirror, 'ls-tree', '-r', kept.tree)).not.toContain('160000');
  });

  it('leaves out what may not stand in a tree', async () => {
    const job = await openJob();
    const path = await worktree(job);
    write(path, { 'x/.GIT/config': '', 'back\\slash': '', 'git~1': '', good: 'x' });
    expect((await keep(job)).files.map((file) => file.path)).toEqual(['good']);
  });

  it('follows no link that stands where the worktree was', async () => {
    const job = await openJob();
    const path = await worktree(job);
    rmSync(path, { recursive: true });
    symlinkSync(job.user.path, path);
    await expect(keep(job)).rejects.toThrow(failsWith('worktree.failed'));
    expect(await job.hands.removeWorktree({ taskId: 'tsk_one', repositoryId: job.repositoryId })).toEqual({
      removed: true,
      rescued: null,
    });
    expect(existsSync(join(job.user.path, 'a.txt'))).toBe(true);
  });
});

describe('removeWorktree', () => {
  it('removes what is kept already without a rescue, and is safe when absent', async () => {
    const job = await openJob();
    const request = { taskId: 'tsk_one', repositoryId: job.repositoryId };
    expect(await job.hands.removeWorktree(request)).toEqual({ removed: false, rescued: null });
    const path = await worktree(job);
    write(path, { 'a.txt': 'kept' });
    await job.hands.keepTree({ ...request, turn: 1, base: job.base, message: 'Turn' });
    expect(await job.hands.removeWorktree(request)).toEqual({ removed: true, rescued: null });
    expect(readdirSync(join(job.directory, 'worktrees'))).toEqual([]);
    expect(await job.hands.removeWorktree(request)).toEqual({ removed: false, rescued: null });
  });

  it('rescues uncommitted, committed and stashed work', async () => {
    const job = await openJob();
    const path = await worktree(job);
    const stashes: string[] = [];
    for (const text of ['stash one', 'stash two']) {
      write(path, { 'a.txt': text });
      git(path, 'stash', 'push', '--quiet');
      stashes.push(git(path, 'rev-parse', 'refs/stash'));
    }
    git(path, 'checkout', '--quiet', '-b', 'side');
    write(path, { 'side.txt': 'side' });
    const side = commitAll(path, 'Side');
    git(path, 'checkout', '--quiet', 'heph/tsk_one');
    write(path, { 'new.txt': 'uncommitted' });
    const { removed, rescued } = await job.hands.removeWorktree({ taskId: 'tsk_one', repositoryId: job.repositoryId });
    expect(removed).toBe(true);
    expect(existsSync(path)).toBe(false);
    const reachable = git(job.mirror, 'rev-list', rescued ?? '').split('\n');
    expect(reachable).toEqual(expect.arrayContaining([...stashes, side]));
    expect(git(job.mirror, 'show', `${rescued}:new.txt`)).toBe('uncommitted');
  });

  it('sets a worktree aside whose git directory cannot be read', async () => {
    const job = await openJob();
    const path = await worktree(job);
    write(path, { 'a.txt': 'work' });
    const lost = commitAll(path, 'Work');
    rmSync(join(path, '.git', 'HEAD'));
    const { removed, rescued } = await job.hands.removeWorktree({ taskId: 'tsk_one', repositoryId: job.repositoryId });
    expect(removed).toBe(true);
    expect(git(job.mirror, 'show', `${rescued}:a.txt`)).toBe('work');
    const [aside = ''] = readdirSync(join(job.directory, 'rescued'));
    expect(existsSync(join(job.directory, 'rescued', aside, '.git', 'objects', lost.slice(0, 2)))).toBe(true);
    expect(job.warnings).toContain('a worktree whose git directory cannot be read was set aside');
  });

  it('finds its own rescue again when it was cut off before the folder was gone', async () => {
    const job = await openJob();
    const path = await worktree(job);
    const marker = join(job.directory, 'worktrees', 'tsk_one.json');
    write(path, { 'a.txt': 'work' });
    commitAll(path, 'Work');
    const copy = join(scratch(), 'copy');
    git(path, 'clone', '--quiet', path, copy);
    const record = readFileSync(marker, 'utf8');
    const first = await job.hands.removeWorktree({ taskId: 'tsk_one', repositoryId: job.repositoryId });
    git(job.mirror, 'clone', '--quiet', copy, path);
    writeFileSync(marker, record);
    const second = await job.hands.removeWorktree({ taskId: 'tsk_one', repositoryId: job.repositoryId });
    expect(second).toEqual(first);
    expect(first.rescued).toMatch(/^refs\/heph\/rescue\/tsk_one\/[0-9a-f]{16}$/);
  });

  it('removes folders without write permission', async () => {
    const job = await openJob();
    const path = await worktree(job);
    write(path, { 'a/b/c': 'x' });
    chmodSync(join(path, 'a', 'b'), 0o500);
    const { removed } = await job.hands.removeWorktree({ taskId: 'tsk_one', repositoryId: job.repositoryId });
    expect(removed).toBe(true);
    expect(readdirSync(join(job.directory, 'worktrees'))).toEqual([]);
  });
});

describe('what an interrupted process left', () => {
  it('is removed at the next start: rubbish, and a check that still runs', async () => {
    const { directory, repositoryId, base } = await openJob();
    const orphans = [1, 2].map(() =>
      spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { detached: true, stdio: 'ignore' }),
    );
    const gone = Promise.all(orphans.map((orphan) => once(orphan, 'exit')));
    const checks = join(directory, 'checks');
    write(directory, {
      'repos/.new-x/HEAD': '',
      'worktrees/.trash-x/a': '',
      'scratch/index-x/index': '',
      'checks/abc/a.txt': '',
    });
    const claims = join(directory, 'gates', repositoryId, 'claims');
    write(directory, { [`gates/${repositoryId}/claims/folder-x.json`]: '{}', [`gates/${repositoryId}/results/x`]: '' });
    const groups = [join(checks, 'abc.group.json'), join(claims, 'group-x.json')];
    for (const [n, group] of groups.entries())
      await rememberGroup({ random: systemRandom }, group, orphans[n]?.pid ?? 0);
    const again = openHands({ directory }).hands;
    const limits = { wallMs: 20_000, outputBytesMax: 100 };
    await again.runCheck({ checkKey: 'k', repositoryId, commit: base, command: 'true', limits });
    expect((await gone).map(([, signal]) => signal as string)).toEqual(['SIGKILL', 'SIGKILL']);
    expect(readdirSync(claims)).toEqual([]);
    expect(readdirSync(join(claims, '..', 'results'))).toContain('x');
    expect(readdirSync(checks)).toEqual(['results']);
    expect(readdirSync(join(directory, 'repos'))).toEqual([`${repositoryId}.git`]);
    expect([...readdirSync(join(directory, 'worktrees')), ...readdirSync(join(directory, 'scratch'))]).toEqual([]);
  });
});
