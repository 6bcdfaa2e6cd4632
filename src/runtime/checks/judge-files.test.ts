import { strictEqual } from 'node:assert/strict';
import { expect, test } from 'vitest';
import { judgeKindOf, manifestWithJudgeOf } from './judge-files.ts';

test.each([
  ['src/parse.js', null],
  ['src/spec/reader.js', null],
  ['src/latest.ts', null],
  ['src/contest.py', null],
  ['Cargo.toml', null],
  ['README.md', null],
  ['test/parse.js', 'test'],
  ['packages/a/__tests__/b.ts', 'test'],
  ['spec/reader.rb', 'test'],
  ['src/parse.test.ts', 'test'],
  ['src/__snapshots__/a.snap', 'test'],
  ['pkg/test_parse.py', 'test'],
  ['pkg/parse_test.go', 'test'],
  ['src/ParserTest.java', 'test'],
  ['vitest.config.ts', 'runner'],
  ['packages/a/jest.setup.js', 'runner'],
  ['.mocharc.yml', 'runner'],
  ['tests/conftest.py', 'runner'],
  ['Makefile', 'runner'],
  ['.npmrc', 'runner'],
  ['node_modules/vitest/index.js', 'runner'],
  ['node_modules', 'runner'],
  ['scripts/check.sh', 'runner'],
  ['checks.yaml', 'configuration'],
  ['tsconfig.build.json', 'configuration'],
  ['pyproject.toml', 'configuration'],
  ['.env.local', 'configuration'],
  ['package-lock.json', 'lockfile'],
  ['packages/a/package.json', 'manifest'],
])('%s is %s of the judge', (path, kind) => {
  strictEqual(judgeKindOf(path, 'sh ./scripts/check.sh'), kind);
});

test('a manifest keeps its dependencies and gets the scripts of the original back', () => {
  const original = JSON.stringify({ name: 'a', scripts: { test: 'node --test' }, dependencies: { b: '1' } });
  const changed = { name: 'a', scripts: { test: 'true' }, dependencies: { b: '2' }, jest: { bail: 1 } };
  const laid = manifestWithJudgeOf(original, JSON.stringify(changed));
  expect(JSON.parse(laid ?? '')).toEqual({ name: 'a', scripts: { test: 'node --test' }, dependencies: { b: '2' } });
});

test('a manifest whose dependencies alone changed is the work', () => {
  const of = (version: string) => JSON.stringify({ scripts: { test: 'a' }, dependencies: { b: version } });
  strictEqual(manifestWithJudgeOf(of('1'), of('2')), null);
});

test('a manifest that no longer parses is replaced, and one that never did is left', () => {
  strictEqual(manifestWithJudgeOf('{}', '{'), '{}');
  strictEqual(manifestWithJudgeOf('{', '{}'), null);
});
