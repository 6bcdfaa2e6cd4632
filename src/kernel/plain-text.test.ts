import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlainStream, plainLine, plainText } from './plain-text.ts';

const ESC = '\u001b';
const BEL = '\u0007';

describe('plain text', () => {
  it.each([
    [`a${ESC}[31mred${ESC}[0mb`, 'aredb'],
    [`a${ESC}]0;title${BEL}b`, 'ab'],
    [`a${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\b`, 'alinkb'],
    [`a${ESC}]52;c;aGVsbG8=${BEL}b`, 'ab'],
    [`a${ESC}P1$r0m${ESC}\\b`, 'ab'],
    ['a\u009b31mb\u009d0;t\u009cc', 'abc'],
    [`a${ESC}(Bb${ESC}7c`, 'abc'],
    ['one\r\ntwo\rthree', 'one\ntwo\nthree'],
    ['a\u0000b\u0008c\u202ed\ufeff', 'abcd'],
    ['tab\tand 👨‍👩‍👧 and é', 'tab\tand 👨‍👩‍👧 and é'],
  ])('of %j is %j', (raw, plain) => expect(plainText(raw)).toBe(plain));

  it('is one short line where a line is asked for', () => {
    expect(plainLine(`  a\n\n b${ESC}[2J c `)).toBe('a b c');
    expect(plainLine('x'.repeat(50), 10)).toBe(`${'x'.repeat(9)}…`);
  });

  const pieces = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(`${ESC}[1;31m`, `${ESC}]0;t${BEL}`, `${ESC}]8;;u${ESC}\\`, ESC, '\r', '\r\n', '\u009b0m', 'é👍'),
    ),
  );

  it('never holds an escape or a control character, wherever chunks are cut, and is the same as of the whole', () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(40), { maxLength: 20 }), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const stream = createPlainStream();
        let out = '';
        let from = 0;
        for (const cut of cuts) {
          out += stream.push(bytes.subarray(from, from + cut));
          from += cut;
        }
        out += stream.push(bytes.subarray(from)) + stream.flush();
        // oxlint-disable-next-line no-control-regex
        expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
        expect(out).toBe(plainText(bytes.toString()));
      }),
      { numRuns: 1000 },
    );
  });

  it('does not hide what follows a sequence that never ends', () => {
    const stream = createPlainStream();
    stream.push(Buffer.from(`${ESC}]0;`));
    expect(stream.push(Buffer.from('x'.repeat(5000))).length).toBeGreaterThan(0);
  });
});
