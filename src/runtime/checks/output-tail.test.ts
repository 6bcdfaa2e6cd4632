import { expect, it } from 'vitest';
import { createOutputTail } from './output-tail.ts';

it('keeps everything that fits, without escape sequences and control characters', () => {
  const tail = createOutputTail(1_000);
  tail.push(Buffer.from('\u001b[31mred\u001b[39m\r\n\u0007ok\tü\n'));
  expect(tail.text()).toBe('red\nok\tü\n');
});

it('drops the head of a flood, from a line’s start, and says how much', () => {
  const tail = createOutputTail(1_000);
  for (let n = 0; n < 100_000; n++) tail.push(Buffer.from(`line ${n} ü\n`));
  const [first = '', second = '', ...rest] = tail.text().split('\n');
  expect(first).toMatch(/^… \d{7} bytes before this are left out$/);
  expect(second).toMatch(/^line \d+ ü$/);
  expect(rest.at(-2)).toBe('line 99999 ü');
  expect(Buffer.byteLength(tail.text())).toBeLessThan(1_100);
});
