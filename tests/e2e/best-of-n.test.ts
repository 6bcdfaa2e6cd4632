import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BestOfNAnswer } from '../../src/transport/cli/shown/best-of-n.ts';
import { damageIn, eventsIn } from '../support/exported.ts';
import { doubledIn, gapsIn } from '../support/ledger.ts';
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
  result: { status: string; criteria: { verdict: string }[] } | null;
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
    expect(await ask('show', id)).toMatchObject({
      summary: { bestOfNId: id, commit: expect.stringMatching(/^[0-9a-f]{40}/) },
    });
    expect(await ask('list')).toMatchObject({ rows: { [id]: { winner: RIGHT, status: 'completed' } } });
    expect(await ask('builds', '--order', 'top', '--limit', '1')).toMatchObject({
      rows: { [`${id}/${RIGHT}`]: { rank: 1 } },
    });
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

it('is a workflow like every other, with its parameters', async () => {
  const words = ['run', 'best-of', '--repo', repository, '--goal', GOAL, '--param', 'best_of=3', '--json'];
  const ran = await product.heph(...words, '--param', 'score=tests=1,diff=1');
  expect(ran.code, ran.stderr + ran.stdout.slice(-3000)).toBe(0);
  const { outcome, base, bestOfN, result } = reportOf(ran);
  expect([outcome, base.state]).toEqual(['completed', 'moved']);
  expect(result).toMatchObject({ status: 'accepted', criteria: [{ verdict: 'pass' }, { verdict: 'pass' }] });
  expect(bestOfN).toMatchObject([{ summary: { n: 3, score: 'diff=1,tests=1', verdict: { winner: 0 } } }]);
  const none = await product.heph(...words, '--param', 'best_of=33');
  expect([none.code, none.lines.at(-1)]).toMatchObject([2, { error: { code: 'input.invalid' } }]);
});

describe('a best-of-N that does not come to a winner', () => {
  it('ends with 1 and everybody’s reason when nobody passes, and changes nothing', async () => {
    const before = await stateOf(repository);
    const ran = await bestOf('2', '--agent', 'dying');
    expect(ran.code, ran.stdout.slice(-3000)).toBe(1);
    const { outcome, bestOfN } = reportOf(ran);
    expect(outcome).toBe('failed');
    expect(bestOfN[0]?.summary).toMatchObject({ status: 'failed', reason: expect.stringContaining('None of 2') });
    expect(await stateOf(repository)).toBe(before);
    const again = await product.heph('best-of', 'rescore', idOf(ran), '--json');
    expect([again.code, again.lines.at(-1)]).toMatchObject([1, { error: { code: 'best.nothing_to_score' } }]);
  });

  it('is cancelled by a word, with its candidates, and is not scored again', async () => {
    await product.up();
    const { id } = await product.operator.command('start_best_of_n', { n: 2, repository, goal: GOAL });
    await product.operator.until(['AgentStarted']);
    const early = await product.heph('best-of', 'rescore', id, '--json');
    expect([early.code, early.lines.at(-1)]).toMatchObject([1, { error: { code: 'best.not_judged' } }]);
    const cancelled = await product.heph('best-of', 'cancel', id, '--reason', 'not needed', '--json');
    expect(cancelled).toMatchObject({ code: 0, lines: [{ state: 'cancelled' }] });
    await product.operator.until(['WorkflowCancelled']);
    expect((await product.heph('best-of', 'cancel', id, '--json')).lines).toMatchObject([{ ok: true, events: [] }]);
    const { rows } = await product.operator.query<{ rows: object }>('get_queue');
    expect(rows).toEqual({});
    const again = await product.heph('best-of', 'rescore', id, '--json');
    expect(again.lines.at(-1)).toMatchObject({ error: { code: 'best.not_judged' } });
  });
});

it('goes on by itself when its server is killed while candidates are built, scored and merged', async () => {
  let server = await product.up();
  const { id } = await product.operator.command('start_best_of_n', {
    ...{ n: 3, repository, goal: GOAL, score: 'tests=1,constraints=1' },
    constraints: { allowedFiles: ['lib/zone.js'] },
  });
  // All three agents live, so that none is asked for twice.
  let started = '0';
  for (let n = 0; n < 3; n++) started = (await product.operator.until(['AgentStarted'], started)).position;
  for (const types of [['AgentStarted'], ['BuildEnded'], ['ScoringStarted'], ['WinnerSelected']]) {
    await product.operator.until(types);
    await server.kill();
    server = await product.up();
  }
  const end = await product.operator.until(['WorkflowCompleted', 'WorkflowFailed', 'WorkflowCancelled']);
  expect(end.type, JSON.stringify(end.data)).toBe('WorkflowCompleted');
  await product.operator.until(['BestOfNCompleted']);
  expect(product.kills).toBe(4);
  expect(await server.stop()).toBe(0);
  const log = await eventsIn(product.data);
  expect([...(await damageIn(product.data)), ...gapsIn(log), ...doubledIn(log)]).toEqual([]);
  const count = (type: string) => log.filter((event) => event.type === type).length;
  expect([count('BestOfNStarted'), count('BuildStarted'), count('BuildEnded'), count('WinnerSelected')]).toEqual([
    1, 3, 3, 1,
  ]);
  expect([count('CandidateScored'), count('TaskMerged'), count('AgentStarted')]).toEqual([3, 1, 3]);
  expect(log.find(({ type }) => type === 'WinnerSelected')?.data).toMatchObject({ winner: RIGHT });
  expect(
    log.filter(({ stream }) => stream.startsWith('bestOfN-')).every(({ stream }) => stream === `bestOfN-${id}`),
  ).toBe(true);
  expect(await hiddenTestsPass()).toBe(true);
});

it('is started, looked at and scored again over MCP as well', async () => {
  await product.up();
  const call = async (name: string, input: object) => {
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } };
    const accept = { accept: 'application/json, text/event-stream' };
    const { text } = await product.operator.ask('/mcp', message, accept);
    const { result } = JSON.parse(text) as {
      result: { isError?: boolean; structuredContent: Record<string, unknown> };
    };
    return { isError: result.isError ?? false, ...result.structuredContent } as Record<string, unknown>;
  };
  const started = await call('start_best_of_n', { n: 1, repository, goal: GOAL, merge: false, idempotencyKey: 'one' });
  expect(started).toMatchObject({ isError: false, ok: true, events: ['BestOfNStarted'] });
  const again = await call('start_best_of_n', { n: 1, repository, goal: GOAL, merge: false, idempotencyKey: 'one' });
  expect(again).toMatchObject({ id: started.id, repeated: true });
  await product.operator.until(['BestOfNCompleted']);
  const bestOfNId = started.id as string;
  expect(await call('get_best_of_n', { bestOfNId })).toMatchObject({ summary: { verdict: { winner: 0 } } });
  expect(await call('rescore_best_of_n', { bestOfNId, score: 'diff=1' })).toMatchObject({
    events: ['RescoringStarted', 'VerdictReached'],
  });
  expect(await call('list_best_of_n', {})).toMatchObject({ rows: { [bestOfNId]: { rescored: [{ verdict: 2 }] } } });
  expect(await call('get_builds', { build: `${bestOfNId}/0` })).toMatchObject({
    rows: { [`${bestOfNId}/0`]: { won: true } },
  });
  expect(await call('get_best_of_n_stats', { by: 'agent' })).toMatchObject({ rows: { 'agent repair': { won: 1 } } });
  const next = await call('start_best_of_n', { n: 2, repository, from: `${bestOfNId}/0` });
  await product.operator.until(['MutationStarted'], String(next.position));
  for (const name of ['cancel_best_of_n', 'rescore_best_of_n', 'get_best_of_n'])
    expect(await call(name, { bestOfNId: 'bon_' })).toMatchObject({ isError: true, code: 'id.ambiguous' });
  expect(await call('cancel_best_of_n', { bestOfNId: next.id })).toMatchObject({ state: 'cancelled' });
  expect(await call('start_best_of_n', { n: 33, repository, goal: GOAL })).toMatchObject({
    isError: true,
    code: 'input.invalid',
  });
});

describe('bad input', () => {
  it('is refused in a sentence, before anything has changed', async () => {
    await product.up();
    const ran = await bestOf('1', '--no-merge');
    expect(ran.code, ran.stdout.slice(-3000)).toBe(0);
    const id = idOf(ran);
    const [position, state] = [await product.operator.head(), await stateOf(repository)];
    const start = (...more: string[]) => ['3', GOAL, '--repo', repository, ...more];
    const expected: [string[], number, string][] = [
      [['0', GOAL, '--repo', repository], 2, 'cli.usage'],
      [['33', GOAL, '--repo', repository], 2, 'cli.usage'],
      [['3', '--repo', repository], 2, 'input.invalid'],
      [['3', '', '--repo', repository], 2, 'input.invalid'],
      [['3', GOAL, '--repo', join(product.root, 'nowhere')], 2, 'repository.not_found'],
      [start('--agent', 'nobody'), 2, 'agent.unknown_preset'],
      [start('--agent', 'repair,nobody'), 2, 'agent.unknown_preset'],
      [start('--score', 'beauty=1'), 2, 'best.bad_score'],
      [start('--score', 'tests'), 2, 'input.invalid'],
      [start('--score', 'tests=0'), 2, 'input.invalid'],
      [start('--branch', 'nobody'), 2, 'repository.no_branch'],
      [start('--branch=--upload-pack=touch ran'), 2, 'repository.bad_name'],
      [start('--check', 'a | b'), 2, 'input.invalid'],
      [start('--from', 'bon_zzz/0'), 2, 'id.unknown'],
      [start('--from', `${id}/7`), 2, 'best.no_such_build'],
      [start('--from', `${id}/0`, '--max-lines', '3'), 2, 'input.invalid'],
      [['show', 'bon_zzz'], 2, 'id.unknown'],
      [['show', '../../etc/passwd'], 2, 'id.unknown'],
      [['cancel', id], 1, 'best.not_open'],
      [['cancel', 'bon_zzz'], 2, 'id.unknown'],
      [['rescore', 'bon_zzz'], 2, 'id.unknown'],
      [['rescore', id, '--score', 'beauty=1'], 1, 'best.unknown_scorer'],
      [['rescore', id, '--score', 'tests=x'], 2, 'input.invalid'],
      [['rescore', id, '--judges-from', 'nobody'], 2, 'repository.no_branch'],
      [['rescore', id, '--check', 'a | b'], 2, 'input.invalid'],
      [['builds', '--build', `${id}/1`], 2, 'best.no_such_build'],
      [['builds', '--relation', 'ancestors'], 2, 'input.invalid'],
      [['stats', '--by', 'colour'], 2, 'cli.usage'],
    ];
    const met: typeof expected = [];
    for (const [words] of expected) {
      const { code, lines, stderr } = await product.heph('best-of', ...words, '--json');
      met.push([words, code ?? -1, String((lines.at(-1)?.error as { code: string } | undefined)?.code)]);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
    expect(met).toEqual(expected);
    const since = await product.operator.events({ after: position });
    expect(since.filter(({ meta }) => meta.actor === 'operator')).toEqual([]);
    expect(await stateOf(repository)).toBe(state);
  });
});
