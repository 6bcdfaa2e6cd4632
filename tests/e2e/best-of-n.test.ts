import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BestOfNAnswer } from '../../src/transport/cli/shown/best-of-n.ts';
import { createProduct, type Product, type Ran } from '../support/product.ts';
import { git, HIDDEN_TESTS, lay, makeRepository, MISLEADING_LIBRARY, stateOf } from '../support/repositories.ts';

let product: Product;
let repository: string;
beforeEach(async () => {
  product = createProduct({ agents: { dying: { argv: ['false'] } } });
  repository = await makeRepository(join(product.root, 'repository'), MISLEADING_LIBRARY);
});
afterEach(async () => {
  await product.heph('down');
  expect(await product.end()).toEqual([]);
});

const GOAL = 'Make the tests pass';
// The same seed as by default: variant 2 tries other operators first, and so finds the right place.
const RIGHT = 2;

interface Report {
  type: string;
  outcome: string;
  workflowId: string;
  base: { state: string };
  bestOfN: BestOfNAnswer[];
}

const reportOf = (ran: Ran) => ran.lines.at(-1) as unknown as Report;
const bestOf = (n: string, ...more: string[]) =>
  product.heph('best-of', n, GOAL, '--repo', repository, '--json', ...more);
const idOf = (ran: Ran) => String(ran.lines.find(({ type }) => type === 'started')?.bestOfNId);

/** What the hidden tests say of `main`, in a clone of its own. */
async function hiddenTestsPass(): Promise<boolean> {
  const clone = join(product.root, `clone-${readdirSync(product.root).length}`);
  await git(product.root, 'clone', '--quiet', '--branch=main', '--', repository, clone);
  lay(clone, HIDDEN_TESTS);
  return new Promise((resolve) =>
    execFile(process.execPath, ['--test'], { cwd: clone, env: { PATH: process.env.PATH } }, (error) =>
      resolve(error === null),
    ),
  );
}

describe('a repository whose tests can be made to pass in a wrong place', () => {
  it('gets the patch that keeps to what was asked for, and shows what the others were', async () => {
    const ran = await bestOf('3', '--allow-files', 'lib/zone.js', '--score', 'tests=1,constraints=1');
    expect(ran.code, ran.stderr + ran.stdout.slice(-3000)).toBe(0);
    const { outcome, base, bestOfN } = reportOf(ran);
    expect([outcome, base.state, bestOfN.length]).toEqual(['completed', 'moved', 1]);
    const [{ rows, summary }] = bestOfN as [BestOfNAnswer];
    expect(summary).toMatchObject({ status: 'completed', verdict: { winner: RIGHT }, score: 'constraints=1,tests=1' });
    // All three pass the tests that there are: only the constraint tells them apart.
    expect(Object.values(rows).map(({ status, won }) => [status, won])).toEqual([
      ...[0, 1].map(() => ['passed', false]),
      ['passed', true],
    ]);
    expect(readFileSync(join(repository, 'lib/zone.js'), 'utf8')).toContain('120 / 2');
    expect(await hiddenTestsPass()).toBe(true);

    const id = idOf(ran);
    const ask = async (...words: string[]) => (await product.heph('best-of', ...words, '--json')).lines[0];
    expect(await ask('show', id)).toMatchObject({ summary: { bestOfNId: id, commit: expect.stringMatching(/^[0-9a-f]{40}/) } });
    expect(await ask('list')).toMatchObject({ rows: { [id]: { winner: RIGHT, status: 'completed' } } });
    expect(await ask('builds', '--order', 'top', '--limit', '1')).toMatchObject({ rows: { [`${id}/${RIGHT}`]: { rank: 1 } } });
    expect(await ask('stats', '--by', 'mutator')).toMatchObject({
      rows: { 'mutator repair_favour': { won: 1 }, 'mutator as given': { won: 0, regret: 0.5 } },
    });
    const shown = await product.heph('best-of', 'show', id);
    expect(shown.stdout).toMatch(/2 +repair +With operators tried first .* passed +1 +1 +1 .* won/);

    await product.heph('down');
    expect(await product.heph('replay', '--json')).toMatchObject({ code: 0, lines: [{ difference: null }] });
  });

  it('gets the first that was found where nothing else is asked, and is told by other tests who was right', async () => {
    const ran = await bestOf('3', '--score', 'tests=3,diff=1');
    expect(ran.code, ran.stderr + ran.stdout.slice(-3000)).toBe(0);
    expect(reportOf(ran).bestOfN[0]?.summary.verdict).toMatchObject({ winner: 0, tie: 'earlier_variant' });
    expect(await hiddenTestsPass()).toBe(false);

    await git(repository, 'checkout', '--quiet', '-b', 'hidden', 'main~1');
    lay(repository, HIDDEN_TESTS);
    await git(repository, 'commit', '--quiet', '--all', '--message=Ask more');
    await git(repository, 'checkout', '--quiet', 'main');
    const before = await stateOf(repository);
    const id = idOf(ran);
    const again = await product.heph('best-of', 'rescore', id, '--judges-from', 'hidden', '--json');
    expect(again.code, again.stderr).toBe(0);
    expect(again.lines.at(-1)).toMatchObject({
      ...{ type: 'rescored', verdict: 2, status: 'reached', winner: RIGHT, differs: true },
      first: { winner: 0 },
    });
    const agents = (await product.operator.events({ types: ['AgentStarted'] })).length;
    expect(agents).toBe(3);
    expect(await stateOf(repository)).toBe(before);

    const shown = (await product.heph('best-of', 'show', id, '--json')).lines[0] as unknown as BestOfNAnswer;
    expect(shown.summary).toMatchObject({ verdict: { winner: 0 }, rescorings: [{ winner: RIGHT, differs: true }] });
    expect(Object.values(shown.rows).map(({ later }) => later[0]?.passed)).toEqual([false, false, true]);
    const lighter = await product.heph('best-of', 'rescore', id, '--score', 'diff=1', '--json');
    expect(lighter.lines.at(-1)).toMatchObject({ verdict: 3, winner: 0, differs: false, measured: false });

    // What was right is where the next one begins, and it asks no other agent to look elsewhere first.
    const next = await bestOf('1', '--from', `${id}/${RIGHT}`, '--branch', 'hidden', '--no-merge');
    expect(next.code, next.stderr + next.stdout.slice(-3000)).toBe(0);
    const build = `${idOf(next)}/0`;
    const ancestors = await product.heph('best-of', 'builds', '--build', build, '--relation', 'ancestors', '--json');
    expect(Object.keys(ancestors.lines[0]?.rows as object)).toEqual([`${id}/${RIGHT}`, `${id}/0`]);
  });
});
