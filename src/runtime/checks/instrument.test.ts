import { expect, it } from 'vitest';
import { splitWords } from '../../kernel/words.ts';
import { instrument } from './instrument.ts';

const files = { reporter: '/d/r.mjs', nodeResults: '/d/n', nodeUnused: '/d/u', vitestResults: '/d/v' };
const VITEST = ['--reporter=default', '--reporter=json', '--outputFile.json=/d/v'];
const OURS = '--test-reporter=file:///d/r.mjs --test-reporter-destination=/d/u';
const STDOUT = '--test-reporter-destination=stdout';
const SPEC = `${OURS} --test-reporter=spec ${STDOUT}`;

it.each<[string, Record<string, string>, string[], string | undefined]>([
  ['vitest run', {}, VITEST, undefined],
  ['npx vitest run src', {}, VITEST, undefined],
  ['npm test', { test: 'tsc && vitest run' }, ['--', ...VITEST], undefined],
  ['npm test -- --bail 1', { test: 'vitest run' }, VITEST, undefined],
  ['npm test', { test: 'npm run unit', unit: 'vitest' }, ['--', '--', ...VITEST], undefined],
  ['npm test', { test: 'npm run unit -- --bail 1', unit: 'vitest run' }, ['--', ...VITEST], undefined],
  ['pnpm run unit', { unit: 'vitest run' }, VITEST, undefined],
  ['npm test', { test: 'vitest run | tee log' }, [], undefined],
  ['npm test', { test: 'vitest run && echo done' }, [], undefined],
  ['npm test', { test: 'node --test && vitest run' }, ['--', ...VITEST], SPEC],
  ['node --test', {}, [], SPEC],
  ['/usr/bin/node --test x.test.js', {}, [], SPEC],
  ['npm t', { test: 'c8 node --test' }, [], SPEC],
  ['npm test', { test: 'node --test --test-reporter=tap' }, [], `${OURS} ${STDOUT}`],
  ['npm test', { test: 'node --test --test-reporter tap --test-reporter-destination x' }, [], OURS],
  ['npm test', { test: 'npm test' }, [], undefined],
  ['npm test', {}, [], undefined],
  ['make test', { test: 'vitest' }, [], undefined],
  ['npm test', { test: 'mocha nodes' }, [], undefined],
  ['npm test', { test: 'vitest bench' }, [], undefined],
])('%s with %j', (command, scripts, more, options) => {
  const words = splitWords(command);
  const result = instrument(words, scripts, files);
  expect(result.argv).toEqual([...words, ...more]);
  expect(result.env.NODE_OPTIONS).toBe(options);
});

it('quotes paths with spaces and quotes for NODE_OPTIONS', () => {
  const { env } = instrument(['node', '--test'], {}, { ...files, reporter: '/a b/"r.mjs' });
  expect(env.NODE_OPTIONS).toContain('--test-reporter=file:///a%20b/%22r.mjs');
});
