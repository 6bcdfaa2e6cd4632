import fc from 'fast-check';
import { matchesGlob } from 'node:path';
import { expect, it } from 'vitest';
import { createMatcher, isGlob, isLiteral } from './glob.ts';

it.each([
  ['**', 'a/b.js', true],
  ['*.js', 'a/b.js', false],
  ['**/*.js', 'b.js', true],
  ['src/**', 'src/a/b', true],
  ['src/', 'src/a/b', true],
  ['src/**', 'srcs/a', false],
  ['src/**/test/*', 'src/test/a', true],
  ['*.{js,ts}', 'a.ts', true],
  ['[a-c]?.txt', 'b1.txt', true],
  ['[!a-c].txt', 'b.txt', false],
  ['[!a].txt', '/.txt', false],
  ['a.b', 'axb', false],
  ['(x)+$', '(x)+$', true],
  ['.github/**', '.github/x.yml', true],
  ['*', '.env', true],
])('%s and %s: %s', (glob, path, fits) => {
  expect(createMatcher([glob])(path)).toBe(fits);
});

it('lets the last pattern that fits decide', () => {
  const fits = createMatcher(['src/**', '!src/gen/**', 'src/gen/keep.js']);
  expect(['src/a', 'src/gen/a', 'src/gen/keep.js', 'other'].map(fits)).toEqual([true, false, true, false]);
  expect(createMatcher([])('a')).toBe(false);
});

it('tells a path from a pattern', () => {
  expect(['a/b.js', '.env'].map(isLiteral)).toEqual([true, true]);
  expect(['a/*', 'a/', '!a', '{a,b}', '[a]'].map(isLiteral)).toEqual([false, false, false, false, false]);
});

it('means what Node’s own globs mean', () => {
  const name = fc.stringMatching(/^[ab]{1,2}(\.js)?$/);
  const piece = fc.constantFrom('a', 'b', '*', 'a*', '?', '**', '[ab]', '{a,b}', '*.js');
  const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(pattern, fc.array(name, { minLength: 1, maxLength: 4 }), (glob, parts) => {
      const path = parts.join('/');
      // Node's `a/**` fits `a` itself, which a listing of files never asks about.
      fc.pre(!glob.endsWith('**'));
      expect(createMatcher([glob])(path), `${glob} ${path}`).toBe(matchesGlob(path, glob));
    }),
  );
});

it('tells a pattern that cannot be read', () => {
  expect(['src/**', '!src/[a-c]', '{a,b}', 'a{'].map(isGlob)).toEqual([true, true, true, true]);
  expect(['[z-a]', '{a,{b}', '![z-a]'].map(isGlob)).toEqual([false, false, false]);
});
