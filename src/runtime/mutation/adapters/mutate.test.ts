import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commitAll, git, type Job, openJob, scratch, type Tree, write } from '../../worktrees/adapters/test-support.ts';
import type { MutationRequest, MutationScore } from '../mutation.ts';

const failsWith = (code: string) => expect.objectContaining({ code });

const PACKAGE = '{"type":"module","scripts":{"test":"node --test"}}';
const NEVER_RUN = 'export const round = (x) => x * 2;\n';

/** A user's repository whose second commit is the change, and a run that holds both. */
async function change(before: Tree, after: Tree): Promise<Job & { commit: string }> {
  const job = await openJob(before);
  write(job.user.path, after);
  const commit = commitAll(job.user.path, 'The change');
  const { repositoryId, user } = job;
  await job.hands.openRun({ repositoryId, path: user.path, commit, runBranch: 'heph/run-2' });
  return { ...job, commit };
}

async function mutate(job: Job & { commit: string }, more: Partial<MutationRequest> = {}) {
  const { repositoryId, base, commit } = job;
  const request = { key: 'one', repositoryId, base, commit, command: 'npm test', baseline: 'green', seed: 1 } as const;
  return job.hands.mutate({ ...request, budgetMs: 60_000, ...more });
}

async function score(...args: Parameters<typeof mutate>): Promise<MutationScore> {
  const result = await mutate(...args);
  if (!result.measured) throw new Error(result.reason);
  return result;
}

const testOf = (line: string) =>
  `import test from 'node:test';\nimport assert from 'node:assert';\nimport * as m from '../src/m.js';\ntest('m', () => { ${line} });\n`;
const brief = ({ survived }: MutationScore) =>
  survived.map(({ line, original, replacement }) => `${line}: ${original} → ${replacement}`);

const BEFORE = {
  'package.json': PACKAGE,
  'src/m.js': 'export const twice = (x) => x + x;\n',
  'test/m.test.js': testOf('m.twice(1);'),
};
const AFTER = `${BEFORE['src/m.js']}export function isAdult(age) {\n  return age >= 18;\n}\n`;

it('finds no survivor where the tests see the change, and asks nothing about the lines around it', async () => {
  const seen = testOf(
    'assert(m.isAdult(18)); assert(!m.isAdult(17)); assert(m.isAdult(19)); assert.equal(m.isAdult(1), false);',
  );
  const job = await change(BEFORE, { 'src/m.js': AFTER, 'test/m.test.js': seen });
  const result = await score(job);
  expect(result).toMatchObject({ survived: [], timedOut: 0, untested: 0, score: 1, killed: result.mutants });
  expect(result.mutants).toBeGreaterThan(3);
  expect(readdirSync(join(job.directory, 'checks'))).toEqual(['results']);
});

it('names what the tests would not notice, with its place', async () => {
  const job = await change(BEFORE, {
    'src/m.js': AFTER,
    'test/m.test.js': testOf('assert(m.isAdult(30)); assert(!m.isAdult(3));'),
  });
  const result = await score(job);
  expect(brief(result)).toEqual(['3: age >= 18 → age > 18']);
  expect(result.survived[0]).toMatchObject({ file: 'src/m.js', column: 10, mutator: 'EqualityOperator', ran: true });
  expect(result.score).toBeLessThan(1);
  expect(await score(job)).toEqual(result); // the recorded one, its times included
});

it('lets what no test runs survive after one run of the check, also where its author says not to look', async () => {
  const count = join(scratch(), 'runs');
  const tests = `import { appendFileSync } from 'node:fs';\n${testOf('m.twice(1);')}appendFileSync(${JSON.stringify(count)}, '.');\n`;
  const job = await change(
    { ...BEFORE, 'test/m.test.js': tests },
    { 'src/m.js': `// Stryker disable all\n${AFTER}`, 'src/alone.js': NEVER_RUN },
  );
  const result = await score(job);
  expect(result).toMatchObject({ killed: 0, score: 0 });
  expect(result.survived.every(({ ran }) => !ran)).toBe(true);
  expect(new Set(result.survived.map(({ file }) => file))).toEqual(new Set(['src/m.js', 'src/alone.js']));
  expect(readFileSync(count, 'utf8')).toBe('..');
});

it('believes a test that runs the change in a process of its own', async () => {
  const tests = `import test from 'node:test';\nimport assert from 'node:assert';\nimport { execFileSync } from 'node:child_process';\n
    test('prints', () => assert.equal(String(execFileSync('./src/m.js')), '3\\n'));\n`;
  const program = { run: '#!/usr/bin/env node\nconsole.log(1 + 2);\n' };
  const job = await change({ 'package.json': PACKAGE, 'test/m.test.js': tests }, { 'src/m.js': program });
  expect(await score(job)).toMatchObject({ survived: [], score: 1 });
});

it('measures any command by its exit code', async () => {
  const job = await change(
    { 'm.cjs': 'module.exports = 0;\n', 'check.cjs': "process.exit(require('./m.cjs') > 1 ? 0 : 1);\n" },
    { 'm.cjs': 'module.exports = 1 + 2;\n' },
  );
  const red = await change({ 'm.cjs': '' }, { 'm.cjs': 'module.exports = 1 + 2;\n' });
  expect(await score(job, { command: 'node check.cjs' })).toMatchObject({ mutants: 1, killed: 1, score: 1 });
  expect(await mutate(red, { command: 'false' })).toMatchObject({
    measured: false,
    reason: 'the check fails unchanged (exit 1)',
  });
  expect(await mutate(red, { command: 'true', key: 'five', budgetMs: 1 })).toMatchObject({
    measured: false,
    reason: 'the time budget ended before a single mutant was tried',
  });
  await expect(mutate(red, { command: 'no-such-program', key: 'two' })).rejects.toThrow(
    failsWith('check.failed_to_run'),
  );
  await expect(mutate(red, { command: 'a | b', key: 'three' })).rejects.toThrow(failsWith('input.invalid'));
  await expect(mutate(red, { commit: '--all', key: 'four' })).rejects.toThrow(failsWith('repository.bad_name'));
});

it('says that it cannot tell where tests fail already, unless those that pass are to be asked', async () => {
  const tests = `${testOf('assert.equal(m.sum(1, 2), 3);')}test('red', () => assert(false));\n`;
  const job = await change(BEFORE, { 'src/m.js': 'export const sum = (a, b) =>\n  a + b;\n', 'test/m.test.js': tests });
  expect(await mutate(job)).toMatchObject({
    measured: false,
    reason: '1 test fails unchanged: test/m.test.js > red',
  });
  expect(await score(job, { baseline: 'passing_tests', key: 'two' })).toMatchObject({ survived: [], score: 1 });
});

it('gives no score to what it does not measure', async () => {
  const job = await change(
    { 'a.py': '', 'a.js': 'f();\n', 'README.md': '' },
    { 'a.py': 'x = 1 < 2\n', 'README.md': 'x\n' },
  );
  expect(await mutate(job)).toMatchObject({
    measured: false,
    unmeasured: ['a.py'],
    reason: expect.stringContaining('a.py'),
  });
  const { hands, repositoryId, base, user } = job;
  write(user.path, { 'a.js': 'function (\n', 'test/a.test.js': '1 < 2;\n' });
  const commit = commitAll(user.path, 'Does not parse');
  await hands.openRun({ repositoryId, path: user.path, commit, runBranch: 'heph/run-3' });
  expect(await mutate({ ...job, base: job.commit, commit }, { key: 'two' })).toMatchObject({
    measured: false,
    reason: 'no changed line of source holds anything to mutate',
  });
  expect(await mutate({ ...job, commit: base }, { key: 'three' })).toMatchObject({ measured: false });
});

it('tries file names that look like options, patterns, magic or terminal codes, and follows no link', async () => {
  const outside = join(scratch(), 'outside.js');
  writeFileSync(outside, 'export default 1 + 1;\n');
  const names = ['--help.js', ':(top)x.js', 'a b\n`$(touch pwned)`.js', '[x].js', '\u001b[2Jü.js'];
  const tree = (text: string): Tree => Object.fromEntries(names.map((name) => [name, text]));
  const job = await change(
    { 'package.json': PACKAGE, 'link.js': 'export default 1;\n', ...tree('export default 0;\n') },
    tree('export default 1 + 2;\n'),
  );
  git(job.user.path, 'rm', '--quiet', '--', 'link.js');
  write(job.user.path, { 'link.js': { link: outside } });
  const commit = commitAll(job.user.path, 'A link');
  await job.hands.openRun({ repositoryId: job.repositoryId, path: job.user.path, commit, runBranch: 'heph/run-3' });
  const result = await score({ ...job, commit }, { command: 'true' });
  expect(result.survived.map(({ file }) => file).sort()).toEqual([...names].sort());
  expect(result.unmeasured).toEqual(['link.js']);
  expect(readFileSync(outside, 'utf8')).toBe('export default 1 + 1;\n');
  expect(existsSync(join(job.user.path, 'pwned'))).toBe(false);
});
