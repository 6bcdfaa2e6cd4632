import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runsOf } from '../../../tests/support/marks.ts';
import type { CheckRequest, CheckResult } from '../../runtime/runner.ts';
import {
  commitAll,
  gatesOf,
  git,
  type Job,
  openHands,
  openJob,
  type Tree,
  write,
} from '../../runtime/worktrees/adapters/test-support.ts';
import { benchAt } from './test-support.ts';

const limits = { wallMs: 60_000, outputBytesMax: 20_000 };
const NODE = JSON.stringify(process.execPath);

/** Two packages, each with a test that leaves a letter beside the data when it runs, and a check of its own. */
function packages(marks: string): Tree {
  const test = (name: string) => `
    require('fs').appendFileSync(${JSON.stringify(marks)} + '/${name}.mark', 'x');
    if (require('fs').existsSync(${JSON.stringify(marks)} + '/broken')) process.exit(1);
    const { value } = require('../packages/${name}/index.js');
    require('node:test').test('${name} is good', () => require('node:assert').equal(value, 'good'));
  `;
  return {
    'checks.yaml': `checks:
  a: { run: [${NODE}, --test, test/a.test.js], inputs: { files: ["packages/a/**", test/a.test.js] }, tags: [tests] }
  b: { run: [${NODE}, --test, test/b.test.js], inputs: { files: ["packages/b/**", test/b.test.js] }, tags: [tests] }
`,
    'packages/a/index.js': "exports.value = 'good';",
    'packages/b/index.js': "exports.value = 'good';",
    'test/a.test.js': test('a'),
    'test/b.test.js': test('b'),
  };
}

/** A repository of two packages; `marks` is the folder that `runsOf` looks beside. */
async function twoPackages(): Promise<Job & { marks: string }> {
  const job = await openJob();
  const marks = join(job.directory, '..');
  write(job.user.path, packages(marks));
  return { ...job, base: await taken(job, 'the packages'), marks: join(marks, 'marks') };
}

/** The user's files as they are now, as a commit that the mirror has. */
async function taken(job: Job, message: string): Promise<string> {
  const commit = commitAll(job.user.path, message);
  const { repositoryId } = job;
  await job.hands.openRun({ repositoryId, path: job.user.path, commit, runBranch: `heph/run-${commit.slice(0, 8)}` });
  return commit;
}

/** What becomes of the base with these files changed. */
function changed(job: Job, files: Tree): Promise<string> {
  git(job.user.path, 'checkout', '--quiet', '--detach', job.base);
  write(job.user.path, files);
  return taken(job, 'changed');
}

let asked = 0;
const judge = (job: Job, commit: string, more: Partial<CheckRequest> = {}): Promise<CheckResult> =>
  job.hands.runCheck({
    checkKey: `key ${++asked}`,
    repositoryId: job.repositoryId,
    commit,
    command: 'heph check',
    limits,
    trusted: job.base,
    ...more,
  });

const told = ({ checks = [] }: CheckResult) =>
  Object.fromEntries(checks.map(({ name, status, cached }) => [name, cached ? `${status} from cache` : status]));
/** The verdict without what tells how it came about. */
const verdict = ({ status, exitCode, tests, source, checks = [] }: CheckResult) => ({
  ...{ status, exitCode, source },
  tests: tests?.toSorted((a, b) => a.id.localeCompare(b.id)),
  checks: checks.map(({ name, status: end, key }) => [name, end, key]),
});

describe('a gate', () => {
  it('does not test a package again that is as it was, in whichever checkout, and says so', async () => {
    const job = await twoPackages();
    const base = await judge(job, job.base);
    expect(base).toMatchObject({ status: 'passed', exitCode: 0, source: 'checks.yaml', savedMs: 0 });
    expect(told(base)).toEqual({ a: 'passed', b: 'passed' });

    const candidate = await judge(job, await changed(job, { 'packages/a/more.js': '1' }));
    expect(told(candidate)).toEqual({ a: 'passed', b: 'passed from cache' });
    expect(candidate.checks?.[1]?.why).toMatch(/^same files and tools as when it passed, \d+ s ago$/);
    expect(candidate.savedMs).toBe(candidate.checks?.[1]?.durationMs);
    expect(candidate.tests?.map(({ id }) => id)).toEqual(['test/a.test.js > a is good', 'test/b.test.js > b is good']);
    expect(runsOf(job.marks, 'a', 'b')).toEqual([2, 1]);
  });

  it('answers the same with the cache, without it, and when all was forgotten', async () => {
    const job = await twoPackages();
    const red = await changed(job, { 'packages/b/index.js': "exports.value = 'bad';" });
    for (const commit of [job.base, red]) {
      const first = await judge(job, commit);
      const again = await judge(job, commit);
      expect(verdict(again)).toEqual(verdict(first));
      expect(told(again).a).toBe('passed from cache');
      expect(verdict(await judge(job, commit, { cache: 'renew' }))).toEqual(verdict(first));
      expect(verdict(await judge(job, commit, { cache: 'none' }))).toEqual(verdict(first));
      rmSync(join(job.directory, 'gates'), { recursive: true });
      expect(verdict(await judge(job, commit))).toEqual(verdict(first));
    }
  });

  it('takes nothing from the cache where everything is to run, and keeps what it found then', async () => {
    const job = await twoPackages();
    await judge(job, job.base);
    expect(told(await judge(job, job.base, { cache: 'renew' }))).toEqual({ a: 'passed', b: 'passed' });
    expect(told(await judge(job, job.base, { cache: 'none' }))).toEqual({ a: 'passed', b: 'passed' });
    expect(told(await judge(job, job.base))).toEqual({ a: 'passed from cache', b: 'passed from cache' });
    expect(runsOf(job.marks, 'a', 'b')).toEqual([3, 3]);
  });

  it('never takes red for green, and forgets a green result that turned red', async () => {
    const job = await twoPackages();
    const red = await changed(job, { 'packages/a/index.js': "exports.value = 'bad';" });
    for (const times of [1, 2]) {
      const result = await judge(job, red);
      expect(result).toMatchObject({ status: 'failed', exitCode: 1 });
      expect(told(result).a).toBe('failed');
      expect(runsOf(job.marks, 'a')).toEqual([times]);
    }
    // A reason for the failure that no input tells: what is found by asking anew replaces what was known.
    await judge(job, job.base);
    writeFileSync(join(job.marks, '..', 'broken'), '');
    expect(told(await judge(job, job.base)).a).toBe('passed from cache');
    expect(told(await judge(job, job.base, { cache: 'renew' })).a).toBe('failed');
    expect(told(await judge(job, job.base)).a).toBe('failed');
  });

  it('judges by names, with what they need, and tells the rest of the output at the end', async () => {
    const job = await twoPackages();
    const red = await changed(job, { 'packages/a/index.js': "exports.value = 'bad';" });
    expect(told(await judge(job, red, { command: 'heph check b' }))).toEqual({ b: 'passed' });
    const result = await judge(job, red);
    expect(result.tail).toMatch(/^b \(passed\)[^]*a \(failed\): it ended with exit code 1: 1 of 1 tests failed\n/);
    await expect(judge(job, red, { command: 'heph check --fast' })).rejects.toMatchObject({ code: 'input.invalid' });
  });

  it('is one check with the whole tree as its input where a command is all there is', async () => {
    const job = await twoPackages();
    const command = `${NODE} --test test/b.test.js`;
    const first = await judge(job, job.base, { command });
    expect(first).toMatchObject({ status: 'passed', source: null });
    const again = await judge(job, job.base, { command });
    expect(again).toMatchObject({ status: 'passed', exitCode: 0, durationMs: 0, tail: first.tail, tests: first.tests });
    expect(told(again)).toEqual({ check: 'passed from cache' });
    const other = await changed(job, { 'packages/a/more.js': '1' });
    expect(told(await judge(job, other, { command }))).toEqual({ check: 'passed' });
    expect(runsOf(job.marks, 'b')).toEqual([2]);
    // What a setup makes, nobody can tell.
    const setup = [[process.execPath, '-e', '0']];
    expect(told(await judge(job, job.base, { command, setup }))).toEqual({ check: 'passed' });
  });

  it('counts what is installed, which no commit holds', async () => {
    const job = await twoPackages();
    const command = `${NODE} --test test/b.test.js`;
    const copyIgnored = { from: job.user.path, globs: ['node_modules'] };
    writeFileSync(join(job.user.path, '.git/info/exclude'), 'node_modules\n');
    write(job.user.path, { 'node_modules/.package-lock.json': '{"packages":{}}' });
    await judge(job, job.base, { command, copyIgnored });
    expect(told(await judge(job, job.base, { command, copyIgnored }))).toEqual({ check: 'passed from cache' });
    write(job.user.path, { 'node_modules/.package-lock.json': '{"packages":{"node_modules/x":{"version":"2"}}}' });
    expect(told(await judge(job, job.base, { command, copyIgnored }))).toEqual({ check: 'passed' });
  });

  it('says that a tree whose definition cannot be read is red, and why', async () => {
    const job = await twoPackages();
    const broken = await changed(job, { 'checks.yaml': 'checks: { a: { runs: x } }' });
    const result = await judge(job, broken);
    expect(result).toMatchObject({ status: 'failed', tests: null, checks: [] });
    expect(result.tail).toContain('checks.yaml:1');
    const without = await changed(job, { 'checks.yaml': 'checks: { b: { run: node } }' });
    expect((await judge(job, without, { command: 'heph check a' })).tail).toContain('"a" is no check');
  });

  it('cannot judge where no check fits', async () => {
    const job = await twoPackages();
    const nowhere = await changed(job, { 'checks.yaml': 'checks: { a: { run: node, when: { platform: plan9 } } }' });
    await expect(judge(job, nowhere)).rejects.toMatchObject({ code: 'check.failed_to_run' });
  });

  it('counts a warning and fails nothing by it', async () => {
    const job = await twoPackages();
    const warning = await changed(job, {
      'checks.yaml': `checks: { a: { run: [${NODE}, -e, "process.exit(1)"], warn: true } }`,
    });
    const result = await judge(job, warning);
    expect(result).toMatchObject({ status: 'passed', exitCode: 0 });
    expect(told(result)).toEqual({ a: 'warning' });
  });

  it('ends all checks at the time limit', async () => {
    const job = await twoPackages();
    const slow = await changed(job, {
      'checks.yaml': `checks: { a: { run: [${NODE}, -e, "setInterval(() => {}, 1e6)"] } }`,
    });
    const result = await judge(job, slow, { limits: { ...limits, wallMs: 1_000 } });
    expect(result).toMatchObject({ status: 'timed_out', exitCode: null });
    expect(told(result)).toEqual({ a: 'cancelled' });
  });
});

describe('the cache of the gates', () => {
  it('is not poisoned by work that changes what its checks depend on', async () => {
    const job = await twoPackages();
    // It leaves its own judge out of the inputs, lets that judge say yes, and would later hand in the same inputs without it.
    const bad = "exports.value = 'bad';";
    const cheat: Tree = {
      'packages/a/index.js': bad,
      'checks.yaml': `checks:\n  a: { run: [${NODE}, --test, test/a.test.js], inputs: { files: ["packages/a/**", test/a.test.js] } }\n`,
      'test/a.test.js': "require('node:test').test('a is good', () => {});",
    };
    // So the runner is told to keep nothing of what was said by a judge that the work has touched.
    expect(await judge(job, await changed(job, cheat), { cache: 'none' })).toMatchObject({ status: 'passed' });
    expect(readdirSync(join(job.directory, 'gates', job.repositoryId))).not.toContain('results');
    expect(await judge(job, await changed(job, { 'packages/a/index.js': bad }))).toMatchObject({ status: 'failed' });
  });

  it('does not know what `heph check` has kept, or what a worktree holds', async () => {
    const job = await twoPackages();
    await judge(job, job.base);
    const [shard = ''] = readdirSync(join(job.directory, 'gates', job.repositoryId, 'results'));
    const kept = join(job.directory, 'gates', job.repositoryId, 'results', shard);
    const [name = ''] = readdirSync(kept);
    const text = readFileSync(join(kept, name), 'utf8');
    // A person's or an agent's own results lie elsewhere, under the same keys.
    write(job.directory, { [`checked/${job.repositoryId}/results/${shard}/${name}`]: text });
    rmSync(join(job.directory, 'gates'), { recursive: true });
    expect(told(await judge(job, job.base))).toEqual({ a: 'passed', b: 'passed' });
  });

  it('is believed by `heph check` in the user’s own work tree, which it tells of the gates’ runs, too', async () => {
    const job = await twoPackages();
    await judge(job, job.base);
    const bench = benchAt(job.user.path, join(job.directory, 'checked'), {}, false);
    expect(bench.open().place.repositoryId).toBe(job.repositoryId);
    const run = await bench.run();
    expect(run).toMatchObject({ state: 'skipped', checks: [{ cached: true }, { cached: true }] });
    expect(await bench.open().judgedRuns()).toMatchObject([{ state: 'passed', head: job.base, source: 'checks.yaml' }]);
    expect(runsOf(job.marks, 'a', 'b')).toEqual([1, 1]);
  });

  it('sets aside a result that was changed by hand', async () => {
    const job = await twoPackages();
    const red = await changed(job, { 'packages/a/index.js': "exports.value = 'bad';" });
    await judge(job, red);
    const results = join(job.directory, 'gates', job.repositoryId, 'results');
    for (const path of readdirSync(results, { recursive: true, encoding: 'utf8' }).filter((one) =>
      one.endsWith('.json'),
    )) {
      const text = readFileSync(join(results, path), 'utf8');
      writeFileSync(join(results, path), text.replace('"status":"failed"', '"status":"passed"'));
    }
    expect(await judge(job, red)).toMatchObject({ status: 'failed' });
    expect(readdirSync(join(results, '..', 'damaged'))).toHaveLength(1);
  });

  it('gives a definition that is not trusted no variable that the trusted one does not name', async () => {
    const job = await openJob();
    const tells = (name: string) =>
      `checks: { a: { run: [${NODE}, -e, "console.log('it is ' + process.env.${name})"], inputs: { env: [${name}] } } }`;
    write(job.user.path, { 'checks.yaml': tells('HEPH_TEST_ANY') });
    const base = await taken(job, 'base');
    const engine = gatesOf(job.directory, [], {
      ...process.env,
      HEPH_TEST_ANY: 'given',
      HEPH_TEST_SECRET: 'the secret',
    });
    const opened = { ...job, base, hands: openHands({ directory: job.directory, engine }).hands };
    expect((await judge(opened, base)).tail).toContain('it is given');
    const wanting = await changed(opened, { 'checks.yaml': tells('HEPH_TEST_SECRET') });
    expect((await judge(opened, wanting)).tail).toContain('it is undefined');
    // The user's own commit may name what it likes.
    expect((await judge(opened, wanting, { trusted: wanting })).tail).toContain('it is the secret');
  });
});
