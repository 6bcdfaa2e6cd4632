import { streamDeleted } from '../../append-rules.ts';
import { recordInBody } from '../../hiding.ts';
import { describedBy, firstVisible, TOMBSTONE_REVISION } from '../../stream-metadata.ts';
import type { Reader } from './reader.ts';

/** The first revision that a reader of the stream sees at this time. Throws Fault `log.stream_deleted`. */
export function firstVisibleIn(reader: Reader, stream: string, now: number): number {
  const described = describedBy(stream);
  const extent = reader.extent(stream);
  const ended = described === undefined ? extent : reader.extent(described);
  if (ended?.last === TOMBSTONE_REVISION) throw streamDeleted(stream);
  if (!extent) return 0;
  const { last, metadata: body } = extent;
  // Of metadata, the last record is in force, and no other is shown.
  if (described !== undefined) return last;
  const record = body === null ? undefined : recordInBody(body);
  return firstVisible(record, last, now, (time) => reader.firstSince(stream, time) ?? last + 1);
}
