import { Fault } from '../kernel/errors.ts';
import { prepareRows, refuseBadMetadata, refuseBadStream, type StreamState } from './append-rules.ts';
import type { Appended, EventStore, Expected, NewEvent } from './event-store.ts';
import { type NewRow, toRow } from './rows.ts';
import {
  DELETION,
  describedBy,
  isDeletion,
  METADATA_TYPE,
  type MetadataRecord,
  metadataIn,
  metadataStreamOf,
  recordOf,
  type StreamMetadata,
  type StreamMetadataRead,
  TOMBSTONE_TYPE,
} from './stream-metadata.ts';

/** The part of the port that hides and ends streams. */
export type HidesEvents = Pick<
  EventStore,
  'readStreamMetadata' | 'setStreamMetadata' | 'deleteStream' | 'tombstoneStream'
>;

/** An append as the embedded stores take it. */
export interface AskedAppend {
  stream: string;
  expected: Expected;
  rows: NewRow[];
  /** Refused too when this other stream is not as expected. */
  given?: { stream: string; expected: Expected };
}

/** How an embedded store hides: each of the calls is an append of a record. */
export function hideByAppends(parts: {
  append(asked: AskedAppend): Promise<Appended>;
  readStream: EventStore['readStream'];
  newId(): string;
  now(): number;
}): HidesEvents {
  const record = (stream: string, type: string, data: MetadataRecord): NewRow[] =>
    prepareRows(stream, [storeRecord(parts.newId(), type, data, parts.now())]);

  return {
    readStreamMetadata: (stream) => metadataOf(parts, stream),
    async setStreamMetadata(stream, metadata, expected = 'any') {
      const data = recordToSet(stream, metadata);
      const records = metadataStreamOf(stream);
      return parts.append({ stream: records, expected, rows: record(records, METADATA_TYPE, data) });
    },
    async deleteStream(stream, expected) {
      refuseBadStream(stream);
      const records = metadataStreamOf(stream);
      const rows = record(records, METADATA_TYPE, DELETION);
      return (await parts.append({ stream: records, expected: 'any', rows, given: { stream, expected } })).position;
    },
    async tombstoneStream(stream, expected) {
      refuseBadStream(stream);
      return (await parts.append({ stream, expected, rows: record(stream, TOMBSTONE_TYPE, {}) })).position;
    },
  };
}

/** Throws Invalid `log.bad_stream` and `log.bad_metadata`. */
export function recordToSet(stream: string, metadata: StreamMetadata): MetadataRecord {
  refuseBadStream(stream);
  const record = recordOf(metadata);
  refuseBadMetadata(stream, record);
  return record;
}

/** What the store records of itself. */
export function storeRecord(id: string, type: string, data: MetadataRecord, at: number): NewEvent {
  return { id, type, v: 1, at, data, meta: { actor: 'store', correlationId: id } };
}

export async function metadataOf(store: Pick<EventStore, 'readStream'>, stream: string): Promise<StreamMetadataRead> {
  refuseBadStream(stream);
  const last = { direction: 'backwards', limit: 1 } as const;
  for await (const { data, revision } of store.readStream(metadataStreamOf(stream), last))
    return { metadata: metadataIn(data), deleted: isDeletion(data), revision };
  return { metadata: {}, deleted: false, revision: -1 };
}

/**
 * What is written for an append that was accepted. A deleted stream begins again behind what it held, and the record
 * that says so comes first, so that a log is the same when it is written again event by event.
 */
export function withRecords(
  stream: string,
  rows: readonly NewRow[],
  stateOf: (stream: string) => Pick<StreamState, 'revision' | 'metadata'>,
): { stream: string; row: NewRow }[] {
  const subject = describedBy(stream);
  const { revision, metadata } = stateOf(subject ?? stream);
  const written = rows.map((row) => ({ stream, row }));
  const [first] = rows as [NewRow];
  if (!metadata || !isDeletion(metadata) || first.type === TOMBSTONE_TYPE) return written;
  const begin = { $tb: revision + 1 };
  if (subject === undefined)
    return [{ stream: metadataStreamOf(stream), row: beginningOf(first, { ...metadata, ...begin }) }, ...written];
  const set = recordInBody(first.body);
  if (isDeletion(set) || set.$tb === begin.$tb) return written;
  return [{ stream, row: { ...first, body: bodyWith(first, { ...set, ...begin }) } }];
}

/** Recorded by and with the event that begins the stream again, under its id. */
function beginningOf(event: NewRow, data: MetadataRecord): NewRow {
  const { meta } = JSON.parse(event.body) as Pick<NewEvent, 'meta'>;
  const { actor, correlationId } = meta;
  return toRow({ id: event.id, type: METADATA_TYPE, v: 1, at: event.at, data, meta: { actor, correlationId } });
}

function bodyWith(row: NewRow, data: MetadataRecord): string {
  return JSON.stringify({ data, meta: (JSON.parse(row.body) as Pick<NewEvent, 'meta'>).meta });
}

/** The record of metadata in the text that is stored. Throws Fault `log.damaged` when that is no JSON. */
export function recordInBody(body: string): MetadataRecord {
  try {
    return (JSON.parse(body) as { data: MetadataRecord }).data;
  } catch (cause) {
    throw new Fault('log.damaged', 'what hides events of a stream cannot be read', { cause, retryable: false });
  }
}
