import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../kernel/adapters/system.ts';
import { Conflict, Fault } from '../../../kernel/errors.ts';
import { programFile } from '../../../programs/installation.ts';
import type { NewEvent, StoredEvent } from '../../event-store.ts';
import { findOwner, openSqliteStore, type SqliteStore, verifyLog } from '../sqlite.ts';
import { classify } from './failures.ts';
import { logPathOf } from './schema.ts';
import { decodeError, encodeError } from './thread-messages.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-thread-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const fresh = () => mkdtempSync(join(root, 'log-'));
const open = (directory: string, writerThread: string = programFile('log-writer')) =>
  openSqliteStore({ directory, clock: systemClock, reserveBytes: 0, writerThread });
const noted = (id: string, type = 'Noted'): NewEvent => ({
  ...{ id, type, v: 1, at: 1, data: {} },
  meta: { actor: 'operator', correlationId: 'c' },
});
const note = (store: SqliteStore, id: string, type?: string) => store.append('task-a', 'any', [noted(id, type)]);

async function idsOf(store: SqliteStore, types?: string[]): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of store.readAll(types && { filter: { types } })) ids.push(id);
  return ids;
}

describe('a log that is written in a thread', () => {
  it('lets everybody else go on while it waits', async () => {
    const directory = fresh();
    const store = await open(directory);
    await note(store, 'e1');
    const other = new DatabaseSync(logPathOf(directory));
    other.exec('BEGIN IMMEDIATE');
    const waits = note(store, 'e2');
    // The turn in which the group is sent, and one more; then what is committed can be read meanwhile.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(await idsOf(store)).toEqual(['e1']);
    expect(store.health()).toMatchObject({ state: 'open', position: 1n });
    other.close();
    expect(await waits).toEqual({ revision: 1, position: 2n, repeated: false });
    await store.close();
    expect(await verifyLog(directory)).toMatchObject({ ok: true, events: 2, anchored: true });
  });

  it('is found by types that it has only just got to know', async () => {
    const store = await open(fresh());
    await note(store, 'e1', 'New');
    expect(await idsOf(store, ['New'])).toEqual(['e1']);
    await store.close();
  });

  it('tells readers of the records that came with an append, in their place', async () => {
    const store = await open(fresh());
    const following = store.subscribe()[Symbol.asyncIterator]();
    await following.next();
    await note(store, 'e1');
    await store.deleteStream('task-a', 'any');
    const begun = await note(store, 'e2');
    const seen: string[] = [];
    while (seen.length < 4) {
      const { value } = await following.next();
      if (value?.kind === 'events')
        for (const { stream, type } of (value as { events: StoredEvent[] }).events) seen.push(`${stream} ${type}`);
    }
    const metadata = '$$task-a $metadata';
    expect(seen).toEqual(['task-a Noted', metadata, metadata, 'task-a Noted']);
    expect(begun).toEqual({ revision: 1, position: 4n, repeated: false });
    const left: string[] = [];
    for await (const { id } of store.readStream('task-a')) left.push(id);
    expect(left).toEqual(['e2']);
    await store.close();
  });

  it('stops for good when a later server has taken over', async () => {
    const directory = fresh();
    const store = await open(directory);
    const taker = new DatabaseSync(logPathOf(directory));
    taker.exec("UPDATE settings SET value = value + 1 WHERE key = 'epoch'");
    taker.close();
    await expect(note(store, 'e1')).rejects.toMatchObject({ code: 'log.fenced', retryable: false });
    expect(store.health()).toMatchObject({ state: 'fenced', position: 0n });
    await expect(note(store, 'e2')).rejects.toMatchObject({ code: 'log.fenced' });
    await store.close();
  });

  it('refuses to open what does not verify, as it does without one', async () => {
    const directory = fresh();
    const store = await open(directory);
    await note(store, 'e1');
    await store.close();
    const db = new DatabaseSync(logPathOf(directory));
    db.exec('UPDATE events SET at = 2');
    db.close();
    await expect(open(directory)).rejects.toMatchObject({ code: 'log.damaged', details: { position: '1' } });
    expect(findOwner(directory)).toBeNull();
  });

  it('is closed when the last append is on the disk', async () => {
    const directory = fresh();
    const store = await open(directory);
    const appended = Promise.all(Array.from({ length: 300 }, (_, n) => note(store, `e${String(n).padStart(3, '0')}`)));
    await store.close();
    expect((await appended).map(({ position }) => position)).toEqual(
      Array.from({ length: 300 }, (_, n) => BigInt(n + 1)),
    );
    expect(await verifyLog(directory)).toMatchObject({ ok: true, events: 300, anchored: true });
  });
});

describe('a thread that dies', () => {
  /** Opens like one that works, and ends as soon as it is asked for anything. */
  const dying = (how: string) => {
    const program = join(fresh(), 'dying.mjs');
    writeFileSync(
      program,
      `import { parentPort } from 'node:worker_threads';
       parentPort.postMessage({ done: { epoch: 1, position: 1 } });
       parentPort.once('message', () => { ${how} });`,
    );
    return program;
  };

  it.each([
    ['ends', 'process.exit(3)', 'ended with 3'],
    ['fails', "throw new Error('out of luck')", 'out of luck'],
  ])('when it %s: no append is lost sight of, nothing more is taken, reading goes on', async (_name, how, reason) => {
    const directory = fresh();
    const first = await open(directory);
    await note(first, 'e1');
    await first.close();

    const store = await open(directory, dying(how));
    const appends = Array.from({ length: 200 }, (_, n) => note(store, `f${n}`));
    for (const result of await Promise.allSettled(appends))
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'log.read_only', retryable: false } });
    expect(store.health()).toMatchObject({ state: 'read_only', position: 1n });
    expect(store.health().reason).toContain(reason);
    await expect(note(store, 'g')).rejects.toMatchObject({ code: 'log.read_only' });
    expect(await idsOf(store)).toEqual(['e1']);
    await store.close();
    expect(findOwner(directory)).toBeNull();
  });

  it('before it has opened the log is told as what it is', async () => {
    const directory = fresh();
    const program = join(fresh(), 'broken.mjs');
    writeFileSync(program, "throw new Error('no such thing')");
    await expect(open(directory, program)).rejects.toMatchObject({ code: 'log.read_only' });
    expect(findOwner(directory)).toBeNull();
  });
});

describe('an error', () => {
  it('is the same on the other side of a thread', () => {
    const fault = new Fault('log.disk_full', 'no room', { retryable: true });
    const conflict = new Conflict('log.wrong_revision', 'too late', { actual: 3 });
    for (const error of [fault, conflict]) {
      const there = decodeError(structuredClone(encodeError(error)));
      expect(there).toBeInstanceOf(error.constructor);
      expect({ ...there, message: there.message }).toEqual({ ...error, message: error.message });
    }
  });

  it('of SQLite or the system still says what it means for the log', () => {
    const full = Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
    const noRoom = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    for (const error of [full, noRoom]) expect(classify(decodeError(structuredClone(encodeError(error))))).toBe('full');
    expect(classify(decodeError(encodeError(new Error('?'))))).toBe('broken');
  });
});
