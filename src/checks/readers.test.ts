import { describe, expect, it } from 'vitest';
import { detectChecks, DETECTED_FROM, type RootFiles } from './detect.ts';
import { historyOf } from './history.ts';
import { junitOutcomes } from './junit.ts';
import { notInstalled, outOfStep } from './node-packages.ts';
import { recordOf } from './record.ts';
import type { CheckOutcome, CheckRun } from './results.ts';
import { inRange } from './version-range.ts';

describe('detection', () => {
  const detected = (given: Partial<RootFiles>) => {
    const none = Object.fromEntries(DETECTED_FROM.map((name) => [name, null])) as RootFiles;
    return detectChecks({ ...none, ...given });
  };
  const lines = (given: Partial<RootFiles>) =>
    detected(given).checks.map(({ run, builtin }) => run?.join(' ') ?? builtin);
  const manifest = (more: object) =>
    JSON.stringify({ scripts: { test: 'node --test', lint: 'oxlint', dev: 'vite' }, ...more });

  it.each<[Partial<RootFiles>, (string | null)[]]>([
    [{}, []],
    [{ 'package.json': manifest({}) }, ['runtime', 'npm run lint', 'npm run test']],
    [
      { 'package.json': manifest({ devDependencies: { oxlint: '1' } }), 'pnpm-lock.yaml': '' },
      ['runtime', 'lockfile', 'dependencies', 'pnpm run lint', 'pnpm run test'],
    ],
    [{ 'package.json': manifest({ packageManager: 'yarn@4.1.0' }) }, ['runtime', 'yarn run lint', 'yarn run test']],
    [{ 'package.json': JSON.stringify({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }) }, []],
    [{ 'package.json': '{' }, []],
    [
      { 'pyproject.toml': '[tool.pytest.ini_options]\n[tool.ruff]\n' },
      ['python3 -m ruff check .', 'python3 -m pytest'],
    ],
    [{ 'pyproject.toml': 'dev = ["mypy>=1"]', 'uv.lock': '' }, ['uv run --frozen mypy .']],
    [{ 'go.mod': 'module x' }, ['go vet ./...', 'go test ./...']],
    [{ 'Cargo.toml': '[package]' }, ['cargo check --all-targets', 'cargo test']],
    [{ Makefile: 'CC := gcc\nbuild: x\n\tcc\ntest:\n\t./t\nclean:\n' }, ['make build', 'make test']],
    [{ Makefile: 'test:\n\tgo test\n', 'go.mod': '' }, ['go vet ./...', 'go test ./...']],
  ])('of %j', (given, expected) => {
    expect(lines(given)).toEqual(expected);
  });

  it('says why each check is there', () => {
    expect(detected({ 'package.json': manifest({}) })).toMatchObject({
      source: 'detected from package.json',
      reasons: { test: 'package.json has the script test', runtime: 'package.json is there' },
    });
  });
});

describe('a JUnit report', () => {
  it('is read into single tests', () => {
    const text = `<?xml version="1.0"?><testsuites><testsuite name="s">
      <!-- <testcase name="no"/> --><testcase classname="a.B" name="one &lt;1&gt;" time="0.1"/>
      <testcase classname="a.B" name="two"><failure message="expected &quot;x&quot; &#233;"><![CDATA[<testcase name="no"/>]]></failure></testcase>
      <testcase classname="a.B" name="three"><skipped/></testcase><testcase name="four"><error/></testcase><testcase name="four"></testcase>
      </testsuite></testsuites>`;
    expect(junitOutcomes(text)?.map(({ id, status, message }) => [id, status, message])).toEqual([
      ['a.B > one <1>', 'passed', undefined],
      ['a.B > two', 'failed', 'expected "x" é'],
      ['a.B > three', 'skipped', undefined],
      ['four', 'failed', ''],
      ['four #2', 'passed', undefined],
    ]);
  });

  it.each(['', '{}', '<html></html>'])('is not seen in %j', (text) => {
    expect(junitOutcomes(text)).toBeNull();
  });
});

it.each<[string, string, boolean | null]>([
  ['v24.15.0', '>=24.15', true],
  ['24.14.9', '>=24.15', false],
  ['22.1.0', '^20.9 || >=22', true],
  ['21.0.0', '^20.9 || >=22', false],
  ['18.2.0', '18.x', true],
  ['0.3.1', '^0.2', false],
  ['0.2.9', '^0.2.3', true],
  ['1.2.9', '~1.2', true],
  ['1.3.0', '~1.2.1', false],
  ['20.0.0', '>= 18 <21', true],
  ['24.1.0', '>24', false],
  ['24.1.0', '<=24', true],
  ['24.1.0', 'lts/*', null],
  ['24.1.0', '*', true],
])('%s in %s: %s', (version, range, fits) => {
  expect(inRange(version, range)).toBe(fits);
});

it('compares a manifest with its lockfile, and that with what is installed', () => {
  const manifest = { dependencies: { a: '^1', b: '2' } };
  expect(outOfStep(manifest, { packages: { '': { dependencies: { a: '^1', b: '2' } } } })).toEqual([]);
  expect(outOfStep(manifest, { packages: { '': { dependencies: { a: '^2', c: '1' } } } })).toEqual(['a', 'b', 'c']);
  expect(outOfStep(manifest, {})).toBeNull();
  const locked = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0' },
      'node_modules/o': { version: '1.0.0', optional: true },
    },
  };
  expect(
    notInstalled(locked, {
      packages: { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.9.0' } },
    }),
  ).toEqual(['b']);
});

const outcome = (name: string, given: Partial<CheckOutcome>): CheckOutcome => ({
  name,
  status: 'passed',
  cached: false,
  why: '',
  key: 'k',
  tags: [],
  durationMs: 10,
  attempts: 1,
  exitCode: 0,
  tail: '',
  output: null,
  tests: null,
  next: null,
  fixable: false,
  ...given,
});
const run = (...checks: CheckOutcome[]): CheckRun => ({
  runId: 'chk_1',
  repositoryId: 'rep_1',
  folder: '/r',
  source: 'checks.yaml',
  state: 'passed',
  startedAt: 0,
  durationMs: 1,
  savedMs: 0,
  head: null,
  clean: null,
  checks,
  fixes: [],
  webhook: null,
});

it('tells from the runs what is slow, what is flaky and what the cache saves', () => {
  const cached = { cached: true, attempts: 0, durationMs: 500 };
  const history = historyOf([
    run(outcome('lint', cached), outcome('test', { durationMs: 900 })),
    run(outcome('lint', { durationMs: 500 }), outcome('test', { durationMs: 700, status: 'failed' })),
    run(outcome('lint', { status: 'skipped', attempts: 0 }), outcome('test', { durationMs: 800, status: 'flaky' })),
  ]);
  expect(history).toEqual([
    { name: 'test', ran: 3, cached: 0, failed: 1, flaky: 2, medianMs: 800, savedMs: 0, lastStatus: 'passed' },
    { name: 'lint', ran: 1, cached: 1, failed: 0, flaky: 0, medianMs: 500, savedMs: 500, lastStatus: 'passed' },
  ]);
});

it('records a run in bounds, whatever it was', () => {
  const failing = Array.from({ length: 200 }, (_, n) => `test ${n}`);
  const long = {
    why: 'w'.repeat(9000),
    tail: 't'.repeat(90_000),
    status: 'failed' as const,
    tests: { passed: 0, failed: 200, skipped: 0, failing, newlyFailing: failing },
  };
  const record = recordOf(run(...Array.from({ length: 300 }, (_, n) => outcome(`c${n}`, n === 0 ? long : {}))));
  expect(record.checks).toHaveLength(200);
  expect(record.checks[0]?.tests?.newlyFailing).toHaveLength(50);
  expect(JSON.stringify(record).length).toBeLessThan(60_000);
});
