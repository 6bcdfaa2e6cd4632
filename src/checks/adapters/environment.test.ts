import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  commitAll,
  gatesOf,
  type Job,
  openHands,
  openJob,
  type Tree,
  write,
} from '../../runtime/worktrees/adapters/test-support.ts';
import type { WorktreeReady } from '../../runtime/runner.ts';

const NODE = JSON.stringify(process.execPath);
const script = (text: string) => `[${NODE}, -e, ${JSON.stringify(text)}]`;
const THERE = script("process.exit(require('fs').existsSync('.tools/ready') ? 0 : 1)");
const MAKE = script(
  "require('fs').mkdirSync('.tools', { recursive: true }); require('fs').writeFileSync('.tools/ready', '')",
);
const tools = (more = '') => `checks:\n  tools: { run: ${THERE}, tags: [environment]${more} }\n`;

/** A worktree of a new task on the user's files as they are with these among them. */
async function prepared(job: Job, files: Tree): Promise<WorktreeReady> {
  write(job.user.path, files);
  const commit = commitAll(job.user.path, 'more');
  const { repositoryId, hands } = job;
  await hands.openRun({ repositoryId, path: job.user.path, commit, runBranch: `heph/run-${commit.slice(0, 8)}` });
  const taskId = `tsk_${commit.slice(0, 10)}`;
  const copyIgnored = { from: job.user.path, globs: ['node_modules'] };
  return hands.prepareWorktree({
    taskId,
    repositoryId,
    branch: `heph/${taskId}`,
    commit,
    copyIgnored,
    trusted: job.base,
  });
}

const IGNORE = { '.gitignore': '.tools\nnode_modules\n' };

describe('the environment of a worktree', () => {
  it('is not asked about where the repository says nothing of it', async () => {
    const job = await openJob();
    expect(
      await prepared(job, { 'package.json': '{"engines":{"node":"<1"},"scripts":{"test":"node --test"}}' }),
    ).not.toHaveProperty('environment');
    expect(
      await prepared(job, { 'checks.yaml': `checks: { a: { run: ${script('process.exit(1)')} } }` }),
    ).not.toHaveProperty('environment');
  });

  it('is mended by a known fix, which is told, and told again to whoever asks again', async () => {
    const job = await openJob();
    const ready = await prepared(job, { ...IGNORE, 'checks.yaml': tools(`, fix: ${MAKE}`) });
    expect(existsSync(join(ready.path, '.tools/ready'))).toBe(true);
    expect(ready.environment).toMatchObject({ checks: [{ name: 'tools', status: 'passed' }] });
    expect(ready.environment?.fixed).toEqual([expect.stringMatching(/^tools by `.*mkdirSync/)]);
    const taskId = `tsk_${ready.commit.slice(0, 10)}`;
    const { repositoryId } = job;
    const again = openHands({ directory: job.directory }).hands;
    expect(await again.prepareWorktree({ taskId, repositoryId, branch: ready.branch, commit: ready.commit })).toEqual(
      ready,
    );
  });

  it('that cannot be had is the reason why there is no worktree', async () => {
    const job = await openJob();
    const failing = prepared(job, { ...IGNORE, 'checks.yaml': tools() });
    await expect(failing).rejects.toMatchObject({
      ...{ code: 'environment.unfit', retryable: false },
      message: expect.stringContaining('tools: it ended with exit code 1'),
    });
    const useless = prepared(job, {
      'checks.yaml': tools(`, fix: ${script("console.log('sorry'); process.exit(3)")}`),
    });
    await expect(useless).rejects.toMatchObject({
      message: expect.stringMatching(/Tried: tools by .*ended with exit code 3/),
    });
  });

  it('is not mended by what changes files that are to be committed', async () => {
    const job = await openJob();
    const fix = script("require('fs').writeFileSync('tracked', 'changed')");
    const files = { ...IGNORE, tracked: 'as it was', 'checks.yaml': tools(`, fix: ${fix}`) };
    await expect(prepared(job, files)).rejects.toMatchObject({
      code: 'environment.unfit',
      message: expect.stringContaining('do it yourself and commit them'),
    });
  });

  it('names what is not installed, and wants the version that is asked for', async () => {
    const job = await openJob();
    const wanted = prepared(job, {
      'package.json': '{"engines":{"node":"<1"}}',
      'checks.yaml': 'checks: { node: { builtin: runtime } }',
    });
    await expect(wanted).rejects.toMatchObject({
      message: expect.stringMatching(/node: node is .*, and <1 is wanted\./),
    });
    const locked = { 'package.json': '{"dependencies":{"x":"1"}}', 'package-lock.json': '{"packages":{"":{}}}' };
    const lockfile = prepared(job, { ...locked, 'checks.yaml': 'checks: { lock: { builtin: lockfile } }' });
    await expect(lockfile).rejects.toMatchObject({ message: expect.stringContaining('differ in x') });
  });

  it('installs the locked dependencies in a worktree and in a checkout that is judged', async () => {
    const job = await openJob();
    const engine = gatesOf(job.directory, [], { ...process.env, npm_config_offline: 'true' });
    const opened = { ...job, hands: openHands({ directory: job.directory, engine }).hands };
    const manifest = { name: 'own', version: '1.0.0', dependencies: { dep: 'file:dep' } };
    const files: Tree = {
      ...IGNORE,
      'dep/package.json': '{"name":"dep","version":"1.0.0"}',
      'package.json': JSON.stringify(manifest),
      'package-lock.json': JSON.stringify({
        ...{ name: 'own', version: '1.0.0', lockfileVersion: 3, requires: true },
        packages: {
          '': manifest,
          dep: { version: '1.0.0' },
          'node_modules/dep': { resolved: 'dep', link: true },
        },
      }),
      'checks.yaml': `checks:\n  deps: { builtin: dependencies }\n  test: { run: ${script("require('dep/package.json')")}, needs: [deps] }\n`,
    };
    const ready = await prepared(opened, files);
    expect(ready.environment?.fixed).toEqual(['deps by `npm ci --no-audit --no-fund`']);
    expect(readFileSync(join(ready.path, 'node_modules/dep/package.json'), 'utf8')).toContain('dep');
    const judged = await opened.hands.runCheck({
      ...{ checkKey: 'k', repositoryId: job.repositoryId, commit: ready.commit, command: 'heph check' },
      limits: { wallMs: 60_000, outputBytesMax: 2_000 },
    });
    expect(judged).toMatchObject({ status: 'passed', fixed: ['deps by `npm ci --no-audit --no-fund`'] });
    expect(readdirSync(join(job.directory, 'checks'))).toEqual(['results']);
  });

  it('gives its checks no variable that the trusted definition does not name', async () => {
    const job = await openJob();
    const engine = gatesOf(job.directory, [], { ...process.env, HEPH_TEST_SECRET: 'the secret' });
    const opened = { ...job, hands: openHands({ directory: job.directory, engine }).hands };
    const asks = script('process.exit(process.env.HEPH_TEST_SECRET ? 0 : 4)');
    const files = {
      'checks.yaml': `checks: { a: { run: ${asks}, inputs: { env: [HEPH_TEST_SECRET] }, tags: [environment] } }`,
    };
    await expect(prepared(opened, files)).rejects.toMatchObject({ message: expect.stringContaining('exit code 4') });
  });
});
