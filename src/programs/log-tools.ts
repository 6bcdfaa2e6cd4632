import { existsSync } from 'node:fs';
import { replay } from '../actors/replay.ts';
import { systemClock } from '../kernel/adapters/system.ts';
import { HephError } from '../kernel/errors.ts';
import { connect, logPathOf } from '../store/adapters/sqlite/schema.ts';
import { createKinds } from '../store/adapters/sqlite/catalogue.ts';
import { createReader } from '../store/adapters/sqlite/reader.ts';
import { openSqliteStore, verifyLog } from '../store/adapters/sqlite.ts';
import type { StoredEvent } from '../store/event-store.ts';
import { exportLog, importLog } from '../store/export.ts';
import { toEvent } from '../store/rows.ts';
import { createUpcaster, UPCASTS } from '../store/upcasters/index.ts';
import type { LogTools } from '../transport/cli/index.ts';

const PAGE_EVENTS = 1000;
const SQLITE = {
  gapFreePositions: true,
  hashChain: true,
  payloadCheckedIdempotency: true,
  durable: true,
  otherWriters: false,
};

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

  async export(directory, sink) {
    refuseAbsent(directory);
    return exportLog({ capabilities: SQLITE, readAll: () => readLog(directory) }, sink);
  },

  async import(directory, source) {
    const store = await openSqliteStore({ directory, clock: systemClock });
    try {
      return await importLog(source, store);
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
