import { expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';
import { type AskedVariation, readVariation } from '../src/variation.ts';

const NOTHING: AskedVariation = { seed: null, favour: null, formula: null, order: null };
const NEEDED = ['--task-id', 't', '--worktree', '.', '--mcp-config', 'm.json'];

test('a task that says nothing is searched as usual', () => {
  const usual = { seed: null, favour: null, formula: 'ochiai', order: 'rank' };
  expect(readVariation({}, NOTHING)).toEqual(usual);
  expect(readVariation({ variation: { seed: null, favour: null } }, NOTHING)).toEqual(usual);
});

test('a task says how it is searched, and the command line has the last word', () => {
  const inputs = { variation: { seed: 7, favour: 'calls', formula: 'dstar', order: 'kind' } };
  expect(readVariation(inputs, NOTHING)).toEqual(inputs.variation);
  const asked = readArguments([
    ...NEEDED,
    '--seed',
    '8',
    '--favour',
    'literals',
    '--formula',
    'tarantula',
    '--order',
    'place',
  ]);
  expect(readVariation(inputs, asked)).toEqual({ seed: 8, favour: 'literals', formula: 'tarantula', order: 'place' });
  expect(readVariation(inputs, readArguments(NEEDED))).toEqual(inputs.variation);
});

test.each([
  [{ variation: 'calls' }, /no object/],
  [{ variation: { seed: -1 } }, /seed that is no whole number from 0: -1/],
  [{ variation: { favour: 'beauty' } }, /no such favour: "beauty"; there are operators, conditions/],
  [{ variation: { formula: 1 } }, /no such formula: 1/],
  [{ variation: { order: 'constructor' } }, /no such order/],
])('refuses %j with what there is', (inputs, words) => {
  expect(() => readVariation(inputs, NOTHING)).toThrow(words);
});

test('the command line names what there is', () => {
  expect(() => readArguments([...NEEDED, '--order', 'size'])).toThrow(
    '--order is one of rank, place, kind, not "size"',
  );
});
