import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { type AgentRun, Workbench } from './support/run-agent.ts';

// Each test runs whole agents and suites; the machine may be busy with others.
vi.setConfig({ testTimeout: 180_000 });

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const nodeTest = (script = 'node --test') => JSON.stringify({ type: 'module', scripts: { test: script } });
const created = (run: AgentRun) => run.calls.filter(({ tool }) => tool === 'create_task').map(({ input }) => input);
/** What is left of the agent's temporary copies. */
const leftovers = (bench: Workbench) => readdirSync(join(bench.home, 'tmp'));

test('investigates the demo, and a fix for each group restores the code its authors meant', async () => {
  using bench = new Workbench({ from: path('../../../demo/repository') });
  const meant = {
    'src/kitchen-day.js': ['a.start < b.end || b.start', 'a.start < b.end && b.start'],
    'src/nutrition.js': ['tenths(value * servings)', 'tenths(value / servings)'],
    'src/pantry.js': ['batch.bestBefore) <= 0', 'batch.bestBefore) < 0'],
  } as const;
  const expected = Object.entries(meant).map(([file, [bad, good]]) => {
    expect(bench.read(file)).toContain(bad);
    return [file, bench.read(file).replace(bad, good)] as const;
  });

  const investigation = await bench.run({ role: 'investigate' });
  expect(investigation).toMatchObject({ code: 0, outcome: { status: 'done' } });
  expect(investigation.outcome?.summary).toMatch(/^7 of 67 tests fail, explained by 3 faults/);
  const tasks = created(investigation);
  expect(tasks.map(({ phase }) => phase)).toEqual(['fix', 'fix', 'fix']);
  expect(new Set(tasks.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3);

  expect(tasks.every((task) => task.candidates === undefined)).toBe(true);
  const several = created(await bench.run({ role: 'investigate', inputs: { bestOf: 3 } }));
  expect(several.map(({ candidates }) => candidates).filter(Boolean), 'the hardest one, and no other').toEqual([3]);

  for (const task of tasks) {
    const fix = await bench.run({ role: 'fix', inputs: task.inputs as Record<string, unknown> });
    expect(fix).toMatchObject({ code: 0, outcome: { status: 'done', outputs: { granularity: 'test' } } });
  }
  for (const [file, text] of expected) expect(bench.read(file)).toBe(text);
  expect(leftovers(bench)).toEqual([]);
  expect(readdirSync(bench.worktree).sort()).toEqual(['README.md', 'package.json', 'src', 'test']);
});

test('gives each group the same key on every attempt, and creates nothing when nothing fails', async () => {
  using bench = new Workbench({
    'package.json': nodeTest(),
    'sum.js': 'export const sum = (a, b) => a - b;\n',
    'sum.test.js': `import test from 'node:test'; import assert from 'node:assert'; import { sum } from './sum.js';
test('adds', () => assert.equal(sum(2, 2), 4));
test('adds nothing', () => assert.equal(sum(2, 0), 2));\n`,
  });
  const [first, second] = [await bench.run({ role: 'investigate' }), await bench.run({ role: 'investigate' })];
  expect(created(first)).toHaveLength(1);
  expect(created(second)[0]?.idempotencyKey).toBe(created(first)[0]?.idempotencyKey);
  bench.write('sum.js', 'export const sum = (a, b) => a + b;\n');
  const green = await bench.run({ role: 'investigate' });
  expect(green).toMatchObject({ code: 0, outcome: { status: 'failed', reason: 'no test fails: 2 tests passed' } });
  expect(created(green)).toEqual([]);
  const fix = await bench.run({ role: 'fix', inputs: created(first)[0]?.inputs as Record<string, unknown> });
  expect(fix.outcome).toMatchObject({ status: 'done', summary: 'nothing to fix: the tests of this task pass already' });
});

test('repairs TypeScript under node --test, with nested suites', async () => {
  using bench = new Workbench({
    'package.json': nodeTest('node --test "test/**/*.test.ts"'),
    'src/age.ts': `interface Person { readonly years: number }

/** Grown-ups are 18 or older. */
export function isAdult(person: Person): boolean {
  return person.years > 18;
}
`,
    'test/unit/age.test.ts': `import { describe, it } from 'node:test'; import assert from 'node:assert';
import { isAdult } from '../../src/age.ts';
describe('isAdult', () => { describe('of', () => {
  it('18', () => assert.equal(isAdult({ years: 18 }), true));
  it('17', () => assert.equal(isAdult({ years: 17 }), false));
  it('99', () => assert.equal(isAdult({ years: 99 }), true));
}); });\n`,
  });
  const { outcome } = await bench.run({ role: 'fix' });
  expect(outcome?.summary).toBe('src/age.ts:5: `person.years > 18` → `person.years >= 18` (EqualityOperator)');
  expect(bench.read('src/age.ts')).toContain('return person.years >= 18;');
});

/** Links this repository's own packages, as an installed vitest. */
function installVitest(bench: Workbench): void {
  mkdirSync(join(bench.worktree, 'node_modules'));
  for (const name of ['vitest', 'vite']) {
    symlinkSync(path(`../../../node_modules/${name}`), join(bench.worktree, 'node_modules', name));
  }
}

test('repairs TypeScript under vitest, per test, and keeps the setup files of the repository', async () => {
  using bench = new Workbench({
    'package.json': nodeTest('vitest run'),
    'vitest.config.ts': `export default { test: { globals: false, setupFiles: ['./setup.ts'] } };\n`,
    'setup.ts': 'globalThis.limit = 50;\n',
    'src/shipping.ts': `type Money = number;
declare global { var limit: Money }

// Free from the limit on.
export function shipping(total: Money): Money {
  if (total > globalThis.limit) {
    return 0;
  }
  return total * 0 + 5;
}
export const unrelated = (a: number, b: number): number => a + b;
`,
    'src/shipping.test.ts': `import { describe, expect, it } from 'vitest';
import { shipping, unrelated } from './shipping.ts';
describe('shipping', () => {
  it('is free at the limit', () => expect(shipping(50)).toBe(0));
  it('is free above it', () => expect(shipping(51)).toBe(0));
  it('costs below it', () => expect(shipping(49)).toBe(5));
});
it('adds', () => expect(unrelated(1, 2)).toBe(3));\n`,
  });
  installVitest(bench);
  const investigation = await bench.run({ role: 'investigate' });
  expect(created(investigation)).toMatchObject([
    { title: 'Fix shipping (src/shipping.ts:5): 1 test fails', inputs: { granularity: 'test' } },
  ]);
  const { outcome } = await bench.run({
    role: 'fix',
    inputs: created(investigation)[0]?.inputs as Record<string, unknown>,
  });
  expect(outcome).toMatchObject({
    summary: 'src/shipping.ts:6: `total > globalThis.limit` → `total >= globalThis.limit` (EqualityOperator)',
    outputs: { granularity: 'test' },
  });
});

test('says that it found nothing, and leaves the files as they were', async () => {
  const source = 'export function greet(name) {\n  return `Hello ${name}`;\n}\n';
  using bench = new Workbench({
    'package.json': nodeTest(),
    'greet.js': source,
    'greet.test.js': `import test from 'node:test'; import assert from 'node:assert'; import { greet } from './greet.js';
test('greets politely', () => assert.equal(greet('Ada'), 'Good morning, Ada'));\n`,
  });
  const run = await bench.run({ role: 'fix' });
  expect(run).toMatchObject({ code: 0, outcome: { status: 'failed', outputs: { granularity: 'test' } } });
  expect(run.outcome?.reason).toMatch(
    /^no single-point patch makes these tests pass.*: tried all \d+ of \d+ candidates?$/,
  );
  expect(bench.read('greet.js')).toBe(source);
  expect(readdirSync(bench.worktree).sort()).toEqual(['greet.js', 'greet.test.js', 'package.json']);
});

test('kills candidates that loop for ever and goes on', async () => {
  using bench = new Workbench({
    'package.json': nodeTest(),
    // Of the edits of the loop's line most never end; the fault is in the line below.
    'count.js': `export function count(items) {
  let n = 0;
  for (let i = 0; i < items.length; i++) {
    n -= 1;
  }
  return n;
}
`,
    'count.test.js': `import test from 'node:test'; import assert from 'node:assert'; import { count } from './count.js';
test('counts', () => assert.equal(count([7, 8, 9]), 3));
test('counts none', () => assert.equal(count([]), 0));\n`,
  });
  const { outcome } = await bench.run({ role: 'fix' });
  expect(outcome?.summary).toBe('count.js:4: `n -= 1` → `n += 1` (AssignmentOperator)');
  expect(leftovers(bench)).toEqual([]);
});

test('reports a file that does not load as a failure of its own', async () => {
  using bench = new Workbench({
    'package.json': nodeTest(),
    'a.js': 'export const a = 1;\n',
    'a.test.js': `import { missing } from './a.js';\nmissing();\n`,
  });
  const investigation = await bench.run({ role: 'investigate' });
  expect(created(investigation)).toMatchObject([
    {
      title: 'Fix a.test.js: 1 test fails',
      inputs: { failures: [{ id: 'a.test.js', name: '' }], granularity: 'file' },
    },
  ]);
  const fix = await bench.run({ role: 'fix', inputs: created(investigation)[0]?.inputs as Record<string, unknown> });
  expect(fix.outcome).toMatchObject({ status: 'failed' });
});

test.each([
  ['jest', /ends in "jest", which is neither node --test nor vitest/],
  ['node --test nowhere.test.js', /reported no test|no single-point patch/],
])('fails with the reason when the check is %s', async (check, reason) => {
  using bench = new Workbench({ 'package.json': nodeTest(check) });
  const run = await bench.run({ role: 'fix' });
  expect(run).toMatchObject({ code: 0, outcome: { status: 'failed' } });
  expect(run.outcome?.reason).toMatch(reason);
});

test('goes on when progress is refused, and ends with 1 when its outcome is', async () => {
  using bench = new Workbench({ 'package.json': nodeTest('jest') });
  const free = await bench.run({ role: 'fix', refuse: ['report_progress', 'report_usage'] });
  expect(free).toMatchObject({ code: 0, outcome: { status: 'failed' } });
  const refused = await bench.run({ role: 'fix', refuse: ['update_task_status'] });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('update_task_status was refused (auth.tool_not_allowed): not here');
});

/** A test that loops for ever once it has connected to us; the connection's end is the end of its process. */
const HANGS = `import net from 'node:net';
net.connect(process.env.REPAIR_TEST_SOCKET, () => { for (;;) {} });\n`;

test.each(['SIGTERM', 'SIGKILL'] as const)('takes its test processes with it on %s', async (signal) => {
  using bench = new Workbench({ 'package.json': nodeTest(), 'hang.test.js': HANGS });
  const socket = join(bench.home, 'socket');
  const connected = Promise.withResolvers<Socket>();
  const server = createServer((connection) => connected.resolve(connection)).listen(socket);
  await once(server, 'listening');
  const gone = connected.promise.then((connection) => once(connection.resume(), 'close'));
  const kill = connected.promise.then(() => signal);
  const run = await bench.run({ role: 'investigate' }, { env: { REPAIR_TEST_SOCKET: socket }, kill });
  await gone;
  server.close();
  expect(run.outcome).toBeUndefined();
  if (signal === 'SIGKILL') return;
  expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('stopped by SIGTERM') });
  expect(leftovers(bench)).toEqual([]);
});

test('says what is wrong with its arguments', async () => {
  using bench = new Workbench({ 'package.json': nodeTest() });
  const run = await bench.run({ role: 'fix' }, { args: ['--seed', 'seven'] });
  expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('--seed takes a whole number, not "seven"') });
  expect(existsSync(join(bench.worktree, 'package.json'))).toBe(true);
});
