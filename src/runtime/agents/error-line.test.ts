import { describe, expect, it } from 'vitest';
import { errorOf, isErrorLine, likeness, sameness } from './error-line.ts';

describe('a line that says that something went wrong', () => {
  it.each([
    'Error: connect ECONNREFUSED 127.0.0.1:5432',
    '✖ adds numbers (12.3ms)',
    'bash: foo: command not found',
    'error TS2322: Type string is not assignable',
    'thread main panicked at src/main.rs:4:5',
  ])('is known by its words: %s', (line) => expect(isErrorLine(line)).toBe(true));

  it.each(['0 errors, 0 warnings', 'no errors found', 'failed: 0', 'compiled in 3 s', 'all tests passed'])(
    'is not one that says there was none: %s',
    (line) => expect(isErrorLine(line)).toBe(false),
  );
});

describe('what stays the same', () => {
  it('of an error is everything but times, places, tries and ids', () => {
    const said = (n: number) =>
      `2026-01-0${n}T10:00:0${n}.123Z request ${n}7: TypeError at /src/a.js:${n}1:${n} (attempt ${n}, ${n}3 ms, id 3f2a${n}b7c9d)`;
    expect(likeness(said(1))).toBe(likeness(said(2)));
    expect(likeness('✖ case 3')).not.toBe(likeness('✖ case 4'));
    expect(likeness('x'.repeat(999))).toHaveLength(200);
  });

  it('of an outcome is everything but times and addresses', () => {
    expect(sameness('ok in 13 ms at 10:11:12')).toBe(sameness('ok in 7.5 s at 10:11:13'));
    expect(sameness('ℹ fail 3')).not.toBe(sameness('ℹ fail 2'));
  });
});

it('takes the first line that speaks of an error, else the last', () => {
  expect(errorOf('building\nError: no\nError: again', '$ make')).toBe('Error: no');
  expect(errorOf('one\ntwo\n', '$ make')).toBe('two');
  expect(errorOf('', '$ make')).toBe('without a word: $ make');
});
