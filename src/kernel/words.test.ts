import { describe, expect, it } from 'vitest';
import { splitWords } from './words.ts';

describe('splitWords', () => {
  it.each([
    ['npm test', ['npm', 'test']],
    ["npm test -- --x 'a b'", ['npm', 'test', '--', '--x', 'a b']],
    ['  node\t--test  ', ['node', '--test']],
    [`a "b \\" c" d\\ e ''`, ['a', 'b " c', 'd e', '']],
    [`a'b'"c"`, ['abc']],
    [`x '|;$' "a|b\\$"`, ['x', '|;$', 'a|b$']],
    [`x "\\n"`, ['x', '\\n']],
  ])('splits %j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it.each([
    'a | b',
    'a && b',
    'a; b',
    'a > b',
    'a < b',
    'a $(b)',
    'a `b`',
    'a "$b"',
    'a\nb',
    "a 'b",
    'a "b',
    'a \\',
    '',
    '  ',
    "''",
    'a \0',
  ])('refuses %j', (line) => {
    expect(() => splitWords(line)).toThrow(expect.objectContaining({ code: 'input.invalid' }));
  });
});
