import { expect, it } from 'vitest';
import { readVariation } from '../../../agents/repair/src/variation.ts';
import { directive } from '../../../tests/support/examples.ts';
import { briefOf, repairVariation } from './brief.ts';
import { EMPHASES } from './directive.ts';
import { mutate } from './mutators.ts';

it('says the goal alone where nothing else is asked', () => {
  expect(briefOf(directive())).toBe('Make the tests pass');
});

it('says every constraint, the emphasis and the criteria, a line each', () => {
  const asked = directive({
    constraints: { maxLines: 5, allowedFiles: ['src/**'], allowedImports: [], expectedOutput: 'ok' },
    criteria: ['It is easy to read.'],
  });
  const stressed = { ...asked, parameters: { ...asked.parameters, emphasis: 'reuse' as const, approach: 'Start.' } };
  expect(briefOf(stressed).split('\n')).toEqual([
    'Make the tests pass',
    '',
    `- ${EMPHASES.reuse}`,
    '- Go about it like this: Start.',
    '- Change at most 5 lines.',
    '- Change only files that match: src/**.',
    '- Import nothing new.',
    '- The check must print: ok',
    '- It is easy to read.',
  ]);
});

it('gives the repair agent what it takes', () => {
  for (const variant of mutate({ directive: directive(), n: 32, seed: 5, agents: ['repair'], models: {} })) {
    const { seed, repair } = variant.directive.parameters;
    const variation = repairVariation(variant.directive.parameters);
    const asUsual = { seed: null, favour: null, formula: null, order: null };
    expect(readVariation({ variation }, asUsual)).toEqual({ seed, ...repair });
  }
});
