import { describe, expect, it } from 'vitest';
import { createLineSplitter } from './lines.ts';

describe('a line splitter', () => {
  it('joins what arrives in pieces', () => {
    const split = createLineSplitter(100);
    expect(split(Buffer.from('a'))).toEqual([]);
    expect(split(Buffer.from('b\nc\nd'))).toEqual(['ab', 'c']);
    expect(split(Buffer.from('\n'))).toEqual(['d']);
  });

  it('gives up for good on a line without end', () => {
    const split = createLineSplitter(4);
    expect(split(Buffer.from('12345'))).toBeNull();
    expect(split(Buffer.from('\n'))).toBeNull();
  });
});
