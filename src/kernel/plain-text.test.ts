import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlainText, plainLine, plainText } from './plain-text.ts';

const text = (raw: string) => plainText(Buffer.from(raw));
/** Bytes as terminals see them: much of it sequences, some of it cut or broken. */
const terminalBytes = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(
        '\x1b',
        '\x1b[',
        '\x1b]',
        '\x1bP',
        '\x1b\\',
        '\x07',
        '\x18',
        '\r',
        '\n',
        '\r\n',
        '\u009b',
        '\u202e',
        '31m',
        '52;c;',
      ),
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.from(parts.join('')));
const anyBytes = fc.oneof(
  terminalBytes,
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

describe('plain text of terminal bytes', () => {
  it('keeps text, tabs and newlines, and the words inside colours', () => {
    expect(text('plain\ttext\r\n\x1b[1;31mred\x1b[0m größe 👩‍🚀\n')).toBe('plain\ttext\nred größe 👩‍🚀\n');
  });

  it.each([
    ['a title', '\x1b]0;title\x07after', 'after'],
    ['a link', '\x1b]8;;https://evil.test\x1b\\label\x1b]8;;\x1b\\', 'label'],
    ['the clipboard', '\x1b]52;c;ZXZpbA==\x07x', 'x'],
    ['a query that a terminal would answer', '\x1b[6n\x1bP$qm\x1b\\\x1b[?2026$px', 'x'],
    ['one-character controls', 'a\x00\x07\x08\x7f\u009b31m\u009d0;t\u009cb', 'ab'],
    ['direction overrides', 'a\u202eb\u2066c\u200f', 'abc'],
    ['a character set selection', '\x1b(Bx', 'x'],
    ['a cancelled sequence', '\x1b[31\x18x', 'x'],
  ])('drops %s', (_name, raw, expected) => {
    expect(text(raw)).toBe(expected);
  });

  it('makes one line end of any number of returns before a newline, and of a return alone', () => {
    expect(text('a\r\r\nb\rc\r')).toBe('a\nb\nc\n');
  });

  it('does not let an unfinished sequence hide what follows', () => {
    expect(text('\x1b]0;unfinished\nnext line')).toBe('\nnext line');
    expect(text(`\x1bP${'q'.repeat(70_000)}`)).toMatch(/^q+$/);
  });

  it('gives nothing but allowed characters, whatever comes', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(plainText(bytes).replaceAll('\u200d', '')).toMatch(/^(?:[\t\n]|[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}])*$/u);
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on where chunks are cut', () => {
    fc.assert(
      fc.property(anyBytes, fc.array(fc.nat(200), { maxLength: 6 }), (bytes, cuts) => {
        const parser = createPlainText();
        const borders = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const parts = borders.slice(1).map((end, n) => parser.push(bytes.subarray(borders[n], end)));
        expect(parts.join('') + parser.flush()).toBe(plainText(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('changes nothing in what it gave', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(text(plainText(bytes))).toBe(plainText(bytes));
      }),
    );
  });
});

describe('a line of somebody else’s text', () => {
  it('is one line without sequences, cut where it is long', () => {
    expect(plainLine('  a\n\n b\u001b[2J c\u001b]0;title\u0007 ')).toBe('a b c');
    expect(plainLine('x'.repeat(50), 10)).toBe(`${'x'.repeat(9)}…`);
  });
});
