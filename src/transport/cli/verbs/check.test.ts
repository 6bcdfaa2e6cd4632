import { existsSync, globSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cliWorld } from '../../../../tests/support/cli-world.ts';
import { announce, fakeServer } from '../../../../tests/support/fake-server.ts';
import { type Bench, createBench, picture } from '../../../checks/adapters/test-support.ts';
import { checkTools } from '../../../programs/check-tools.ts';
import { checkRunCommands } from '../../../machines/check-run/index.ts';
import { main } from '../main.ts';
import type { Keys, World } from '../world.ts';

const CHECKS = `
checks:
  lint: { run: [/bin/sh, -c, "test ! -e bad"], fix: rm bad, tags: [fast] }
  test: { run: [/bin/sh, -c, "echo tested"], needs: [lint], tags: [tests] }
`;

/** With answers, as from a terminal. */
async function answering(bench: Bench, answers: string, ...words: string[]) {
  const stdin: Keys = Object.assign(new PassThrough(), { isTTY: true });
  (stdin as PassThrough).end(answers);
  return heph(bench, ...words, { stdin });
}

async function heph(bench: Bench, ...given: (string | Partial<World>)[]) {
  const words = given.filter((word) => typeof word === 'string');
  const more = given.filter((part) => typeof part !== 'string');
  const { world, out, err, records } = cliWorld({
    env: process.env as Record<string, string>,
    programs: { checks: async () => checkTools },
  });
  const data = join(bench.root, '../data');
  const code = await main(
    ['check', ...words, '--data', data],
    Object.assign(world, { cwd: bench.root }, ...more),
    '0',
    async () => [],
  );
  return { code, out: out(), err: err(), records: () => records() };
}

it('runs, tells what came from where, and ends with the truth', async () => {
  const bench = createBench({ 'checks.yaml': CHECKS });
  const first = await heph(bench);
  expect(first.code).toBe(0);
  expect(first.out).toMatch(/ok +lint .*\nok +test .*\n\n2 passed, in /);
  const second = await heph(bench);
  expect(second.out).toMatch(/from cache: same files and tools as when it passed/);
  expect(second.out).toMatch(/2 passed \(2 from the cache, which saved \d+ ms\), in /);

  bench.write('bad', '');
  const third = await heph(bench, '--json');
  expect(third.code).toBe(1);
  expect(
    third
      .records()
      .filter(({ type }) => type === 'check')
      .map(({ name, status }) => [name, status]),
  ).toEqual([
    ['lint', 'failed'],
    ['test', 'skipped'],
  ]);
  expect(third.records().at(-1)).toMatchObject({ type: 'report', state: 'failed', counts: { failed: 1, skipped: 1 } });
  expect((await heph(bench, '--fast', '--skip', 'lint')).code).toBe(0);
});

it('mends, checks again, and takes it back', async () => {
  const bench = createBench({ 'checks.yaml': CHECKS, bad: 'precious' });
  const before = picture(join(bench.root, '..'));
  const dry = await heph(bench, '--dry-run', '--fix');
  expect(dry.out).toContain('it would run');
  expect((await heph(bench, '--list')).out).toContain('those of checks.yaml');
  expect(picture(join(bench.root, '..'))).toEqual(before);

  const fixed = await heph(bench, '--fix');
  expect(fixed.code).toBe(0);
  expect(fixed.out).toContain('mended    lint: rm bad changed bad');
  expect(existsSync(join(bench.root, 'bad'))).toBe(false);
  expect((await heph(bench, '--undo', '--dry-run')).out).toContain('would be taken back: bad');
  expect((await heph(bench, '--undo')).code).toBe(0);
  expect(bench.read('bad')).toBe('precious');
  const nothing = await heph(bench, '--undo');
  expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('check.nothing_to_undo') });
});

it('tells a living server what the checks came to, and keeps it for the next one when it is not heard', async () => {
  const bench = createBench({ 'checks.yaml': CHECKS });
  const data = join(bench.root, '../data');
  const unsent = () => globSync('checked/*/unsent/*.json', { cwd: data }).length;
  await heph(bench);
  expect(unsent()).toBe(1);

  let status = 200;
  await using server = await fakeServer(({ path }) =>
    path === '/health' ? { body: { startedAt: 1 } } : { status, body: { ok: status === 200 } },
  );
  announce(data, server);
  await heph(bench);
  const told = server.asked.find(({ path }) => path === '/api/commands/record_check_run');
  const { schema } = checkRunCommands.record_check_run;
  const recorded = schema.parse(told?.body);
  expect(recorded).toMatchObject({ state: 'skipped', checks: [{ name: 'lint', cached: true }, {}] });
  expect(told?.headers['idempotency-key']).toBe(recorded.runId);
  expect(unsent()).toBe(1);

  status = 500;
  expect((await heph(bench)).code).toBe(0);
  expect(unsent()).toBe(2);
});

it('asks before it mends, and takes no answer for a no', async () => {
  const bench = createBench({ 'checks.yaml': CHECKS, bad: 'precious' });
  for (const answers of ['', 'n\n']) expect((await answering(bench, answers, '--interactive')).code).toBe(1);
  expect(bench.read('bad')).toBe('precious');
  const yes = await answering(bench, 'y\n', '--interactive', '--json');
  expect(yes.err).toContain('Mend lint with `rm bad`? [y/N]');
  expect(yes).toMatchObject({ code: 0 });
  expect(yes.records().at(-1)).toMatchObject({ type: 'report', fixes: ['lint: rm bad changed bad'] });
});

it('draws what runs now on a terminal, and wipes it away', async () => {
  const bench = createBench({ 'checks.yaml': CHECKS });
  let drawn = '';
  const stdout = { isTTY: true, columns: 40, write: (text: string | Uint8Array) => void (drawn += String(text)) };
  expect((await heph(bench, { stdout })).code).toBe(0);
  expect(drawn).toMatch(/\r\x1b\[2Krunning: lint \d/);
  expect(drawn).toMatch(/\r\x1b\[2Kok +test/);
  expect(drawn.split('\r').at(-1)).toMatch(/^\x1b\[2K\n2 passed, in .*\.\n$/);
});

it('tells the history of the runs', async () => {
  const bench = createBench({ 'checks.yaml': CHECKS });
  for (const _ of [1, 2]) await heph(bench);
  const { out } = await heph(bench, 'history');
  expect(out).toMatch(/lint +\d+ ms +1 +0 +0 +1 /);
  expect(out).toContain('2 runs.');
});

it.each([
  [['nosuch'], 'check.unknown_name', 2],
  [['--jobs', '0'], 'cli.usage', 2],
  [['--interactive'], 'cli.no_terminal', 2],
  [['--nosuch'], 'cli.usage', 2],
])('refuses %j', async (words, code, exit) => {
  const bench = createBench({ 'checks.yaml': CHECKS }, { git: false });
  expect(await heph(bench, ...words)).toMatchObject({ code: exit, err: expect.stringContaining(code) });
});

it('refuses a repository of which nothing says how it is checked, and a definition that is none', async () => {
  expect(await heph(createBench({}, { git: false }))).toMatchObject({
    code: 2,
    err: expect.stringContaining('check.nothing_to_check'),
  });
  const broken = createBench({ 'checks.yaml': 'checks:\n  a: { run: a, needs: [b] }\n' }, { git: false });
  expect(await heph(broken)).toMatchObject({ code: 2, err: expect.stringContaining('checks.yaml:2:23: a needs b') });
});
