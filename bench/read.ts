import { systemClock } from '../src/kernel/adapters/system.ts';
import { openSqliteStore } from '../src/store/adapters/sqlite.ts';
import type { EventStore } from '../src/store/event-store.ts';
import { compare, type Figure, seconds } from './measure.ts';
import { benchEvent, inDirectory, openRaw, RAW_INSERT } from './raw-log.ts';
import { atMost } from './support/goals.ts';

const EVENTS = 1000;
const READS = 20;
const STREAM = 'task-tsk_01k00000000000000000000000';

/** Reading a stream of 1000 events, data and meta parsed. */
export async function run(): Promise<Figure[]> {
  return inDirectory(async (directory) => {
    const store = await openSqliteStore({ directory: `${directory}/data`, clock: systemClock, reserveBytes: 0 });
    const raw = openRaw(directory);
    try {
      const events = Array.from({ length: EVENTS }, (_, n) => benchEvent(n));
      await store.append(STREAM, 'no_stream', events);
      const insert = raw.prepare(RAW_INSERT);
      for (const [n, { id, type, v, at, data, meta }] of events.entries())
        insert.run(n + 1, STREAM, n, id, type, v, at, JSON.stringify(data), JSON.stringify(meta));
      const select = raw.prepare('SELECT * FROM events WHERE stream = ? ORDER BY revision');
      const floor = () => seconds(() => repeat(() => readRaw(select.all(STREAM))));
      const product = () => seconds(() => repeat(() => readStore(store)));
      await floor();
      await product();
      const figure = await compare(
        { subject: 'read a stream of 1000 events', unit: 'ms', goal: atMost(2) },
        { product, floor },
        9,
      );
      return [{ ...figure, product: (figure.product * 1000) / READS, floor: (figure.floor * 1000) / READS }];
    } finally {
      raw.close();
      await store.close();
    }
  });
}

async function repeat(read: () => Promise<number> | number): Promise<void> {
  for (let n = 0; n < READS; n++) if ((await read()) !== EVENTS) throw new Error('not every event was read');
}

function readRaw(rows: Record<string, unknown>[]): number {
  return rows.map((row) => ({ ...row, data: JSON.parse(row.data as string), meta: JSON.parse(row.meta as string) }))
    .length;
}

async function readStore(store: EventStore): Promise<number> {
  let count = 0;
  for await (const { data } of store.readStream(STREAM)) if (data) count += 1;
  return count;
}
