import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, type Job, openHands, openJob, worktree, write } from '../../worktrees/adapters/test-support.ts';
import { DIFF_LIMITS, type DiffRequest } from '../diff.ts';

const TEN = Array.from({ length: 10 }, (_, n) => `line ${n}\n`).join('');

async function given(tree = { 'a.txt': 'one\ntwo\n', 'b/c.txt': TEN, 'run.sh': 'true\n' }) {
  const job = await openJob(tree);
  const path = await worktree(job);
  const ask = (more: Partial<DiffRequest> = {}) =>
    job.hands.readDiff({
      ...{ taskId: 'tsk_one', repositoryId: job.repositoryId, from: job.base, to: null, base: job.base, patches: true },
      ...more,
    });
  const keep = (turn: number) => keepTurn(job, turn);
  return { job, path, ask, keep };
}

async function keepTurn({ hands, repositoryId, base }: Job, turn: number): Promise<string> {
  const kept = await hands.keepTree({ taskId: 'tsk_one', repositoryId, turn, base, message: `turn ${turn}` });
  return kept.commit as string;
}

describe('a diff of a task', () => {
  it('shows the living worktree, committed or not, against its base', async () => {
    const { job, path, ask } = await given();
    write(path, { 'a.txt': 'one\nTWO\n' });
    git(path, 'commit', '--quiet', '-am', 'agent');
    write(path, { 'new/file.txt': 'hello\n' });
    const { from, to, files, filesMore } = await ask();
    expect(from).toBe(job.base);
    expect(to).toMatch(/^[0-9a-f]{40}$/);
    expect(filesMore).toBe(0);
    expect(files).toMatchObject([
      { path: 'a.txt', status: 'modified', additions: 1, deletions: 1, binary: false, truncated: false, oldPath: null },
      { path: 'new/file.txt', status: 'added', additions: 1, deletions: 0, oldMode: null, newMode: '100644' },
    ]);
    expect(files[0]?.patch).toContain('@@ -1,2 +1,2 @@\n one\n-two\n+TWO\n');
    expect(files[0]?.patch).toMatch(/^diff --git a\/a.txt b\/a.txt\n/);
  });

  it('gives patches that git applies', async () => {
    const { job, path, ask } = await given();
    write(path, { 'a.txt': 'one\nTWO\n', 'x y/ö.txt': 'odd\n' });
    renameSync(join(path, 'b/c.txt'), join(path, 'b/d.txt'));
    chmodSync(join(path, 'run.sh'), 0o755);
    rmSync(join(path, 'run.sh'));
    symlinkSync('a.txt', join(path, 'run.sh'));
    const { to, files } = await ask();
    const other = await worktree(job, 'tsk_two');
    const input = files.map(({ patch }) => patch).join('');
    execFileSync('git', ['apply', '--index', '-'], { cwd: other, input });
    expect(git(other, 'write-tree')).toBe(to);
  });

  it('tells renames, modes, links, deletions and binary files', async () => {
    const { path, ask } = await given();
    renameSync(join(path, 'b/c.txt'), join(path, 'b/d.txt'));
    chmodSync(join(path, 'run.sh'), 0o755);
    rmSync(join(path, 'a.txt'));
    symlinkSync('run.sh', join(path, 'a.txt'));
    writeFileSync(join(path, 'bin'), Buffer.from([0, 1, 2]));
    const { files } = await ask();
    expect(files).toMatchObject([
      { path: 'a.txt', status: 'type_changed', newMode: '120000' },
      { path: 'b/d.txt', oldPath: 'b/c.txt', status: 'renamed', additions: 0, deletions: 0 },
      { path: 'bin', status: 'added', binary: true, patch: null, omitted: 'binary', additions: null, newBytes: 3 },
      { path: 'run.sh', status: 'modified', oldMode: '100644', newMode: '100755' },
    ]);
    expect(files[1]?.patch).toContain('rename from b/c.txt\nrename to b/d.txt\n');
    expect(files[0]?.patch).toContain('new file mode 120000');
    expect(files[3]?.patch).toContain('new mode 100755');
  });

  it('keeps names with odd bytes apart, and lines that look like headers in their file', async () => {
    const { path, ask } = await given();
    const odd = Buffer.concat([Buffer.from(`${path}/odd`), Buffer.from([0xff]), Buffer.from('\t"\n--')]);
    writeFileSync(odd, 'x\n');
    write(path, { 'a.txt': 'one\ntwo\ndiff --git a/x b/x\n--- a/x\n', '-rf': 'y\n' });
    const { files } = await ask();
    expect(files.map((file) => file.path)).toEqual(['-rf', 'a.txt', 'odd\\xff\t"\n--']);
    expect(files[1]?.patch).toContain('+diff --git a/x b/x\n+--- a/x\n');
    expect(files[2]?.patch).toContain('+x\n');
    expect((await ask({ path: '-rf' })).files).toMatchObject([{ path: '-rf', additions: 1 }]);
  });

  it('shows a turn, what came since the turn before, and nothing where nothing differs', async () => {
    const { path, ask, keep } = await given();
    write(path, { 'a.txt': 'one\n2\n' });
    const first = await keep(1);
    write(path, { 'b/c.txt': 'short\n' });
    const second = await keep(2);
    const paths = async (more: Partial<DiffRequest>) => (await ask(more)).files.map((file) => file.path);
    expect(await paths({ to: first })).toEqual(['a.txt']);
    expect(await paths({ to: second })).toEqual(['a.txt', 'b/c.txt']);
    expect(await paths({ from: first, to: second })).toEqual(['b/c.txt']);
    expect(await paths({ from: second })).toEqual([]);
    expect(await paths({ from: null, to: first })).toEqual(['a.txt']);
  });

  it('counts without patches when only counts are asked for', async () => {
    const { path, ask } = await given();
    write(path, { 'a.txt': 'one\n' });
    expect((await ask({ patches: false })).files).toMatchObject([
      { additions: 0, deletions: 1, patch: null, omitted: 'not_asked' },
    ]);
  });

  it('leaves out what is too large or too much, and says so', async () => {
    const { path, ask } = await given();
    const line = `${'x'.repeat(63)}\n`;
    const large = line.repeat(DIFF_LIMITS.fileBytes / 64 + 1);
    const long = line.repeat((DIFF_LIMITS.patchBytes / 64) * 2);
    write(path, { 'huge.txt': large, 'long.txt': long, 'a.txt': 'one\n', 'z\t.txt': 'z\n' });
    const { files } = await ask();
    expect(files).toMatchObject([
      { path: 'a.txt', omitted: null, truncated: false },
      { path: 'huge.txt', omitted: 'too_large', patch: null, binary: false, newBytes: large.length },
      { path: 'long.txt', omitted: null, truncated: true },
      { path: 'z\t.txt', omitted: null },
    ]);
    expect(files[2]?.patch?.length).toBeLessThanOrEqual(DIFF_LIMITS.patchBytes);
    expect(files[3]?.patch).toContain('+z\n');
    expect((await ask({ path: 'long.txt' })).files).toMatchObject([{ truncated: false }]);
  });

  it('lists so many files at most', async () => {
    const { path, ask } = await given();
    write(
      path,
      Object.fromEntries(Array.from({ length: DIFF_LIMITS.files + 3 }, (_, n) => [`f/${1000 + n}`, `${n}\n`])),
    );
    const { files, filesMore } = await ask();
    expect(files.length).toBe(DIFF_LIMITS.files);
    expect(filesMore).toBe(3);
    expect(files.at(-1)?.patch).toContain('@@');
  });

  it('runs nothing that an agent or a repository names', async () => {
    const { job, path, ask } = await given();
    const proof = join(job.directory, 'proof');
    const program = `touch ${proof}; cat`;
    git(path, 'config', 'diff.evil.command', program);
    git(path, 'config', 'diff.evil.textconv', program);
    git(path, 'config', 'filter.evil.clean', program);
    git(path, 'config', 'diff.external', program);
    git(path, 'config', 'core.fsmonitor', program);
    write(path, { '.gitattributes': '* diff=evil filter=evil\n', 'a.txt': 'three\n' });
    const { files } = await ask();
    expect(files.map((file) => file.path)).toEqual(['.gitattributes', 'a.txt']);
    expect(() => execFileSync('ls', [proof], { stdio: 'ignore' })).toThrow();
  });

  it('hides secrets', async () => {
    const job = await openJob({ 'a.txt': 'one\n' });
    const { hands } = openHands({
      directory: job.directory,
      redact: (text) => text.replaceAll('s3cret', '[redacted]'),
    });
    const path = await worktree({ ...job, hands });
    write(path, { 'a.txt': 'token s3cret\n' });
    const { repositoryId, base } = job;
    const { files } = await hands.readDiff({
      ...{ taskId: 'tsk_one', repositoryId, from: base, to: null, base, patches: true },
    });
    expect(files[0]?.patch).toContain('+token [redacted]');
  });

  it('refuses what is no commit, and says when the work is gone', async () => {
    const { ask, job } = await given();
    await expect(ask({ to: 'HEAD' })).rejects.toMatchObject({ code: 'repository.bad_name' });
    await expect(ask({ to: 'e'.repeat(40) })).rejects.toMatchObject({ code: 'diff.not_kept' });
    await job.hands.removeWorktree({ taskId: 'tsk_one', repositoryId: job.repositoryId });
    await expect(ask()).rejects.toMatchObject({ code: 'worktree.failed' });
  });
});
