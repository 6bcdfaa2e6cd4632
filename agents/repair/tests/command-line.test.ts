import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NeedsShell, parseCommandLine } from '../src/suite/command-line.ts';
import { readSuite, UnreadableCheck } from '../src/suite/suite.ts';

const directory = mkdtempSync(join(tmpdir(), 'heph-suite-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const scripts = (scripts: Record<string, string>) =>
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ scripts }));

test('splits words, quotes, settings and && without a shell', () => {
  expect(parseCommandLine(`A=1 cross-dressed 'a b' "c d"e && npm  test`)).toEqual([
    { env: { A: '1' }, argv: ['cross-dressed', 'a b', 'c de'] },
    { env: {}, argv: ['npm', 'test'] },
  ]);
  expect(parseCommandLine('cross-env NODE_ENV=test node --test')).toEqual([
    { env: { NODE_ENV: 'test' }, argv: ['node', '--test'] },
  ]);
});

test.each(['a | b', 'echo $HOME', 'a; b', 'a > b', 'a &', '(a)', 'a || b', '`a`', 'a && ', ''])(
  'refuses %j',
  (line) => {
    expect(() => parseCommandLine(line)).toThrow(NeedsShell);
  },
);

test('follows npm scripts to node --test, with what comes before and behind', () => {
  scripts({ pretest: 'tsc -p .', test: 'npm run unit', unit: 'T=1 node --import tsx --test-reporter spec --test' });
  expect(readSuite('npm test -- test/a.js', directory)).toEqual({
    runner: 'node',
    before: [{ env: {}, argv: ['tsc', '-p', '.'] }],
    env: { T: '1' },
    nodeOptions: ['--import', 'tsx'],
    options: [],
    targets: ['test/a.js'],
  });
});

test('reads vitest with its options, less the reporters', () => {
  scripts({ test: 'biome check && vitest run --reporter=dot --coverage --dir src one' });
  expect(readSuite('npm run test', directory)).toEqual({
    runner: 'vitest',
    before: [{ env: {}, argv: ['biome', 'check'] }],
    env: {},
    nodeOptions: [],
    options: ['--dir', 'src'],
    targets: ['one'],
  });
});

test('says why a check cannot be read', () => {
  scripts({ test: 'jest', loop: 'npm run loop', pipe: 'node --test | tee log' });
  expect(() => readSuite('npm test', directory)).toThrow(/ends in "jest", which is neither/);
  expect(() => readSuite('npm run loop', directory)).toThrow(/call each other/);
  expect(() => readSuite('npm run pipe', directory)).toThrow(UnreadableCheck);
  expect(() => readSuite('npm run nothing', directory)).toThrow(/no script "nothing"/);
});
