import type { TimeMark } from './transcript-layout.ts';

/** What an export needs of a transcript. Marks ascend; chunks ascend and may have gaps between them. */
export interface Recording {
  columns: number;
  rows: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  marks: readonly TimeMark[];
  chunks: AsyncIterable<{ cursor: number; bytes: Uint8Array }>;
}

/** The lines of an asciicast v2 file, without line ends. Times are as coarse as the marks; bytes before the first have its time. */
export async function* asciicastLines(recording: Recording): AsyncGenerator<string> {
  const { columns, rows, startedAt, marks } = recording;
  yield JSON.stringify({ version: 2, width: columns, height: rows, timestamp: Math.floor(startedAt / 1000) });
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const seconds = (mark: number) => Math.max(0, (marks[mark]?.atMs ?? startedAt) - startedAt) / 1000;
  let mark = 0;
  for await (const { cursor, bytes } of recording.chunks) {
    let from = 0;
    while (from < bytes.length) {
      while (mark + 1 < marks.length && (marks[mark + 1] as TimeMark).cursor <= cursor + from) mark++;
      const next = marks[mark + 1]?.cursor ?? Number.POSITIVE_INFINITY;
      const to = Math.min(bytes.length, next - cursor);
      const text = decoder.decode(bytes.subarray(from, to), { stream: true });
      if (text !== '') yield JSON.stringify([seconds(mark), 'o', text]);
      from = to;
    }
  }
  const rest = decoder.decode();
  if (rest !== '') yield JSON.stringify([seconds(mark), 'o', rest]);
}
