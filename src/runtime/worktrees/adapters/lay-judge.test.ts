import { expect, it } from 'vitest';
import { git, type Job, openJob, scratch, type Tree, write } from './test-support.ts';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

const BASE: Tree = {
  'src/add.js': 'wrong\n',
  'test/add.test.js': 'strict\n',
  'test/deep/gone.test.js': 'here\n',
  'package.json': '{"scripts":{"test":"node --test"}}\n',
};

async function judged(change: Tree, more: { remove?: string[]; leave?: ['test'] } = {}) {
  const job = await openJob(BASE);
  const { hands, repositoryId, base } = job;
  const taskId = 'tsk_1';
  const { path } = await hands.prepareWorktree({ taskId, repositoryId, branch: `heph/${taskId}`, commit: base });
  for (const one of more.remove ?? []) rmSync(join(path, one), { recursive: true });
  write(path, change);
  const { commit } = await hands.keepTree({ taskId, repositoryId, turn: 1, base, message: taskId });
  const request = { repositoryId, base, commit: commit ?? base, command: 'npm test', leave: more.leave ?? [] };
  return { job, laid: await hands.layJudge(request), request };
}

const show = (job: Job, commit: string | null, path: string) => git(job.mirror, 'show', `${commit}:${path}`);
const listed = (job: Job, commit: string | null) => git(job.mirror, 'ls-tree', '-r', '--name-only', `${commit}`);

it('leaves work alone that touches nothing of its judge', async () => {
  const { laid } = await judged({ 'src/add.js': 'right\n' });
  expect(laid).toEqual({ touched: [], commit: null, tree: null });
});

it('names a new test and judges by it', async () => {
  const { laid } = await judged({ 'test/more.test.js': 'more\n' });
  expect(laid).toEqual({
    touched: [{ path: 'test/more.test.js', kind: 'test', change: 'added' }],
    commit: null,
    tree: null,
  });
});

it('puts tests back that were edited or removed, and keeps the work and the new test', async () => {
  const { job, laid } = await judged(
    { 'src/add.js': 'right\n', 'test/add.test.js': 'loose\n', 'test/more.test.js': 'more\n' },
    { remove: ['test/deep'] },
  );
  expect(laid.touched.map(({ path, change }) => `${change} ${path}`).sort()).toEqual([
    'added test/more.test.js',
    'changed test/add.test.js',
    'removed test/deep/gone.test.js',
  ]);
  expect(show(job, laid.commit, 'test/add.test.js')).toBe('strict');
  expect(show(job, laid.commit, 'test/deep/gone.test.js')).toBe('here');
  expect(show(job, laid.commit, 'test/more.test.js')).toBe('more');
  expect(show(job, laid.commit, 'src/add.js')).toBe('right');
});

it('takes out a runner that was slipped in and gives the scripts back', async () => {
  const { job, laid } = await judged({
    'vitest.config.js': 'fake\n',
    'package.json': '{"scripts":{"test":"true"},"dependencies":{"b":"2"}}\n',
  });
  expect(laid.touched.map(({ kind }) => kind).sort()).toEqual(['manifest', 'runner']);
  expect(listed(job, laid.commit)).not.toContain('vitest.config.js');
  expect(JSON.parse(show(job, laid.commit, 'package.json'))).toEqual({
    scripts: { test: 'node --test' },
    dependencies: { b: '2' },
  });
});

it('puts a folder of tests back that became a link', async () => {
  const elsewhere = scratch();
  const { job, laid } = await judged({ test: { link: elsewhere } }, { remove: ['test'] });
  expect(show(job, laid.commit, 'test/add.test.js')).toBe('strict');
});

it('leaves the tests, and nothing else, where they are the work', async () => {
  const change = { 'test/add.test.js': 'better\n', Makefile: 'test:\n' };
  const { job, laid } = await judged(change, { leave: ['test'] });
  expect(laid.touched).toHaveLength(2);
  expect(show(job, laid.commit, 'test/add.test.js')).toBe('better');
  expect(listed(job, laid.commit)).not.toContain('Makefile');
});

it('lays the same tree when it is asked again', async () => {
  const { job, laid, request } = await judged({ 'test/add.test.js': 'loose\n' });
  expect((await job.hands.layJudge(request)).tree).toBe(laid.tree);
});
