import { existsSync } from 'node:fs';
import { systemClock } from '../kernel/adapters/system.ts';
import { HephError } from '../kernel/errors.ts';
import { isEsdbUrl, openEventStoreDb } from '../store/adapters/eventstoredb.ts';
import { refuseUnfinishedImport } from '../store/adapters/import-mark.ts';
import { createKinds } from '../store/adapters/sqlite/catalogue.ts';
import { createReader } from '../store/adapters/sqlite/reader.ts';
import { connect, logPathOf } from '../store/adapters/sqlite/schema.ts';
import type { EventStore, StoredEvent } from '../store/event-store.ts';
import { toEvent } from '../store/rows.ts';
import type { LogPlace } from '../transport/cli/index.ts';
import { otherStore, readBinding, unknownStore } from './log-store.ts';

const PAGE_EVENTS = 1000;

export type LogSource = Pick<EventStore, 'readAll'>;

/**
 * Reads a log where it lies, beside its living servers or without any: the file of a data directory, or an event store.
 * Throws Invalid `log.absent`, `data.other_store`, `data.import_unfinished`, `server.unknown_store`.
 */
export async function withLog<T>({ directory, store }: LogPlace, work: (log: LogSource) => Promise<T>): Promise<T> {
  refuseUnfinishedImport(directory);
  if (store === 'sqlite') {
    refuseAbsent(directory);
    return work({ readAll: () => readFile(directory) });
  }
  if (!isEsdbUrl(store)) throw unknownStore(store);
  // Blobs and definitions that belong to another log must not go with this one.
  if (existsSync(logPathOf(directory))) throw otherStore(directory, 'sqlite');
  const opened = await openEventStoreDb({ url: store, clock: systemClock });
  try {
    const bound = readBinding(directory);
    if (bound && bound.logId !== opened.logId) throw otherStore(directory, bound.where);
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/** Throws Invalid when the data directory holds no log of its own. */
export function refuseAbsent(directory: string): void {
  if (existsSync(logPathOf(directory))) return;
  const bound = readBinding(directory);
  if (bound) throw otherStore(directory, bound.where);
  throw new HephError('log.absent', `There is no log in ${directory}.`);
}

/** Every event up to the one that was last when the reading began. */
async function* readFile(directory: string): AsyncGenerator<StoredEvent> {
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
