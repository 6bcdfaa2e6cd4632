import { describe, expect, it } from 'vitest';
import { commitAll, git, openJob, type Tree, write } from '../../worktrees/adapters/test-support.ts';
import type { ScorerRequest } from '../scorer.ts';

const BASE: Tree = {
  'src/answer.js': 'export const answer = 1;\n',
  'scorers/good.js': 'export default async ({ index }) => index / 4;\n',
  'scorers/word.js': 'export default () => "0.5";\n',
  'scorers/throws.js': 'export default () => { throw new Error("no idea"); };\n',
  'scorers/none.js': 'export const score = 1;\n',
  'scorers/prints.js':
    'console.log("0.9"); export default async ({ directory }) => (await import(`${directory}/src/answer.js`)).answer / 8;\n',
  'scorers/outside.js': { link: '/etc/hostname' },
  'scorers/print.js':
    'import fs from "node:fs"; console.log(JSON.parse(fs.readFileSync(process.env.HEPH_CANDIDATE)).index / 4);\n',
  'package.json': '{"type":"module"}\n',
};
const NODE = process.execPath;

/** The answer of a scorer on a commit with these changes. */
async function score(scorer: ScorerRequest['scorer'], change: Tree = {}, more: Partial<ScorerRequest> = {}) {
  const job = await openJob(BASE);
  const { hands, repositoryId, base, user } = job;
  write(user.path, change);
  const commit = commitAll(user.path, 'Change');
  await hands.openRun({ repositoryId, path: user.path, commit, runBranch: 'heph/run-2' });
  const request = { key: 'k', repositoryId, base, commit, scorer, candidate: { index: 2 }, wallMs: 20_000, ...more };
  return { job, request, result: await hands.runScorer(request) };
}
const saying = (text: string) => ({ command: [NODE, '-e', `process.stdout.write(${JSON.stringify(text)})`] });

describe('a command', () => {
  it.each([
    ['0.25\n', 0.25],
    ['1', 1],
    ['.5e0', 0.5],
  ])('that prints %j is taken at its word', async (text, value) => {
    expect((await score(saying(text))).result).toMatchObject({ value, reason: null });
  });

  it.each([
    ['', 'printed nothing'],
    ['0.5\n1\n', 'something else than one number'],
    ['NaN', 'something else'],
    ['-0.1', 'not from 0 to 1'],
    ['1.5', 'not from 0 to 1'],
    ['0x1', 'something else'],
    [`${' '.repeat(5_000)}1`, 'something else'],
  ])('that prints %j has said nothing', async (text, why) => {
    const { result } = await score(saying(text));
    expect(result).toMatchObject({ value: null, reason: expect.stringContaining(why) });
  });

  it('runs in the candidate’s tree, without a shell, and is told of it', async () => {
    const change = { 'src/mine.txt': 'mine' };
    const code =
      'const fs = require("node:fs"); console.log(fs.existsSync("src/mine.txt") && !fs.existsSync(process.env.HEPH_BASE + "/src/mine.txt") ? 1 : 0, process.argv[1] === "$(id)" ? "" : "shell")';
    expect((await score({ command: [NODE, '-e', code, '$(id)'] }, change)).result).toMatchObject({ value: 1 });
    expect((await score({ command: [NODE, 'scorers/print.js'] })).result).toMatchObject({ value: 0.5 });
  });

  it('has said nothing when it fails, does not end or is not there', async () => {
    const fails = { command: [NODE, '-e', 'console.log(1); process.exit(3)'] };
    expect((await score(fails)).result).toMatchObject({ value: null, reason: 'It failed (exit 3).' });
    const waits = { command: [NODE, '-e', 'console.log(1); setInterval(() => {}, 1000)'] };
    expect((await score(waits, {}, { wallMs: 300 })).result).toMatchObject({
      value: null,
      reason: 'It did not end in time.',
    });
    expect((await score({ command: ['no-such-program-here'] })).result.reason).toContain('It could not be run');
  });

  it('is run once for a key, and leaves no checkout', async () => {
    const { job, request, result } = await score(saying('0.25'));
    expect(await job.hands.runScorer({ ...request, ...{ scorer: saying('0.75') } })).toEqual(result);
    expect(git(job.mirror, 'worktree', 'list').split('\n')).toHaveLength(1);
  });
});

describe('a module', () => {
  it('comes from the base, whatever the candidate has in its place', async () => {
    const change = { 'scorers/good.js': 'export default () => 1;\n' };
    expect((await score({ module: 'scorers/good.js' }, change)).result).toMatchObject({ value: 0.5 });
    const added = { 'scorers/mine.js': 'export default () => 1;\n' };
    const { result } = await score({ module: 'scorers/mine.js' }, added);
    expect(result).toMatchObject({ value: null, reason: '"scorers/mine.js" is no file of the base commit.' });
  });

  it('is asked for its answer, not for what is printed meanwhile', async () => {
    const change = { 'src/answer.js': 'console.log("1"); export const answer = 4;\n' };
    expect((await score({ module: 'scorers/prints.js' }, change)).result).toMatchObject({ value: 0.5 });
  });

  it('has said nothing when it throws, answers something else or leaves the base', async () => {
    expect((await score({ module: 'scorers/throws.js' })).result.reason).toBe('It failed (exit 1).');
    expect((await score({ module: 'scorers/throws.js' })).result.tail).toContain('no idea');
    expect((await score({ module: 'scorers/word.js' })).result.value).toBeNull();
    expect((await score({ module: 'scorers/none.js' })).result.value).toBeNull();
    expect((await score({ module: 'scorers/outside.js' })).result.value).toBeNull();
    expect((await score({ module: '../../../../etc/hostname' })).result.value).toBeNull();
  });
});
