import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../src/kernel/adapters/system.ts';
import { programFile } from '../src/programs/installation.ts';
import { openSqliteStore } from '../src/store/adapters/sqlite.ts';
import { type BenchOptions, compare, type Figure, seconds } from './measure.ts';
import { benchEvent, inDirectory, openRaw, RAW_INSERT } from './raw-log.ts';
import { atLeast } from './support/goals.ts';

const WRITERS = 64;
const ROUNDS_PER_WRITER = 60;
const ALONE = 600;
/** A stream of its own for each writer. */
export const streamOf = (writer: number) => `task-tsk_01k00000000000000000000${String(writer).padStart(3, '0')}`;

/** Appends of one event with 256 bytes of data, flushed to the disk by the thread that writes, from 64 writers at once and from one. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const scale = quick ? 4 : 1;
  const [rounds, alone] = [ROUNDS_PER_WRITER / scale, ALONE / scale];
  return [
    await compare(
      { subject: 'append, 64 writers', unit: 'events/s', goal: atLeast(0.6) },
      { product: () => appendFrom(WRITERS, rounds), floor: () => rawGroups(WRITERS, rounds) },
    ),
    await compare(
      { subject: 'append, one writer', unit: 'events/s', goal: atLeast(0.5) },
      { product: () => appendFrom(1, alone), floor: () => rawGroups(1, alone) },
    ),
    await compare(
      { subject: 'append, one writer, beside SQLite in a thread', unit: 'events/s', goal: atLeast(0.5) },
      { product: () => appendFrom(1, alone), floor: () => rawInThread(alone) },
    ),
  ];
}

/** Events per second when each writer appends, waits for the answer, and appends again. */
export async function appendFrom(writers: number, rounds: number): Promise<number> {
  return inDirectory(async (directory) => {
    const writerThread = programFile('log-writer');
    const store = await openSqliteStore({ directory, clock: systemClock, reserveBytes: 0, writerThread });
    const write = async (writer: number) => {
      for (let n = 0; n < rounds; n++)
        await store.append(streamOf(writer), n === 0 ? 'no_stream' : n - 1, [benchEvent(n * writers + writer)]);
    };
    const taken = await seconds(async () => {
      await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
    });
    await store.close();
    return (writers * rounds) / taken;
  });
}

/** One transaction for each event in a thread, which is asked for the next when it has answered: what the way there and back costs. */
async function rawInThread(events: number): Promise<number> {
  return inDirectory(async (directory) => {
    const thread = new Worker(new URL('support/raw-log-thread.ts', import.meta.url), { workerData: directory });
    const write = async (position: number) => {
      thread.postMessage(rawRow(position, 0, position - 1));
      await once(thread, 'message');
    };
    await write(1);
    const taken = await seconds(async () => {
      for (let position = 2; position < events + 2; position++) await write(position);
    });
    thread.postMessage('close');
    await once(thread, 'exit');
    return events / taken;
  });
}

function rawRow(position: number, writer: number, revision: number): (string | number)[] {
  const { id, type, v, at, data, meta } = benchEvent(position);
  return [position, streamOf(writer), revision, id, type, v, at, JSON.stringify(data), JSON.stringify(meta)];
}

/** One transaction per round, an insert for each writer. */
async function rawGroups(writers: number, rounds: number): Promise<number> {
  return inDirectory(async (directory) => {
    const db = openRaw(directory);
    const insert = db.prepare(RAW_INSERT);
    let position = 0;
    const taken = await seconds(() => {
      for (let n = 0; n < rounds; n++) {
        db.exec('BEGIN IMMEDIATE');
        for (let writer = 0; writer < writers; writer++) {
          position += 1;
          insert.run(...rawRow(position, writer, n));
        }
        db.exec('COMMIT');
      }
    });
    db.close();
    return (writers * rounds) / taken;
  });
}
