/**
 * A transcript is a folder of segments. Each is named by the cursor of its first byte (`000000000000000.raw`), with its
 * coarse times beside it (`.idx`, lines of `<ms since the epoch> <cursor>`). So a reader needs no header and no lock, the
 * ring is bounded by deleting whole files, and what could not be written is a gap between two names.
 */
const NAME_DIGITS = 15;
const SEGMENTS = 8;
/** Smaller rings would spend more on files than on bytes; a smaller limit is taken as this one. */
export const TRANSCRIPT_BYTES_MIN = 256 * 1024;

/** From `atMs` on, the bytes at `cursor` and after it were written. */
export interface TimeMark {
  atMs: number;
  cursor: number;
}

export interface RingLimits {
  bytesMax: number;
  segmentBytes: number;
}

export function ringLimits(transcriptBytesMax: number): RingLimits {
  const bytesMax = Math.max(transcriptBytesMax, TRANSCRIPT_BYTES_MIN);
  return { bytesMax, segmentBytes: Math.floor(bytesMax / SEGMENTS) };
}

export function segmentName(start: number): string {
  return `${String(start).padStart(NAME_DIGITS, '0')}.raw`;
}

export function indexName(start: number): string {
  return `${String(start).padStart(NAME_DIGITS, '0')}.idx`;
}

/** The first cursors of the segments among a folder's names, oldest first. */
export function segmentStarts(names: readonly string[]): number[] {
  return names
    .filter((name) => /^[0-9]{15}\.raw$/.test(name))
    .map((name) => Number(name.slice(0, NAME_DIGITS)))
    .sort((a, b) => a - b);
}

export function formatMark(mark: TimeMark): string {
  return `${mark.atMs} ${mark.cursor}\n`;
}

/** Whole lines only: the last may still be on its way. */
export function parseMarks(text: string): TimeMark[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' ').map(Number))
    .filter((pair): pair is [number, number] => pair.length === 2 && pair.every(Number.isFinite))
    .map(([atMs, cursor]) => ({ atMs, cursor }));
}

const MARK_INTERVAL_MS = 100;
const MARKS_PER_DOUBLING = 4096;

/** How long after a mark the next may follow: the more a segment has, the longer, so that a slow drip stays small too. */
export function markIntervalMs(marksInSegment: number): number {
  return MARK_INTERVAL_MS * 2 ** Math.floor(marksInSegment / MARKS_PER_DOUBLING);
}
