import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recording } from '../asciicast.ts';
import { indexName, parseMarks, segmentName, segmentStarts } from '../transcript-layout.ts';

// The writer may delete the oldest segment between our look at the folder and our reading; then we look again.
const TRIES_MAX = 5;

export interface TranscriptPart {
  /** Where `bytes` really begin: later than asked for when the ring no longer has those bytes. */
  cursor: number;
  bytes: Uint8Array;
  /** The first byte the ring has. */
  oldest: number;
}

/** Where the transcript ends and when it last grew; zero and null when nothing was written. */
export function transcriptEnd(directory: string): Promise<{ bytes: number; lastAt: number | null }> {
  return againWhenDropped(async () => {
    const start = (await starts(directory)).at(-1);
    if (start === undefined) return { bytes: 0, lastAt: null };
    const { size, mtimeMs } = await stat(join(directory, segmentName(start)));
    return { bytes: start + size, lastAt: start + size > 0 ? Math.floor(mtimeMs) : null };
  });
}

/** Up to `bytesMax` bytes from a cursor. Works beside a living writer and after its end. */
export function readTranscript(directory: string, cursor: number, bytesMax: number): Promise<TranscriptPart> {
  return againWhenDropped(() => readOnce(directory, cursor, bytesMax));
}

/** The ring may drop a segment between the look at the folder and the look at the file. */
async function againWhenDropped<T>(look: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await look();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === TRIES_MAX) throw error;
    }
  }
}

/** All that the ring has, oldest first. */
export async function* transcriptChunks(
  directory: string,
  chunkBytes = 64 * 1024,
): AsyncGenerator<{ cursor: number; bytes: Uint8Array }> {
  for (let cursor = 0; ; ) {
    const part = await readTranscript(directory, cursor, chunkBytes);
    if (part.bytes.length === 0) return;
    yield part;
    cursor = part.cursor + part.bytes.length;
  }
}

/** What the ring has, with its times, for `asciicastLines`. */
export async function openRecording(
  directory: string,
  head: { columns: number; rows: number; startedAt: number },
): Promise<Recording> {
  const texts = await Promise.all(
    (await starts(directory)).map((start) => readFile(join(directory, indexName(start)), 'utf8').catch(() => '')),
  );
  return { ...head, marks: texts.flatMap(parseMarks), chunks: transcriptChunks(directory) };
}

async function readOnce(directory: string, cursor: number, bytesMax: number): Promise<TranscriptPart> {
  const all = await starts(directory);
  const oldest = all[0] ?? 0;
  let at = Math.max(cursor, oldest);
  let first: number | null = null;
  const parts: Uint8Array[] = [];
  let left = bytesMax;
  for (const [n, start] of all.entries()) {
    const next = all[n + 1] ?? Number.POSITIVE_INFINITY;
    if (next <= at || left === 0) continue;
    if (start > at && first !== null) break;
    at = Math.max(at, start);
    const bytes = await readSegment(join(directory, segmentName(start)), at - start, left);
    if (bytes.length === 0) continue;
    first ??= at;
    parts.push(bytes);
    at += bytes.length;
    left -= bytes.length;
  }
  return {
    cursor: first ?? Math.max(cursor, oldest),
    bytes: parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts),
    oldest,
  };
}

async function readSegment(path: string, offset: number, bytesMax: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const size = Math.min(Math.max(0, (await file.stat()).size - offset), bytesMax);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function starts(directory: string): Promise<number[]> {
  try {
    return segmentStarts(await readdir(directory));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
