import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../kernel/clock.ts';
import { redactBytes, type StreamRedactor } from '../stream-redactor.ts';
import { markIntervalMs, TRANSCRIPT_BYTES_MIN } from '../transcript-layout.ts';
import { asciicastLines } from '../asciicast.ts';
import { openRecording, readTranscript, transcriptChunks, transcriptEnd } from './transcript-reader.ts';
import { openTranscript } from './transcript-writer.ts';

const noRedactor: StreamRedactor = { push: (chunk) => chunk, settle: () => '', flush: () => '' };
let directory: string;
let nowMs = 0;
const timers: (() => void)[] = [];
const clock: Clock = {
  now: () => nowMs,
  monotonicMs: () => nowMs,
  after: (_delayMs, fire) => {
    timers.push(fire);
    return () => void timers.splice(timers.indexOf(fire), 1);
  },
};
const open = (bytesMax = TRANSCRIPT_BYTES_MIN, redactor = noRedactor) =>
  openTranscript({ directory, bytesMax, redactor, clock, onWritten: () => {} });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'transcript-'));
  nowMs = 1000;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a transcript', () => {
  it('gives back what was written, from any cursor, across segments', async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, n) => n % 251));
    const writer = open();
    for (let at = 0; at < bytes.length; at += 4095) writer.write(bytes.subarray(at, at + 4095));
    writer.close();
    expect(readdirSync(directory).filter((name) => name.endsWith('.raw')).length).toBeGreaterThan(3);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length + 10), fc.integer({ min: 1, max: 150_000 }), async (cursor, max) => {
        const part = await readTranscript(directory, cursor, max);
        expect(part.cursor).toBe(cursor);
        expect(Buffer.compare(part.bytes, bytes.subarray(cursor, cursor + max))).toBe(0);
      }),
      { numRuns: 50 },
    );
    expect(await transcriptEnd(directory)).toMatchObject({ bytes: bytes.length });
  });

  it('never has more bytes than its limit, drops the oldest, and says where it begins', async () => {
    const writer = open();
    for (let n = 0; n < 100; n++) {
      writer.write(Buffer.alloc(10_000, n));
      const kept = readdirSync(directory).filter((name) => name.endsWith('.raw'));
      expect(kept.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)).toBeLessThanOrEqual(
        TRANSCRIPT_BYTES_MIN,
      );
    }
    writer.close();
    const part = await readTranscript(directory, 0, 10);
    expect(part.oldest).toBeGreaterThanOrEqual(1_000_000 - TRANSCRIPT_BYTES_MIN);
    expect(part.oldest).toBeLessThan(1_000_000);
    expect(part).toMatchObject({ cursor: part.oldest });
    expect(part.bytes[0]).toBe(Math.floor(part.oldest / 10_000));
    expect(await transcriptEnd(directory)).toMatchObject({ bytes: 1_000_000 });
  });

  it('loses what the disk does not take as a gap, and goes on', async () => {
    const writer = open();
    writer.write(Buffer.alloc(64 * 1024, 1));
    rmSync(directory, { recursive: true });
    writer.write(Buffer.alloc(64 * 1024, 2));
    expect(writer.outputBytes()).toBe(128 * 1024);
    open().close();
    writer.write(Buffer.from('after'));
    writer.close();
    const part = await readTranscript(directory, 0, 100);
    expect(part).toMatchObject({ cursor: 128 * 1024 });
    expect(Buffer.from(part.bytes).toString()).toBe('after');
  });

  it('writes what the redactor gives, its last words included', async () => {
    const held: StreamRedactor = { push: () => '***', settle: () => '', flush: () => 'end' };
    const writer = open(TRANSCRIPT_BYTES_MIN, held);
    writer.write(Buffer.from('a secret'));
    writer.close();
    expect(Buffer.from((await readTranscript(directory, 0, 100)).bytes).toString()).toBe('***end');
  });

  it('shows what was held back when nothing more comes for a while, and not before', async () => {
    let held = '';
    const push = (chunk: string) => {
      held += chunk;
      return '';
    };
    const text = { push, flush: () => held.replace('sk', '**') };
    const writer = open(undefined, redactBytes(text));
    writer.write(Buffer.from('ask'));
    nowMs += 200;
    writer.write(Buffer.from('?'));
    nowMs += 200;
    timers.shift()?.();
    expect(Buffer.from((await readTranscript(directory, 0, 100)).bytes).toString()).toBe('');
    nowMs += 200;
    timers.shift()?.();
    await new Promise(setImmediate);
    expect(Buffer.from((await readTranscript(directory, 0, 100)).bytes).toString()).toBe('a**?');
    writer.close();
  });

  it('keeps characters whole for a redactor of text', async () => {
    const writer = open(
      TRANSCRIPT_BYTES_MIN,
      redactBytes({ push: (chunk) => chunk.replaceAll('é', 'E'), flush: () => '.' }),
    );
    for (const byte of Buffer.from('aéb')) writer.write(Uint8Array.of(byte));
    writer.close();
    expect(Buffer.from((await readTranscript(directory, 0, 100)).bytes).toString()).toBe('aEb.');
  });

  it('marks times, coarsely', async () => {
    const writer = open();
    const print = (bytes: number) => writer.write(Buffer.alloc(bytes));
    print(64 * 1024);
    nowMs += 10;
    print(64 * 1024);
    nowMs += 1000;
    print(64 * 1024);
    writer.close();
    const { marks } = await openRecording(directory, { columns: 80, rows: 24, startedAt: 0 });
    expect(marks.filter(({ atMs }) => atMs === 2010)[0]).toEqual({ atMs: 2010, cursor: 128 * 1024 });
    expect(marks.every((mark, n) => n === 0 || mark.cursor > (marks[n - 1]?.cursor ?? 0))).toBe(true);
    expect(markIntervalMs(10_000)).toBeGreaterThan(markIntervalMs(0));
  });

  it('is empty where there is none', async () => {
    expect(await transcriptEnd(join(directory, 'none'))).toEqual({ bytes: 0, lastAt: null });
    expect(await readTranscript(join(directory, 'none'), 5, 10)).toMatchObject({ cursor: 5, oldest: 0 });
  });

  it('can be exported as an asciicast', async () => {
    const writer = open();
    writer.write(Buffer.from('first'));
    writer.close();
    const lines: unknown[] = [];
    const recording = await openRecording(directory, { columns: 80, rows: 24, startedAt: 500 });
    for await (const line of asciicastLines(recording)) lines.push(JSON.parse(line));
    expect(lines).toMatchObject([{ version: 2 }, [0.5, 'o', 'first']]);
  });

  it('can be walked whole', async () => {
    const writer = open();
    writer.write(Buffer.alloc(100_000, 7));
    writer.close();
    let bytes = 0;
    for await (const chunk of transcriptChunks(directory, 1000)) bytes += chunk.bytes.length;
    expect(bytes).toBe(100_000);
  });
});
