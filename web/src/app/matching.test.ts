import { expect, it } from 'vitest';
import { matching } from './matching.ts';

const NAMES = ['Mend the parser', 'Test the parser', 'Write docs'];
const find = (typed: string, max = 10) => matching(NAMES, typed, (name) => name, max);

it('finds what holds every word, in any order and case', () => {
  expect(find('PARSER mend')).toEqual(['Mend the parser']);
  expect(find('pars')).toEqual(['Mend the parser', 'Test the parser']);
  expect(find('  ')).toEqual(NAMES);
  expect(find('nothing')).toEqual([]);
});

it('finds so many at most', () => {
  expect(find('', 2)).toHaveLength(2);
});
