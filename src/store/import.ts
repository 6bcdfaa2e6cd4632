import { HephError, messageOf } from '../kernel/errors.ts';
import { prepareRows } from './append-rules.ts';
import type { EventStore, Expected, StoredEvent } from './event-store.ts';
import { PROGRESS_EVENTS } from './export.ts';
import {
  badExport,
  type CarriedFile,
  chainFile,
  createFileParts,
  eventIn,
  type Exported,
  type Line,
  linesOf,
  NO_FILES,
  problemOf,
  rowAt,
  versionIn,
} from './export-format.ts';
import { chainHash, GENESIS } from './hash-chain.ts';
import type { Row } from './rows.ts';
import { isStoreRecord, nextRevision } from './stream-metadata.ts';

type Text = AsyncIterable<string | Uint8Array>;

export interface FillOptions {
  /** Keeps a file of the workspace, durably. */
  putFile?: (file: CarriedFile) => Promise<void>;
  onProgress?: (events: number) => void;
}

const IN_FLIGHT_MAX = 256;
/** What one append takes: well below what an event store accepts at once. */
const RUN_EVENTS_MAX = 100;
const RUN_CHARS_MAX = 256 * 1024;

/** Reads all of an export. Throws Invalid `log.bad_export`, naming the line, for whatever could not be written later. */
export async function checkExport(source: Text): Promise<Exported> {
  const revisions = new Map<string, number>();
  const parts = createFileParts();
  const found = { events: 0, hash: GENESIS, files: 0, filesHash: NO_FILES };
  let version = 0;
  let end: Line | undefined;
  let line = 0;
  for await (const value of linesOf(source)) {
    line += 1;
    if (end) throw badExport(line, 'something follows the end');
    if (line === 1) version = versionIn(value);
    else if (value.end === true) end = value;
    else if ('file' in value) {
      const file = fileIn(parts, value, line);
      if (!file) continue;
      const problem = problemOf(file);
      if (problem) throw badExport(line, problem);
      found.files += 1;
      found.filesHash = chainFile(found.filesHash, file);
    } else {
      found.events += 1;
      if (value.position !== String(found.events)) throw badExport(line, `position ${value.position} does not follow`);
      const row = rowIn(value, line);
      if (row.revision !== nextRevision(revisions.get(row.stream) ?? -1, row.type))
        throw badExport(line, `revision ${row.revision} does not follow in ${row.stream}`);
      revisions.set(row.stream, row.revision);
      found.hash = chainHash(found.hash, row);
    }
  }
  if (!end || parts.isOpen()) throw badExport(line, 'the end is missing');
  if (end.events !== found.events || end.hash !== found.hash)
    throw badExport(line, 'the events are not those that were exported');
  if (version > 1 && (end.files !== found.files || end.filesHash !== found.filesHash))
    throw badExport(line, 'the files are not those that were exported');
  const { events, hash, files } = found;
  return { events, hash, files };
}

/**
 * Brings a checked export into a log, with the same order, revisions, ids and times, and the same positions where the store
 * has none of its own kind. What the log has already must be the beginning of the export, so one that was broken off is
 * gone on with; else throws Invalid `log.not_empty`. `source` opens the text and is called twice.
 */
export async function fillLog(
  source: () => Text,
  store: EventStore,
  { putFile, onProgress }: FillOptions = {},
): Promise<void> {
  const missing = behind(told(eventsIn(source()), onProgress), store.readAll());
  await (store.capabilities.gapFreePositions ? writeSideBySide : writeInOrder)(store, missing);
  if (putFile) for await (const file of filesIn(source())) await putFile(file);
}

function fileIn(parts: ReturnType<typeof createFileParts>, value: Line, line: number): CarriedFile | null {
  try {
    return parts.add(value);
  } catch (error) {
    throw badExport(line, messageOf(error));
  }
}

/** Everything that an append would refuse is refused here. */
function rowIn(value: Line, line: number): Row {
  try {
    const event = eventIn(value);
    prepareRows(event.stream, [event]);
    return rowAt(event, Number(event.position));
  } catch (error) {
    throw badExport(line, messageOf(error));
  }
}

async function* eventsIn(source: Text): AsyncGenerator<StoredEvent> {
  for await (const value of linesOf(source)) if ('stream' in value) yield eventIn(value);
}

async function* filesIn(source: Text): AsyncGenerator<CarriedFile> {
  const parts = createFileParts();
  for await (const value of linesOf(source)) {
    const file = 'file' in value ? parts.add(value) : null;
    if (file) yield file;
  }
}

async function* told(events: AsyncIterable<StoredEvent>, onProgress?: (events: number) => void) {
  let count = 0;
  for await (const event of events) {
    yield event;
    count += 1;
    if (count % PROGRESS_EVENTS === 0) onProgress?.(count);
  }
}

/** The events that are not there yet; throws when what is there is not how they begin. */
async function* behind(
  events: AsyncIterable<StoredEvent>,
  present: AsyncIterable<StoredEvent>,
): AsyncGenerator<StoredEvent> {
  const there = present[Symbol.asyncIterator]();
  let count = 0;
  let ended = false;
  const differs = () => new HephError('log.not_empty', `event ${count} of the log is not the one of the export`);
  const same = (one: StoredEvent, other: StoredEvent) =>
    chainHash(GENESIS, rowAt(one, count)) === chainHash(GENESIS, rowAt(other, count));
  for await (const event of events) {
    count += 1;
    const found: IteratorResult<StoredEvent> = ended ? { done: true, value: undefined } : await there.next();
    ended = found.done === true;
    if (found.done) yield event;
    else if (!same(event, found.value)) throw differs();
  }
  if (!ended && !(await there.next()).done) throw differs();
}

/** Appends of a store that commits in the order in which it is asked go side by side. */
async function writeSideBySide(store: EventStore, events: AsyncIterable<StoredEvent>): Promise<void> {
  const underWay: Promise<void>[] = [];
  for await (const event of events) {
    // It concerns the events on both sides of it, and a store may take it by a call that would overtake them.
    const alone = isStoreRecord(event);
    if (alone) await Promise.all(underWay.splice(0));
    underWay.push(write(store, event));
    if (alone || underWay.length >= IN_FLIGHT_MAX) await Promise.all(underWay.splice(0));
  }
  await Promise.all(underWay);
}

async function write(store: EventStore, event: StoredEvent): Promise<void> {
  const { stream, revision: _revision, position, ...rest } = event;
  const appended = await store.append(stream, expectedBefore(event), [rest]);
  if (appended.position !== position)
    throw new HephError('log.not_empty', `position ${position} became ${appended.position}: another writer is there`);
}

/** One append after the other, so that a try that has to be repeated changes no order: neighbours of one stream go together. */
async function writeInOrder(store: EventStore, events: AsyncIterable<StoredEvent>): Promise<void> {
  let run: StoredEvent[] = [];
  let chars = 0;
  const flush = async () => {
    const [first] = run;
    const batch = run.map(({ stream: _stream, revision: _revision, position: _position, ...event }) => event);
    run = [];
    chars = 0;
    if (first) await store.append(first.stream, expectedBefore(first), batch);
  };
  for await (const event of events) {
    const size = rowAt(event, 0).body.length;
    const [first] = run;
    const follows = first?.stream === event.stream && !isStoreRecord(first) && !isStoreRecord(event);
    const fits = follows && run.length < RUN_EVENTS_MAX && chars + size <= RUN_CHARS_MAX;
    if (!fits) await flush();
    run.push(event);
    chars += size;
  }
  await flush();
}

/** Of metadata, another store may have recorded more by itself. */
function expectedBefore(event: StoredEvent): Expected {
  if (isStoreRecord(event)) return 'any';
  return event.revision === 0 ? 'no_stream' : event.revision - 1;
}
