import { describe, expect, it } from 'vitest';
import { asciicastLines } from './asciicast.ts';

async function* chunksOf(...parts: [number, Uint8Array][]) {
  for (const [cursor, bytes] of parts) yield { cursor, bytes };
}

const lines = async (marks: { atMs: number; cursor: number }[], ...parts: [number, Uint8Array][]) => {
  const all: unknown[] = [];
  const recording = { columns: 80, rows: 24, startedAt: 10_000, marks, chunks: chunksOf(...parts) };
  for await (const line of asciicastLines(recording)) all.push(JSON.parse(line));
  return all;
};

describe('an asciicast', () => {
  it('begins with the size and the start, and gives each byte the time of the last mark at or before it', async () => {
    const marks = [
      { atMs: 10_500, cursor: 0 },
      { atMs: 12_000, cursor: 3 },
    ];
    expect(await lines(marks, [0, Buffer.from('abcdef')])).toEqual([
      { version: 2, width: 80, height: 24, timestamp: 10 },
      [0.5, 'o', 'abc'],
      [2, 'o', 'def'],
    ]);
  });

  it('does not break a character at a chunk’s border, and goes on behind a gap', async () => {
    const bytes = Buffer.from('aé');
    const got = await lines(
      [{ atMs: 10_000, cursor: 0 }],
      [0, bytes.subarray(0, 2)],
      [2, bytes.subarray(2)],
      [100, Buffer.from('z')],
    );
    expect(got.slice(1)).toEqual([
      [0, 'o', 'a'],
      [0, 'o', 'é'],
      [0, 'o', 'z'],
    ]);
  });

  it('needs no marks', async () => {
    expect((await lines([], [0, Buffer.from('a')])).slice(1)).toEqual([[0, 'o', 'a']]);
  });
});
