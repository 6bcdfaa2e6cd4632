import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../kernel/clock.ts';
import type { StreamRedactor } from '../stream-redactor.ts';
import { formatMark, indexName, markIntervalMs, ringLimits, segmentName } from '../transcript-layout.ts';

const BUFFER_BYTES = 64 * 1024;
/** A prompt that waits for an answer is shown, though its end may begin a secret: nothing more has come for so long. */
const SETTLE_MS = 300;

export interface TranscriptWriter {
  /** Redacts, keeps, and writes within this turn of the event loop at the latest. */
  write(chunk: Uint8Array): void;
  /** Bytes ever written, dropped ones included: the next byte's cursor. */
  outputBytes(): number;
  /** Writes all, what the redactor held back too, and makes it durable. */
  close(): void;
}

export interface TranscriptOptions {
  directory: string;
  bytesMax: number;
  redactor: StreamRedactor;
  clock: Clock;
  onWritten(): void;
}

/**
 * The recorder. Writes are synchronous on purpose: the holder has nothing else to do, so a slow disk slows its reading,
 * the terminal fills and the program waits; memory stays at one buffer however much is printed. What cannot be written
 * (a full disk) is lost as a gap of cursors, and the program goes on.
 */
export function openTranscript(options: TranscriptOptions): TranscriptWriter {
  const { directory, redactor, clock } = options;
  const limits = ringLimits(options.bytesMax);
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  const segments: number[] = [];
  let buffered = 0;
  let cursor = 0;
  let scheduled = false;
  let segment: { raw: number; index: number; start: number; marks: number; markedAtMs: number } | null = null;
  mkdirSync(directory, { mode: 0o700, recursive: true });

  const closeSegment = () => {
    if (!segment) return;
    closeSync(segment.raw);
    closeSync(segment.index);
    segment = null;
  };

  const openSegment = () => {
    dropOldest();
    const raw = openSync(join(directory, segmentName(cursor)), 'wx', 0o600);
    const index = openSync(join(directory, indexName(cursor)), 'wx', 0o600);
    segments.push(cursor);
    segment = { raw, index, start: cursor, marks: 0, markedAtMs: Number.NEGATIVE_INFINITY };
    return segment;
  };

  /** Makes room for a whole new segment, so that the ring never has more than its bytes. */
  const dropOldest = () => {
    while (segments.length > 0 && cursor + limits.segmentBytes - (segments[0] as number) > limits.bytesMax) {
      const start = segments.shift() as number;
      rmSync(join(directory, segmentName(start)), { force: true });
      rmSync(join(directory, indexName(start)), { force: true });
    }
  };

  const mark = (into: NonNullable<typeof segment>) => {
    const now = clock.monotonicMs();
    if (now - into.markedAtMs < markIntervalMs(into.marks)) return;
    into.markedAtMs = now;
    into.marks++;
    writeSync(into.index, formatMark({ atMs: clock.now(), cursor }));
  };

  const append = (bytes: Buffer) => {
    let from = 0;
    while (from < bytes.length) {
      const into = segment ?? openSegment();
      const room = into.start + limits.segmentBytes - cursor;
      if (room <= 0) {
        closeSegment();
        continue;
      }
      mark(into);
      const written = writeSync(into.raw, bytes, from, Math.min(room, bytes.length - from));
      from += written;
      cursor += written;
    }
  };

  const flush = () => {
    const end = cursor + buffered;
    try {
      append(buffer.subarray(0, buffered));
    } catch {
      cursor = end;
      closeSegment();
    }
    buffered = 0;
    options.onWritten();
  };

  const keep = (out: string | Uint8Array) => {
    const bytes = typeof out === 'string' ? Buffer.from(out) : out;
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + BUFFER_BYTES - buffered);
      buffer.set(part, buffered);
      buffered += part.length;
      from += part.length;
      if (buffered === BUFFER_BYTES) flush();
    }
    if (buffered > 0 && !scheduled) {
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        if (buffered > 0) flush();
      });
    }
  };

  let lastWriteMs = 0;
  let cancelSettling: (() => void) | null = null;
  /** One timer for a burst of output, not one for each chunk. */
  const settleIn = (waitMs: number) => {
    cancelSettling = clock.after(waitMs, () => {
      cancelSettling = null;
      const left = lastWriteMs + SETTLE_MS - clock.monotonicMs();
      if (left > 0) settleIn(left);
      else keep(redactor.settle());
    });
  };

  return {
    write(chunk) {
      keep(redactor.push(chunk));
      lastWriteMs = clock.monotonicMs();
      if (!cancelSettling) settleIn(SETTLE_MS);
    },
    outputBytes: () => cursor,
    close() {
      cancelSettling?.();
      keep(redactor.flush());
      if (buffered > 0) flush();
      if (segment) fsyncSync(segment.raw);
      closeSegment();
    },
  };
}
