import { assert, HephError, messageOf } from '../kernel/errors.ts';
import { prepareRows } from './append-rules.ts';
import type { EventStore, Expected, StoredEvent } from './event-store.ts';
import { chainHash, GENESIS } from './hash-chain.ts';
import { type Row, toRow } from './rows.ts';
import { isStoreRecord, nextRevision } from './stream-metadata.ts';

/**
 * A log as text, one JSON object per line: a header, the events in order with position, revision, id and `at`, and an
 * end with their number and the hash they chain to, so that a file that was cut or changed is known as such.
 */
export interface Exported {
  events: number;
  /** What the events chain to; the hash of the log's head where the store keeps a hash chain. */
  hash: string;
}

const HEADER = { format: 'heph-log', version: 1 };
const IN_FLIGHT_MAX = 256;
const LINE_CHARS_MAX = 1024 * 1024;

/** Writes a log without gaps up to where it is now. Each line is given with its line break; a promise is awaited. */
export async function exportLog(
  store: Pick<EventStore, 'capabilities' | 'readAll'>,
  sink: (line: string) => Promise<void> | void,
): Promise<Exported> {
  assert(store.capabilities.gapFreePositions, 'only a log without gaps can be written out with its positions');
  let events = 0;
  let hash = GENESIS;
  await sink(lineOf(HEADER));
  for await (const event of store.readAll()) {
    hash = chainHash(hash, rowOf(event));
    events += 1;
    await sink(lineOf({ ...event, position: String(event.position) }));
  }
  await sink(lineOf({ end: true, events, hash }));
  return { events, hash };
}

/**
 * Fills an empty log from an export, with the same positions, revisions, ids and times. `source` opens the text and is
 * called twice: all of it is checked before the first event is written. Throws Invalid `log.not_empty` or
 * `log.bad_export`, naming the line.
 */
export async function importLog(
  source: () => AsyncIterable<string | Uint8Array>,
  store: EventStore,
): Promise<Exported> {
  const head = await store.head();
  if (head !== 0n) throw new HephError('log.not_empty', `the log to import into is at position ${head}`);
  const checked = await check(source());
  const underWay: Promise<void>[] = [];
  for await (const event of eventsIn(source())) {
    // It concerns the events on both sides of it, and a store may take it by a call that would overtake them.
    const alone = isStoreRecord(event);
    if (alone) await Promise.all(underWay.splice(0));
    underWay.push(write(store, event));
    if (alone || underWay.length >= IN_FLIGHT_MAX) await Promise.all(underWay.splice(0));
  }
  await Promise.all(underWay);
  return checked;
}

async function check(source: AsyncIterable<string | Uint8Array>): Promise<Exported> {
  const revisions = new Map<string, number>();
  let hash = GENESIS;
  let events = 0;
  let end: Record<string, unknown> | undefined;
  let line = 0;
  for await (const value of values(source)) {
    line += 1;
    if (end) throw badExport(line, 'something follows the end');
    if (line === 1) checkHeader(value);
    else if (value.end === true) end = value;
    else {
      events += 1;
      if (value.position !== String(events)) throw badExport(line, `position ${value.position} does not follow`);
      const row = rowIn(value, line);
      if (row.revision !== nextRevision(revisions.get(row.stream) ?? -1, row.type))
        throw badExport(line, `revision ${row.revision} does not follow in ${row.stream}`);
      revisions.set(row.stream, row.revision);
      hash = chainHash(hash, row);
    }
  }
  if (!end) throw badExport(line, 'the end is missing');
  if (end.events !== events || end.hash !== hash) throw badExport(line, 'the events are not those that were exported');
  return { events, hash };
}

function checkHeader(value: Record<string, unknown>): void {
  if (value.format !== HEADER.format) throw badExport(1, 'this is no exported log');
  if (value.version !== HEADER.version) throw badExport(1, `version ${value.version} is not known here`);
}

/** Everything that an append would refuse is refused here. */
function rowIn(value: Record<string, unknown>, line: number): Row {
  try {
    const event = eventOf(value);
    prepareRows(event.stream, [event]);
    return rowOf(event);
  } catch (error) {
    throw badExport(line, messageOf(error));
  }
}

async function write(store: EventStore, event: StoredEvent): Promise<void> {
  const { stream, revision: _revision, position, ...rest } = event;
  const appended = await store.append(stream, expectedBefore(event), [rest]);
  if (store.capabilities.gapFreePositions && appended.position !== position)
    throw new HephError('log.not_empty', `position ${position} became ${appended.position}: another writer is there`);
}

/** Of metadata, another store may have recorded more by itself. */
function expectedBefore(event: StoredEvent): Expected {
  if (isStoreRecord(event)) return 'any';
  return event.revision === 0 ? 'no_stream' : event.revision - 1;
}

async function* eventsIn(source: AsyncIterable<string | Uint8Array>): AsyncGenerator<StoredEvent> {
  for await (const value of values(source)) if ('stream' in value) yield eventOf(value);
}

async function* values(source: AsyncIterable<string | Uint8Array>): AsyncGenerator<Record<string, unknown>> {
  let line = 0;
  for await (const text of lines(source)) {
    line += 1;
    yield parse(text, line);
  }
}

async function* lines(source: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    const parts = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = parts.pop() as string;
    if (rest.length > LINE_CHARS_MAX) throw new HephError('log.bad_export', 'a line is longer than any event');
    yield* parts;
  }
  if (rest !== '') yield rest;
}

function parse(text: string, line: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below, with the number of the line.
  }
  throw badExport(line, 'this is no JSON object');
}

function eventOf(value: Record<string, unknown>): StoredEvent {
  return { ...value, position: BigInt(value.position as string) } as unknown as StoredEvent;
}

function rowOf(event: StoredEvent): Row {
  return { ...toRow(event), stream: event.stream, revision: event.revision, position: Number(event.position) };
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function badExport(line: number, reason: string): HephError {
  return new HephError('log.bad_export', `line ${line}: ${reason}`, { details: { line } });
}
