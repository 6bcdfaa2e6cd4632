import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lay, git, makeRepository, NESTED_LIBRARY } from '../support/repositories.ts';
import type { BestOfNAnswer } from '../../src/transport/cli/shown/best-of-n.ts';
import type { Told } from '../support/operator.ts';
import { createProduct, type Product, type Ran } from '../support/product.ts';
import { execFile } from 'node:child_process';

let product: Product;
beforeEach(() => {
  product = createProduct();
});
afterEach(async () => {
  await product.heph('down');
  expect(await product.end()).toEqual([]);
});

interface Report {
  type: string;
  outcome: string;
  workflowId: string;
  branch: string;
  base: { state: string; commit: string | null; reason: string | null };
  commits: string[];
  result: { status: string; criteria: { verdict: string }[] } | null;
  tasks: {
    taskId: string;
    phase: string;
    status: string;
    candidate: { index: number } | null;
    commit: string | null;
    files: { path: string }[];
  }[];
  bestOfN: BestOfNAnswer[];
  claims: { claim: string; true: boolean }[];
  head: string;
  repository: string;
  data: string;
}

const reportOf = (ran: Ran) => ran.lines.at(-1) as unknown as Report;

/** Whether the suite passes at a commit, in a clone of its own. */
async function passes(repository: string, at: string): Promise<boolean> {
  const clone = join(product.root, `clone-${readdirSync(product.root).length}`);
  await git(product.root, 'clone', '--quiet', `--branch=${at}`, '--', repository, clone);
  return new Promise((resolve) =>
    execFile(process.execPath, ['--test'], { cwd: clone, env: { PATH: process.env.PATH } }, (error) =>
      resolve(error === null),
    ),
  );
}

describe('heph demo', () => {
  it('repairs its repository, proves it, and leaves a log that tells and holds the whole story', async () => {
    const ran = await product.run(['demo', '--json']);
    const report = reportOf(ran);
    expect(ran.code, ran.stderr).toBe(0);
    expect(report).toMatchObject({ type: 'report', outcome: 'completed', base: { state: 'moved' } });
    expect(report.claims.filter((claim) => !claim.true)).toEqual([]);
    const fixes = report.tasks.filter((task) => task.phase === 'fix' && task.candidate === null);
    expect(fixes.map((task) => task.status)).toEqual(['done', 'done', 'done']);

    // Asked of git and of the suite, not of the report.
    expect(await git(report.repository, 'rev-parse', 'main')).toBe(report.head);
    for (const { commit } of fixes) await git(report.repository, 'merge-base', '--is-ancestor', String(commit), 'main');
    expect(await passes(report.repository, 'main')).toBe(true);
    expect(await git(report.repository, 'status', '--porcelain')).toBe('');
    expect(existsSync(join(report.data, 'server.json'))).toBe(false);

    const events = (await product.run(['events', '--json', '--data', report.data])).lines as unknown as Told[];
    const told = new Map<string, number>();
    for (const { type } of events) told.set(type, (told.get(type) ?? 0) + 1);
    expect(Object.fromEntries(told)).toMatchObject({
      ...{ WorkflowStarted: 1, RunOpened: 1, BaselineRecorded: 1, PhaseStarted: 3, PhaseCompleted: 3 },
      ...{ TaskCreated: 8, AgentStarted: 6, AgentExited: 6, SlotGranted: 6, SlotReleased: 6, WorkSubmitted: 8 },
      ...{ ValidationPassed: 8, CandidateLanded: 4, TaskMerged: 3, TaskCompleted: 5, WorkflowCompleted: 1 },
      ...{ BestOfNStarted: 1, BuildEnded: 3, CandidateScored: 3, WinnerSelected: 1, BestOfNCompleted: 1 },
      ...{ ResultSubmitted: 1, ResultAccepted: 1 },
    });
    // One of the three repairs was tried in three ways, and the report says how each of them scored.
    const [contest] = report.bestOfN;
    expect(contest?.summary).toMatchObject({ n: 3, status: 'completed', verdict: { winner: expect.any(Number) } });
    const candidates = Object.values(contest?.rows ?? {});
    expect(candidates.map(({ status }) => status)).toEqual(['passed', 'passed', 'passed']);
    for (const { scores, total } of candidates) {
      expect(total).toBeGreaterThan(0);
      expect(scores?.find(({ scorer }) => scorer === 'tests')?.words).toMatch(/of 67 tests pass/);
    }
    expect(report.claims.map(({ claim }) => claim)).toContain('Of 3 candidates the best alone is in main');
    // The criteria of the shipped workflow are such as the checks prove.
    expect(report.result).toMatchObject({
      ...{ status: 'accepted', by: 'process:phases', criteria: [{ verdict: 'pass' }, { verdict: 'pass' }] },
    });
    const verified = await product.run(['log', 'verify', '--json', '--data', report.data]);
    expect(verified).toMatchObject({ code: 0, lines: [{ ok: true, anchored: true }] });
    const replayed = await product.run(['replay', '--json', '--data', report.data]);
    expect(replayed).toMatchObject({ code: 0, lines: [{ difference: null, unknown: 0 }] });
    expect(Number(replayed.lines[0]?.commands)).toBeGreaterThan(50);
    const rebuilt = await product.run(['rebuild', '--json', '--data', report.data]);
    expect(rebuilt.code, rebuilt.stderr + rebuilt.stdout).toBe(0);
    await product.run(['down', '--data', report.data]);
  });
});

describe('heph run bugfix', () => {
  let repository: string;
  beforeEach(async () => {
    repository = await makeRepository(join(product.root, 'own repository'), NESTED_LIBRARY);
  });
  const run = (...more: string[]) =>
    product.heph('run', 'bugfix', '--repo', repository, '--goal', 'Make the tests pass', '--json', ...more);

  it('repairs another repository with a bug of its own and leaves an untracked file alone', async () => {
    lay(repository, { 'notes/mine.txt': 'not in git\n' });
    const ran = await run();
    const report = reportOf(ran);
    expect(ran.code, ran.stderr + ran.stdout.slice(-2000)).toBe(0);
    expect(report).toMatchObject({ outcome: 'completed', base: { state: 'moved' } });
    expect(await passes(repository, 'main')).toBe(true);
    expect(readFileSync(join(repository, 'lib/pricing/tiers/discount.js'), 'utf8')).toContain('pieces >= 10');
    expect(readFileSync(join(repository, 'notes/mine.txt'), 'utf8')).toBe('not in git\n');
    expect(await git(repository, 'status', '--porcelain')).toBe('?? notes/');

    await product.heph('down');
    expect(await product.heph('replay', '--json')).toMatchObject({ code: 0, lines: [{ difference: null }] });
  });

  it('leaves the base branch alone with --no-merge and starts from the last commit with --from-head', async () => {
    lay(repository, { 'README.md': 'Half a sentence\n' });
    const before = await git(repository, 'rev-parse', 'main');
    const refused = await run();
    expect(refused).toMatchObject({ code: 2, lines: [{ error: { code: 'repository.dirty' } }] });

    const ran = await run('--no-merge', '--from-head');
    const report = reportOf(ran);
    expect(ran.code, ran.stderr + ran.stdout.slice(-2000)).toBe(0);
    expect(report).toMatchObject({ outcome: 'completed', base: { state: 'not_asked' } });
    expect(await git(repository, 'rev-parse', 'main')).toBe(before);
    expect(await git(repository, 'status', '--porcelain')).toBe(' M README.md');
    expect(await passes(repository, report.branch)).toBe(true);
    expect(await git(repository, 'show', `${report.branch}:README.md`)).toBe('Prices by tier.');
  });
});
