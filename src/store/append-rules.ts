import { canonicalJson } from '../kernel/canonical.ts';
import { Conflict, Fault, HephError, messageOf } from '../kernel/errors.ts';
import {
  type Appended,
  EVENT_BYTES_MAX,
  EVENTS_PER_APPEND_MAX,
  type Expected,
  type NewEvent,
  STREAM_PATTERN,
} from './event-store.ts';
import { type NewRow, toRow } from './rows.ts';
import {
  describedBy,
  faultInRecord,
  isDeletion,
  isStoreRecord,
  METADATA_TYPE,
  type MetadataRecord,
  TOMBSTONE_REVISION,
  TOMBSTONE_TYPE,
} from './stream-metadata.ts';

/**
 * What becomes of an append, decided before anything is written. The rules are EventStoreDB's:
 *
 *   expected            ids that are in the stream already      outcome
 *   any, stream_exists  all                                     repeated: the first answer again
 *   n < current, none   all, at n+1, n+2 …                      repeated
 *   n < current, none   not the first of them at n+1            log.wrong_revision
 *   n < current, none   the first at n+1, not all behind it     log.corrupted_idempotency
 *   n = current         (see below)                             appended
 *   no_stream           deleted, the first not at 0             as n = current
 *   stream_exists       deleted; neither events nor metadata    log.wrong_revision
 *   all                 tombstoned                              log.stream_deleted
 *
 * Hidden events count like all others here: the revision is theirs, and their ids are known.
 *
 * Ours are stricter in three points. An id is unique within its stream, always: EventStoreDB appends a known id again
 * when n = current, we answer `repeated` when all are known and refuse when some are. With `any`, a known id behind a
 * new one is refused too. And a known id must come with the payload it had (type, v and data), else `log.id_reused`;
 * `at` and `meta` may differ, the first recording stands.
 */
export interface StreamState {
  /** Of the last event, hidden or not; −1 when there is no stream; `TOMBSTONE_REVISION` when it has ended. */
  revision: number;
  /** The metadata in force, if any was set. */
  metadata: MetadataRecord | undefined;
  find(id: string): Known | undefined;
}

export interface Known extends Pick<NewRow, 'type' | 'v' | 'body'> {
  revision: number;
  position: number;
}

const ID_PATTERN = /^[!-~]{1,128}$/;

/** Checks and serialises the events; throws Invalid. */
export function prepareRows(stream: string, events: readonly NewEvent[]): NewRow[] {
  refuseBadStream(describedBy(stream) ?? stream);
  if (events.length === 0 || events.length > EVENTS_PER_APPEND_MAX)
    throw badEvent(`an append takes 1 to ${EVENTS_PER_APPEND_MAX} events, not ${events.length}`, stream);
  const rows = events.map((event) => prepareRow(stream, event));
  if (rows.length > 1 && new Set(rows.map((row) => row.id)).size < rows.length)
    throw badEvent('an id comes twice in one append', stream);
  if (rows.length > 1 && rows.some(isStoreRecord)) throw badEvent('a record of the store comes alone', stream);
  return rows;
}

/** Throws Invalid `log.bad_stream`. */
export function refuseBadStream(stream: string): void {
  if (!STREAM_PATTERN.test(stream))
    throw new HephError('log.bad_stream', `"${stream.slice(0, 120)}" is no stream name; streams are <category>-<id>`);
}

function prepareRow(stream: string, event: NewEvent): NewRow {
  if (!ID_PATTERN.test(event.id)) throw badEvent('an id is 1 to 128 printable ASCII characters', stream);
  if (!ID_PATTERN.test(event.type)) throw badEvent('a type is 1 to 128 printable ASCII characters', stream);
  if (!Number.isSafeInteger(event.v) || event.v < 1) throw badEvent(`v of ${event.type} is no version number`, stream);
  if (!Number.isSafeInteger(event.at)) throw badEvent(`at of ${event.type} is no whole number`, stream);
  if (!isRecord(event.data) || !isRecord(event.meta)) throw badEvent(`${event.type} lacks data or meta`, stream);
  refuseBadRecord(stream, event);
  const row = serialise(stream, event);
  // A UTF-16 unit takes at most three bytes: the count itself is needed near the limit only.
  if (row.body.length * 3 > EVENT_BYTES_MAX && Buffer.byteLength(row.body) > EVENT_BYTES_MAX)
    throw new HephError('log.event_too_large', `${event.type} is larger than ${EVENT_BYTES_MAX / 1024} KiB`, {
      details: { stream, type: event.type, id: event.id },
    });
  return row;
}

/** Types that begin with a dollar sign are the store's, and nothing else is recorded in a stream of metadata. */
function refuseBadRecord(stream: string, event: NewEvent): void {
  const { type, v, data } = event;
  const ofMetadata = describedBy(stream) !== undefined;
  if (!ofMetadata && !isStoreRecord(event)) return;
  if (v !== 1 || type !== (ofMetadata ? METADATA_TYPE : TOMBSTONE_TYPE))
    throw badEvent(`${type} is no record of the store for this stream`, stream);
  if (ofMetadata && !isDeletion(data)) refuseBadMetadata(stream, data);
}

/** Throws Invalid `log.bad_metadata`. */
export function refuseBadMetadata(stream: string, record: MetadataRecord): void {
  const fault = faultInRecord(record);
  if (fault) throw new HephError('log.bad_metadata', fault, { details: { stream } });
}

function serialise(stream: string, event: NewEvent): NewRow {
  try {
    return toRow(event);
  } catch (error) {
    throw badEvent(`${event.type} cannot be written as JSON: ${messageOf(error)}`, stream);
  }
}

/** The first answer when the append is a repetition, undefined when it is to be written; throws Conflict. */
export function decideAppend(
  stream: string,
  expected: Expected,
  rows: readonly NewRow[],
  state: StreamState,
): Appended | undefined {
  if (state.revision === TOMBSTONE_REVISION) throw streamDeleted(stream);
  const deleted = state.metadata !== undefined && isDeletion(state.metadata);
  const there = !deleted && (state.revision >= 0 || state.metadata !== undefined);
  if (expected === 'stream_exists' && deleted) throw wrongRevision(stream, expected, state.revision);
  const expectedRevision = typeof expected === 'number' ? expected : expected === 'no_stream' ? -1 : undefined;
  const known = rows.map((row) => state.find(row.id));
  const begunAgain = expected === 'no_stream' && deleted && known[0]?.revision !== 0;
  if (expectedRevision === undefined || expectedRevision === state.revision || begunAgain) {
    if (known.every((one) => one === undefined)) {
      if (expected === 'stream_exists' && !there) throw wrongRevision(stream, expected, state.revision);
      return undefined;
    }
    if (known.includes(undefined)) throw corrupted(stream, rows, known);
    return repeated(stream, rows, known as Known[]);
  }
  if (known[0]?.revision !== expectedRevision + 1) throw wrongRevision(stream, expected, state.revision);
  if (known.some((one, n) => one?.revision !== expectedRevision + 1 + n)) throw corrupted(stream, rows, known);
  return repeated(stream, rows, known as Known[]);
}

function repeated(stream: string, rows: readonly NewRow[], known: readonly Known[]): Appended {
  rows.forEach((row, n) => {
    if (!samePayload(row, known[n] as Known))
      throw new Conflict('log.id_reused', `${row.id} is in ${stream} already, with another payload`, {
        stream,
        id: row.id,
      });
  });
  const last = known.at(-1) as Known;
  return { revision: last.revision, position: BigInt(last.position), repeated: true };
}

function samePayload(row: NewRow, known: Known): boolean {
  if (row.type !== known.type || row.v !== known.v) return false;
  return row.body === known.body || dataOf(row) === dataOf(known);
}

// The order of an object's keys is no difference.
function dataOf(row: Pick<NewRow, 'body'>): string {
  return canonicalJson((JSON.parse(row.body) as { data: unknown }).data);
}

/** Behind a tombstone nothing is read or written, nor in what is recorded about the stream. */
export function streamDeleted(name: string): Fault {
  const stream = describedBy(name) ?? name;
  return new Fault('log.stream_deleted', `${stream} has ended for good`, { details: { stream }, retryable: false });
}

export function wrongRevision(stream: string, expected: Expected, actual: number): Conflict {
  const found = actual < 0 ? 'there is no such stream' : `it is at ${actual}`;
  return new Conflict('log.wrong_revision', `${stream} was expected at ${expected}, but ${found}`, {
    stream,
    expected,
    actual,
  });
}

function corrupted(stream: string, rows: readonly NewRow[], known: readonly (Known | undefined)[]): Conflict {
  const ids = rows.filter((_row, n) => known[n]).map((row) => row.id);
  return new Conflict('log.corrupted_idempotency', `${stream} holds some events of this append, but not all`, {
    stream,
    known: ids,
  });
}

/** Invalid `log.bad_event`. */
export function badEvent(message: string, stream: string): HephError {
  return new HephError('log.bad_event', message, { details: { stream } });
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
