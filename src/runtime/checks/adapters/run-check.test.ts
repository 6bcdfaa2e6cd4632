import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckRequest } from '../../runner.ts';
import {
  gatesOf,
  type Job,
  openHands,
  openJob,
  scratch,
  type Tree,
  write,
} from '../../worktrees/adapters/test-support.ts';

const failsWith = (code: string) => expect.objectContaining({ code });
const limits = { wallMs: 25_000, outputBytesMax: 20_000 };

function check(job: Job, command: string, more: Partial<CheckRequest> = {}) {
  const { hands, repositoryId, base } = job;
  return hands.runCheck({ checkKey: `chk ${command}`, repositoryId, commit: base, command, limits, ...more });
}

const NODE_TESTS: Tree = {
  'package.json': '{"type":"module","scripts":{"test":"node --test"}}',
  'test/sum.test.js': `
    import test, { describe, it } from 'node:test';
    import assert from 'node:assert';
    describe('sum', () => { it('adds', () => {}); it('carries', () => assert.equal(1, 2)); });
    test('later', { skip: true }, () => {});
    test('parent', async (t) => { await t.test('child', () => {}); });
  `,
  'test/crash.test.js': `import './absent.js';`,
  'test/syntax.test.js': `import test from 'node:test'; test('never', () => {`,
};
const NODE_OUTCOMES = [
  ['test/crash.test.js', 'failed'],
  ['test/sum.test.js > later', 'skipped'],
  ['test/sum.test.js > parent > child', 'passed'],
  ['test/sum.test.js > sum > adds', 'passed'],
  ['test/sum.test.js > sum > carries', 'failed'],
  ['test/syntax.test.js', 'failed'],
];

/** A killed process that nobody has waited for yet does not count. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const outcomes = (result: { tests: { id: string; status: string }[] | null }) =>
  result.tests?.map(({ id, status }) => [id, status]).sort();

describe('runCheck', () => {
  it('passes and fails by the exit code, and knows no tests of an unknown runner', async () => {
    const job = await openJob();
    const passed = await check(
      job,
      `"${process.execPath}" -e "console.log(process.env.CI, process.env.NO_COLOR, process.env.SECRET)"`,
    );
    expect(passed).toMatchObject({ status: 'passed', exitCode: 0, signal: null, tests: null, tail: '1 1 undefined\n' });
    const failed = await check(job, `"${process.execPath}" -e "process.exit(3)"`);
    expect(failed).toMatchObject({ status: 'failed', exitCode: 3 });
    expect(readdirSync(join(job.directory, 'checks'))).toEqual(['results']);
  });

  it('does not fail a green suite by the way it listens, whichever Node runs it', async () => {
    const job = await openJob({ 'test/one.test.js': "require('node:test')('fine', () => {});" });
    const result = await check(job, `"${process.execPath}" --test`);
    expect(result, result.tail).toMatchObject({ status: 'passed', exitCode: 0 });
    expect(outcomes(result)).toEqual([['test/one.test.js > fine', 'passed']]);
  });

  it('tells single tests of node --test', async () => {
    const job = await openJob(NODE_TESTS);
    const result = await check(job, 'npm test');
    expect(result.status).toBe('failed');
    expect(outcomes(result)).toEqual(NODE_OUTCOMES);
    expect(result.tests?.find((one) => one.name === 'sum > carries')?.message).toMatch(/1 == 2/);
    expect(result.tail).toContain('carries');
    expect(outcomes(await check(job, 'node --test'))).toEqual(NODE_OUTCOMES);
    const old = existsSync('/usr/bin/node') ? '/usr/bin/node' : process.execPath;
    expect(outcomes(await check(job, `${old} --test`))).toEqual(NODE_OUTCOMES);
  });

  it('passes where all tests of this Node pass', async () => {
    const job = await openJob({ 'sum.test.js': `require('node:test').test('adds', () => {});` });
    const result = await check(job, `"${process.execPath}" --test`);
    expect(result).toMatchObject({ status: 'passed', exitCode: 0 });
    expect(outcomes(result)).toEqual([['sum.test.js > adds', 'passed']]);
  });

  it('tells single tests of a script with a reporter of its own', async () => {
    const job = await openJob({
      ...NODE_TESTS,
      'package.json': '{"type":"module","scripts":{"test":"node --test --test-reporter=tap"}}',
    });
    const result = await check(job, 'npm test');
    expect(outcomes(result)).toEqual(NODE_OUTCOMES);
    expect(result.tail).toContain('TAP version 13');
  });

  it('tells single tests of vitest, with the user’s ignored dependencies', async () => {
    const job = await openJob({
      '.gitignore': 'node_modules\n',
      'package.json': '{"type":"module","scripts":{"test":"npm run unit","unit":"vitest run"}}',
      'src/sum.test.ts': `
        import { describe, expect, it } from 'vitest';
        describe('sum', () => { it('adds', () => {}); it('carries', () => expect(1).toBe(2)); });
        it.skip('later', () => {});
      `,
      'src/crash.test.ts': `import './absent.js';`,
    });
    symlinkSync(join(process.cwd(), 'node_modules'), join(job.user.path, 'node_modules'));
    writeFileSync(join(job.user.path, '.git/info/exclude'), 'node_modules\n');
    const copyIgnored = { from: job.user.path, globs: ['node_modules'] };
    const result = await check(job, 'npm test', { copyIgnored });
    expect(outcomes(result)).toEqual([
      ['src/crash.test.ts', 'failed'],
      ['src/sum.test.ts > later', 'skipped'],
      ['src/sum.test.ts > sum > adds', 'passed'],
      ['src/sum.test.ts > sum > carries', 'failed'],
    ]);
  });

  it('runs setup commands before, on the commit that was asked for', async () => {
    const job = await openJob({ 'a.txt': 'base' });
    const { hands, repositoryId, base } = job;
    const { path } = await hands.prepareWorktree({ taskId: 'tsk_1', repositoryId, branch: 'heph/tsk_1', commit: base });
    write(path, { 'a.txt': 'candidate' });
    const kept = await hands.keepTree({ taskId: 'tsk_1', repositoryId, turn: 1, base, message: 'Turn' });
    const setup = [['cp', 'a.txt', 'b.txt']];
    const result = await check(job, 'cat b.txt', { setup, commit: kept.commit ?? '' });
    expect(result.tail).toBe('candidate');
    await expect(check(job, 'cat c.txt', { setup: [['false']] })).rejects.toThrow(failsWith('check.failed_to_run'));
  });

  it('answers a recorded key again, also on another start, and shares one run among callers', async () => {
    const ledger = join(scratch(), 'ledger');
    const job = await openJob({ 'count.cjs': `require('fs').appendFileSync(${JSON.stringify(ledger)}, 'ran ')` });
    const [one, two] = await Promise.all([check(job, 'node count.cjs'), check(job, 'node count.cjs')]);
    expect(two).toEqual(one);
    const again = openHands({ directory: job.directory }).hands;
    expect(await check({ ...job, hands: again }, 'node count.cjs')).toEqual(one);
    expect(readFileSync(ledger, 'utf8')).toBe('ran ');
    await check(job, 'node count.cjs', { checkKey: 'another', cache: 'renew' });
    expect(readFileSync(ledger, 'utf8')).toBe('ran ran ');
  });

  it('runs again when a crash tore the record or left a checkout', async () => {
    const job = await openJob();
    await check(job, 'true');
    const results = join(job.directory, 'checks', 'results');
    const [name = ''] = readdirSync(results);
    writeFileSync(join(results, name), '{"checkKey"');
    write(join(job.directory, 'checks', name.replace('.json', '')), { 'half/way': '' });
    expect(await check(job, 'true')).toMatchObject({ status: 'passed' });
  });

  it('ends the whole group at the wall limit, also what ignores SIGTERM', async () => {
    const script = `
      process.on('SIGTERM', () => {});
      const child = require('child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6)'], { stdio: 'inherit' });
      console.log(child.pid);
      setInterval(() => {}, 1e6);
    `;
    const job = await openJob({ 'hang.cjs': script });
    const result = await check(job, 'node hang.cjs', { limits: { wallMs: 1_500, outputBytesMax: 1_000 } });
    expect(result).toMatchObject({ status: 'timed_out', signal: 'SIGKILL' });
    expect(isRunning(Number(result.tail))).toBe(false);
  });

  it('keeps the end of a flood, redacted', async () => {
    const job = await openJob({ 'flood.cjs': `for (let n = 0; n < 2e4; n++) console.log('secret line ' + n)` });
    const { hands } = openHands({
      directory: job.directory,
      engine: gatesOf(job.directory, ['secret line']),
    });
    const result = await check({ ...job, hands }, 'node flood.cjs', {
      limits: { wallMs: 20_000, outputBytesMax: 2_000 },
    });
    expect(result.tail).toMatch(/redacted.* 19999/);
    expect(result.tail).not.toContain('secret line');
    expect(result.tail.length).toBeLessThan(3_000);
  });

  it('throws what cannot be run, and refuses what needs a shell', async () => {
    const job = await openJob();
    await expect(check(job, 'no-such-program --x')).rejects.toThrow(
      expect.objectContaining({ code: 'check.failed_to_run', retryable: false }),
    );
    for (const command of ['npm test | tee x', 'a && b', 'a; b', 'a > b', 'X=1 npm test', "a 'b", '']) {
      await expect(check(job, command)).rejects.toThrow(failsWith('input.invalid'));
    }
    await expect(check(job, 'true', { repositoryId: 'rep_unknown', checkKey: 'u' })).rejects.toThrow(
      failsWith('check.failed_to_run'),
    );
    await expect(check(job, 'true', { commit: '--all', checkKey: 'c' })).rejects.toThrow(
      failsWith('repository.bad_name'),
    );
  });
});
