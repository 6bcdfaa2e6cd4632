import { existsSync } from 'node:fs';
import { replay } from '../actors/replay.ts';
import { systemClock } from '../kernel/adapters/system.ts';
import { HephError } from '../kernel/errors.ts';
import { connect, logPathOf } from '../store/adapters/sqlite/schema.ts';
import { createKinds } from '../store/adapters/sqlite/catalogue.ts';
import { createReader } from '../store/adapters/sqlite/reader.ts';
import { openSqliteStore, verifyLog } from '../store/adapters/sqlite.ts';
import type { NewEvent, StoredEvent } from '../store/event-store.ts';
import { toEvent } from '../store/rows.ts';
import { createUpcaster, UPCASTS } from '../store/upcasters/index.ts';
import type { LogTools } from '../transport/cli/index.ts';

const PAGE_EVENTS = 1000;
const APPEND_EVENTS_MAX = 200;

/** Work on the log's file itself, beside a living server or without one. Only `import` writes, and it becomes the owner. */
export const logTools: LogTools = {
  async verify(directory) {
    refuseAbsent(directory);
    const { ok, events, head, anchored, damage } = await verifyLog(directory);
    const found = damage
      ? { position: damage.position === null ? null : String(damage.position), reason: damage.reason }
      : null;
    return { ok, events, anchored, position: String(head.position), damage: found };
  },

  async *export(directory) {
    for await (const event of readLog(directory)) yield JSON.stringify({ ...event, position: String(event.position) });
  },

  async import(directory, lines) {
    const store = await openSqliteStore({ directory, clock: systemClock });
    try {
      if ((await store.head()) !== 0n)
        throw new HephError('log.not_empty', `${directory} has a log already; name a new directory with --data.`);
      let events = 0;
      for await (const batch of batches(lines)) {
        const [first] = batch as [StoredEvent];
        const expected = first.revision === 0 ? 'no_stream' : first.revision - 1;
        await store.append(first.stream, expected, batch.map(newEventOf));
        events += batch.length;
      }
      return { events, position: String(await store.head()) };
    } finally {
      await store.close();
    }
  },

  async replay(directory, onProgress) {
    const upcast = createUpcaster(UPCASTS);
    const source = { readAll: () => mapped(readLog(directory), upcast) };
    const report = await replay(source, onProgress);
    return { ...report, position: String(report.position) };
  },
};

function refuseAbsent(directory: string): void {
  if (!existsSync(logPathOf(directory))) throw new HephError('log.absent', `There is no log in ${directory}.`);
}

/** Every event up to the one that was last when the reading began. */
async function* readLog(directory: string): AsyncGenerator<StoredEvent> {
  refuseAbsent(directory);
  const db = connect(logPathOf(directory), { readOnly: true });
  try {
    const high = Number(db.prepare('SELECT max(position) AS last FROM events').get()?.last ?? 0);
    const reader = createReader(db, createKinds(db));
    for (let low = 0; low < high; ) {
      const rows = reader.logPage(undefined, { low, high, limit: PAGE_EVENTS });
      if (rows.length === 0) return;
      for (const row of rows) yield toEvent(row);
      low = rows.at(-1)?.position as number;
    }
  } finally {
    db.close();
  }
}

async function* mapped<T, U>(items: AsyncIterable<T>, map: (item: T) => U): AsyncGenerator<U> {
  for await (const item of items) yield map(item);
}

/** Neighbours of one stream together, so that they share a commit; the order of the log stays. */
async function* batches(lines: AsyncIterable<string>): AsyncGenerator<StoredEvent[]> {
  let batch: StoredEvent[] = [];
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const event = parseEvent(line, number);
    const last = batch.at(-1);
    const joins =
      last && last.stream === event.stream && last.revision + 1 === event.revision && batch.length < APPEND_EVENTS_MAX;
    if (last && !joins) {
      yield batch;
      batch = [];
    }
    batch.push(event);
  }
  if (batch.length > 0) yield batch;
}

function parseEvent(line: string, number: number): StoredEvent {
  const bad = (why: string) => new HephError('log.bad_export', `Line ${number} is no exported event: ${why}.`);
  let event: StoredEvent;
  try {
    event = JSON.parse(line) as StoredEvent;
  } catch {
    throw bad('it is not JSON');
  }
  const { id, stream, revision, type, v, at, data, meta } = event ?? {};
  const texts = [id, stream, type].every((value) => typeof value === 'string');
  const numbers = [revision, v, at].every((value) => Number.isSafeInteger(value));
  const objects = [data, meta].every((value) => typeof value === 'object' && value !== null);
  if (!texts || !numbers || !objects) throw bad('id, stream, revision, type, v, at, data or meta is missing');
  return event;
}

function newEventOf({ id, type, v, at, data, meta }: StoredEvent): NewEvent {
  return { id, type, v, at, data, meta };
}
