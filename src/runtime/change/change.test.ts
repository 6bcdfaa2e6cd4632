import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importsOf } from './imports.ts';
import { createReuseMeter, REPEAT_TOKENS } from './reuse.ts';
import { tokensOf } from './tokens.ts';

const words = (path: string, text: string) => tokensOf(path, text).map((token) => token.text);
const imports = (path: string, text: string) => importsOf(path, tokensOf(path, text));

describe('tokens', () => {
  it('leave out comments and keep strings whole', () => {
    expect(words('a.ts', "let a = 'b // c'; // d\n/* e\n*/ f(`g ${h('`')} i`)")).toEqual([
      ...['let', 'a', '=', "'b // c'", ';'],
      ...['f', '(', "`g ${h('`')} i`", ')'],
    ]);
    expect(words('a.py', 'x = """a\n# b""" # c\ny')).toEqual(['x', '=', '"""a\n# b"""', 'y']);
  });

  it('tell a pattern from a division', () => {
    expect(words('a.js', 'a / b / c')).toEqual(['a', '/', 'b', '/', 'c']);
    expect(words('a.js', 'return /[/"]\\//g')).toEqual(['return', '/[/"]\\//g']);
    expect(words('a.go', 'a = /b/')).toEqual(['a', '=', '/', 'b', '/']);
  });

  it('know their lines', () => {
    expect(tokensOf('a.js', 'a\n`b\nc`\nd').map(({ line }) => line)).toEqual([1, 2, 4]);
  });

  it('take an apostrophe for a mark', () => {
    expect(words('a.rs', "fn a<'b>(c: &'b str) {}\nd")).toContain('d');
  });

  it('come to an end with any text, and lose nothing but space and comments', () => {
    const text = fc.string({
      unit: fc.constantFrom('`', '$', '{', '}', '"', "'", '/', '*', '#', '\\', '\n', 'a', '(', ' ', '['),
    });
    fc.assert(
      fc.property(text, fc.constantFrom('a.ts', 'a.py', 'a.rs'), (source, path) => {
        const joined = words(path, source).join('');
        let at = 0;
        for (const char of joined) {
          at = source.indexOf(char, at) + 1;
          expect(at).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('imports', () => {
  it.each([
    ["import a from 'x'", ['x']],
    ["import 'x/deep'", ['x']],
    ["import a, { b as c, type D } from '@s/p/q'", ['@s/p']],
    ["import { 'a b' as c } from 'x'", ['x']],
    ["export * from 'x'; export { a } from 'y'", ['x', 'y']],
    ["const a = require('x'); await import('node:fs/promises')", ['x', 'node:fs']],
    ["import a = require('x')", ['x']],
    ["import './own.js'; import '#own'; import '/own'; import 'https://elsewhere/x.js'", []],
    ["// import 'x'\nconst a = \"import 'y'\"; a.import('z'); export const from = 'w'", []],
    ['import.meta.url; export default function a() { return "x" }', []],
  ])('of %s', (text, found) => expect(imports('a.ts', text)).toEqual(found));

  it('of Python', () => {
    expect(imports('a.py', 'import os.path, re as r\nfrom a.b import c\nfrom . import d\nx = "import y"\n')).toEqual([
      ...['os', 're', 'a'],
    ]);
  });

  it('are not read in other languages', () => {
    expect(imports('a.go', 'import "fmt"')).toBeNull();
  });
});

describe('reuse', () => {
  const measure = (fresh: string, ...rest: string[]) => {
    const meter = createReuseMeter([tokensOf('a.ts', fresh)]);
    for (const text of rest) meter.hear(tokensOf('b.ts', text));
    return meter.result();
  };
  const long = Array.from({ length: REPEAT_TOKENS }, (_none, n) => `a${n}`).join(' ');

  it('finds what stands elsewhere in the same words, however it is laid out', () => {
    const { tokens, repeated } = measure(`x ${long} y`, `p\n/* q */ ${long.replaceAll(' ', '\n')} r`);
    expect([tokens, repeated]).toEqual([REPEAT_TOKENS + 2, REPEAT_TOKENS]);
  });

  it('takes a shorter row for no repetition, nor one across two pieces', () => {
    const short = long.slice(0, long.lastIndexOf(' '));
    expect(measure(long, short).repeated).toBe(0);
    expect(measure(long, short, 'a23').repeated).toBe(0);
  });

  it('counts a token once, however often it stands elsewhere', () => {
    expect(measure(long, long, `${long} ${long}`).repeated).toBe(REPEAT_TOKENS);
  });

  it('tells what is called of the repository and what is defined anew', () => {
    const fresh = 'const mine = (a: A): B => parse(a);\nfunction other() { if (x) mine(unknown()); b.render() }';
    const rest = 'export function parse() {}\nfunction render() {}\nconst lost = 3;';
    expect(measure(fresh, rest)).toMatchObject({ called: ['parse'], defined: ['mine', 'other'] });
  });

  it('never counts more than there is', () => {
    const piece = fc
      .array(fc.constantFrom('a', 'b', '(', ')', 'function'), { maxLength: 80 })
      .map((list) => list.join(' '));
    fc.assert(
      fc.property(piece, fc.array(piece, { maxLength: 3 }), (fresh, rest) => {
        const { tokens, repeated } = measure(fresh, ...rest);
        expect(repeated).toBeLessThanOrEqual(tokens);
        expect(measure(fresh, ...rest.toReversed()).repeated).toBe(repeated);
      }),
    );
  });
});
