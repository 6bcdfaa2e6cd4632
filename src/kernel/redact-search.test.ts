import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactBytes } from '../runtime/terminals/stream-redactor.ts';
import { createRedactor } from './redact.ts';
import { secretPatterns, valueForms } from './redact-patterns.ts';
import { compile, literal } from './redact-regex.ts';
import { createValueFinder } from './redact-values.ts';

// Few characters, so that values overlap, repeat themselves and are beginnings of each other.
const value = fc.string({ unit: fc.constantFrom('a', 'b', '-', 'é', '💡'), minLength: 6, maxLength: 14 });
const values = fc.array(value, { maxLength: 4 });
const around = fc.constantFrom(
  '',
  'a',
  'b',
  '-',
  'é',
  '💡',
  'x ',
  'sk-',
  'password=',
  `ghp_${'a1B2'.repeat(6)}`,
  'hph_a_',
);

/** Values, what almost is one, and shapes, side by side. */
function textWith(known: readonly string[]): fc.Arbitrary<string> {
  const one = known.length === 0 ? fc.constant('') : fc.constantFrom(...known);
  const cut = fc.tuple(one, fc.nat(13)).map(([text, end]) => [...text].slice(0, end).join(''));
  return fc.array(fc.oneof(one, cut, around), { maxLength: 10 }).map((pieces) => pieces.join(''));
}

const cases = values.chain((known) => fc.tuple(fc.constant(known), textWith(known)));

describe('known values', () => {
  it('are found where a look at every place finds them, the longest first', () => {
    fc.assert(
      fc.property(cases, fc.nat(40), ([known, text], from) => {
        const longest = (at: number) =>
          known.filter((one) => text.startsWith(one, at)).sort((a, b) => b.length - a.length)[0];
        const places = Array.from({ length: text.length }, (_, at) => at).filter((at) => at >= from);
        const index = places.find((at) => longest(at) !== undefined);
        const expected = index === undefined ? null : { index, length: longest(index)?.length };
        const finder = createValueFinder(known);
        expect(finder.find(text, from)).toEqual(expected);
        const isOpen = (at: number) => known.some((one) => one !== text.slice(at) && one.startsWith(text.slice(at)));
        expect(finder.open(text, from)).toBe(places.find(isOpen) ?? text.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('are taken together with shapes as one expression of them all would take them', () => {
    fc.assert(
      fc.property(cases, ([known, text]) => {
        const forms = valueForms(known).sort((a, b) => b.length - a.length);
        const all = compile([...forms.map((form) => ({ parts: literal(form) })), ...secretPatterns]);
        const expected = text.replace(all.full, (...match) => all.replacement(match.at(-1)));
        expect(createRedactor({ values: known }).redactText(text)).toBe(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('are taken from a stream of bytes wherever it is cut, within a character too', () => {
    fc.assert(
      fc.property(cases, fc.array(fc.nat(), { maxLength: 12 }), ([known, text], cuts) => {
        const bytes = Buffer.from(text);
        const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const redactor = createRedactor({ values: known });
        const stream = redactBytes(redactor.createStreamRedactor());
        const out = places.map((place, n) => stream.push(bytes.subarray(places[n - 1] ?? 0, place)));
        expect(out.join('') + String(stream.flush())).toBe(redactor.redactText(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('may come many times in a text without costing the square of it', () => {
    const known = 'known-value';
    const redactor = createRedactor({ values: [known] });
    const text = `${known} sk`.repeat(20_000);
    expect(redactor.redactText(text)).not.toContain(known);
  });
});
