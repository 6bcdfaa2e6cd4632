import { writeSync } from 'node:fs';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { HephError } from '../../src/kernel/errors.ts';
import { programFile } from '../../src/programs/installation.ts';
import { openFileBlobs } from '../../src/store/adapters/file-blobs.ts';
import { openSqliteStore } from '../../src/store/adapters/sqlite.ts';
import { type Connect, connect } from '../../src/store/adapters/sqlite/schema.ts';
import type { BlobStore } from '../../src/store/blob-store.ts';
import type { EventStore, NewEvent } from '../../src/store/event-store.ts';
import { CUT_STREAMS, type Said } from './log-ledger.ts';

/**
 * A program that appends to the log of a directory, several times opened and closed, and says on its standard output
 * what was acknowledged, one JSON object a line, each written by one call after the promise resolved:
 *
 *     log-writer.ts <directory> <FULL|NORMAL|OFF> <bursts of the first session> <bursts of the second> …
 *
 * A refusal is said as well, and what comes next is tried all the same.
 */
const [directory = '', synchronous = 'FULL', ...sessions] = process.argv.slice(2);
let appends = 0;
// As a server writes; only a log that is told to wait less for the disk is written in this thread.
const writing = synchronous === 'FULL' ? { writerThread: programFile('log-writer') } : { connect: connectWith };

for (const bursts of sessions) {
  const store = await openSqliteStore({ directory, clock: systemClock, reserveBytes: 0, ...writing }).catch(
    (error: unknown) => say({ refused: codeOf(error) }),
  );
  if (!store) break;
  const blobs = openFileBlobs(directory);
  for (let n = 0; n < Number(bursts); n++) {
    const width = 1 + (n % 4);
    await Promise.all(Array.from({ length: width }, () => append(store, blobs, appends++)));
  }
  say({ state: store.health().state });
  await store.close().catch((error: unknown) => say({ refused: codeOf(error) }));
}
say({ done: true });

/** One append of one to three events; every ninth speaks of a blob, every fifth is long. */
async function append(store: EventStore, blobs: BlobStore, n: number): Promise<void> {
  try {
    const blob = n % 9 === 0 ? await blobs.put(`blob ${n} `.repeat(1000)) : undefined;
    const text = n % 5 === 0 ? 'x'.repeat(5_000) : 'x'.repeat(n % 700);
    const count = 1 + (n % 3);
    const events = Array.from({ length: count }, (_, m): NewEvent => {
      const data = { append: n, count, text, ...(blob && { blob }) };
      return { id: `e${n}-${m}`, type: 'Noted', v: 1, at: n, data, meta: { actor: 'operator', correlationId: 'c' } };
    });
    const { position } = await store.append(`task-s${n % CUT_STREAMS}`, 'any', events);
    say({ append: n, position: Number(position), count });
  } catch (error) {
    say({ append: n, refused: codeOf(error) });
  }
}

function connectWith(path: string, options: Parameters<Connect>[1]): ReturnType<Connect> {
  const db = connect(path, options);
  const exec = db.exec.bind(db);
  db.exec = (sql) => exec(sql === 'PRAGMA synchronous = FULL' ? `PRAGMA synchronous = ${synchronous}` : sql);
  return db;
}

function codeOf(error: unknown): string {
  if (error instanceof HephError) return error.code;
  return `unforeseen: ${error}`;
}

function say(said: Said): undefined {
  writeSync(1, `${JSON.stringify(said)}\n`);
}
