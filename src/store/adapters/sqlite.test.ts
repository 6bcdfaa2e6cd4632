import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../kernel/adapters/system.ts';
import type { NewEvent } from '../event-store.ts';
import { findOwner, openSqliteStore, type SqliteStore, type SqliteStoreOptions, verifyLog } from './sqlite.ts';
import { connect, logPathOf } from './sqlite/schema.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-sqlite-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const opened: SqliteStore[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

const fresh = () => mkdtempSync(join(root, 'log-'));
async function open(directory: string, options: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> {
  const store = await openSqliteStore({ directory, clock: systemClock, reserveBytes: 0, ...options });
  opened.push(store);
  return store;
}

const noted = (id: string, text = ''): NewEvent => ({
  id,
  type: 'Noted',
  v: 1,
  at: 1,
  data: { text },
  meta: { actor: 'operator', correlationId: 'c' },
});
const note = (store: SqliteStore, id: string, text?: string) => store.append('task-a', 'any', [noted(id, text)]);

async function idsOf(store: SqliteStore): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of store.readAll()) ids.push(id);
  return ids;
}

/** A disk that can be told to fail: each statement goes through `before` first. */
function unsafeDisk() {
  const statements: string[] = [];
  const disk = { before: (_sql: string) => {}, statements, writer: undefined as DatabaseSync | undefined };
  class Watched extends DatabaseSync {
    override exec(sql: string): void {
      statements.push(sql);
      disk.before(sql);
      super.exec(sql);
    }
    override prepare(sql: string) {
      disk.before(sql);
      return super.prepare(sql);
    }
  }
  return {
    disk,
    connect: (path: string, { readOnly }: { readOnly: boolean }) => {
      if (readOnly) return connect(path, { readOnly });
      disk.writer = new Watched(path, { timeout: 0 });
      return disk.writer;
    },
  };
}

function failOn(word: string, errcode: number): (sql: string) => void {
  return (sql) => {
    if (sql.includes(word)) throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode });
  };
}
const IOERR_FSYNC = 1034;
const IOERR_SHMSIZE = 4874;

describe('the log in SQLite', () => {
  it('goes on where it was when it is opened again', async () => {
    const directory = fresh();
    const first = await open(directory);
    await first.append('task-a', 'no_stream', [noted('e1'), noted('e2')]);
    const { epoch } = first.health();
    await first.close();
    const second = await open(directory);
    expect(second.data).toEqual(first.data);
    expect(second.health()).toMatchObject({ state: 'open', reason: null, position: 2n, epoch: epoch + 1 });
    await expect(second.append('task-a', 'no_stream', [noted('e3')])).rejects.toMatchObject({ details: { actual: 1 } });
    expect(await second.append('task-a', 0, [noted('e2')])).toMatchObject({ position: 2n, repeated: true });
    expect(await second.append('task-a', 1, [{ ...noted('e3'), type: 'Other' }])).toMatchObject({ position: 3n });
    expect(await idsOf(second)).toEqual(['e1', 'e2', 'e3']);
    await second.close();
    expect(await verifyLog(directory)).toMatchObject({ ok: true, events: 3, anchored: true });
  });

  it('leaves its files to the user alone, and one file for the log', async () => {
    const directory = fresh();
    const store = await open(directory, { reserveBytes: 4096 });
    await note(store, 'e1');
    await store.reserveSettled;
    for (const name of readdirSync(directory))
      expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600]);
    await store.close();
    expect(readdirSync(directory).sort()).toEqual(['anchor.json', 'format.json', 'log.db', 'owner.lock', 'reserve']);
  });

  it('refuses a log of a later version', async () => {
    const directory = fresh();
    await (await open(directory)).close();
    const db = new DatabaseSync(logPathOf(directory));
    db.exec('PRAGMA user_version = 2');
    db.close();
    await expect(open(directory)).rejects.toMatchObject({ code: 'data.newer_format' });
    expect(findOwner(directory)).toBeNull();
  });

  it('commits together what arrives together', async () => {
    const { disk, connect } = unsafeDisk();
    const store = await open(fresh(), { connect });
    disk.statements.length = 0;
    await Promise.all(Array.from({ length: 100 }, (_, n) => note(store, `e${String(n).padStart(3, '0')}`)));
    expect(disk.statements.filter((sql) => sql === 'COMMIT')).toHaveLength(1);
  });

  it('takes no more than so many appends at once', async () => {
    const store = await open(fresh());
    const asked = Array.from({ length: 10_001 }, (_, n) => note(store, `e${n}`));
    const refused = (await Promise.allSettled(asked)).filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({ code: 'log.busy', retryable: true });
    expect(await store.head()).toBe(10_000n);
  });
});

describe('a failing disk', () => {
  it('ends writing at the first failed flush, for good, and leaves reading', async () => {
    const directory = fresh();
    const { disk, connect } = unsafeDisk();
    const store = await open(directory, { connect });
    await note(store, 'e1');
    disk.before = failOn('COMMIT', IOERR_FSYNC);
    const group = await Promise.allSettled([note(store, 'e2'), store.append('task-b', 'any', [noted('e3')])]);
    for (const result of group)
      expect(result).toMatchObject({ status: 'rejected', reason: { kind: 'fault', code: 'log.read_only' } });
    expect(store.health()).toMatchObject({ state: 'read_only', position: 1n });
    expect(store.health().reason).toContain('disk I/O error');

    disk.before = () => {};
    disk.statements.length = 0;
    await expect(note(store, 'e4')).rejects.toMatchObject({ code: 'log.read_only', retryable: false });
    expect(await idsOf(store)).toEqual(['e1']);
    await store.close();
    expect(disk.statements).toEqual([]);

    const again = await open(directory);
    expect(await again.append('task-a', 0, [noted('e2')])).toMatchObject({ position: 2n });
  });

  it('refuses what waits behind the group that failed', async () => {
    const { disk, connect } = unsafeDisk();
    const store = await open(fresh(), { connect });
    disk.before = failOn('COMMIT', IOERR_FSYNC);
    disk.statements.length = 0;
    const results = await Promise.allSettled(Array.from({ length: 300 }, (_, n) => note(store, `e${n}`)));
    expect(results.map((result) => result.status)).toEqual(results.map(() => 'rejected'));
    expect(disk.statements.filter((sql) => sql === 'COMMIT')).toHaveLength(1);
  });

  it('ends writing when the write-ahead log cannot be copied, though the events are safe', async () => {
    const directory = fresh();
    const { disk, connect } = unsafeDisk();
    const store = await open(directory, { connect });
    disk.before = failOn('wal_checkpoint', IOERR_FSYNC);
    const large = 'x'.repeat(250_000);
    for (let n = 0; n < 20 && store.health().state === 'open'; n++) await note(store, `e${n}`, large);
    expect(store.health().state).toBe('read_only');
    const kept = await idsOf(store);
    expect(kept.length).toBeGreaterThan(0);
    await store.close();
    expect(await idsOf(await open(directory))).toEqual(kept);
  });

  it('says that it is full, keeps nothing of the group, reads on, and recovers when there is room', async () => {
    const { disk, connect } = unsafeDisk();
    const store = await open(fresh(), { connect });
    await note(store, 'e0');
    const pages = disk.writer?.prepare('PRAGMA page_count').get()?.page_count as number;
    disk.writer?.exec(`PRAGMA max_page_count = ${pages + 10}`);
    const group = await Promise.allSettled([
      note(store, 'e1'),
      note(store, 'e2', 'x'.repeat(100_000)),
      note(store, 'e3'),
    ]);
    for (const result of group)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'log.disk_full', retryable: true } });
    expect(store.health()).toMatchObject({ state: 'open', diskFull: true, position: 1n });
    expect(await idsOf(store)).toEqual(['e0']);

    disk.writer?.exec('PRAGMA max_page_count = 100000');
    expect(await note(store, 'e2', 'x'.repeat(100_000))).toMatchObject({ revision: 1, position: 2n });
    expect(store.health().diskFull).toBe(false);
    expect(await idsOf(store)).toEqual(['e0', 'e2']);
  });

  it('is full as well when the index of the write-ahead log cannot grow', async () => {
    const { disk, connect } = unsafeDisk();
    const store = await open(fresh(), { connect });
    disk.before = failOn('BEGIN', IOERR_SHMSIZE);
    await expect(note(store, 'e1')).rejects.toMatchObject({ code: 'log.disk_full' });
    disk.before = () => {};
    expect(await note(store, 'e1')).toMatchObject({ position: 1n });
  });

  it('waits for another process in vain, writes nothing, and goes on after it', async () => {
    const directory = fresh();
    const store = await open(directory, { connect: unsafeDisk().connect });
    const other = new DatabaseSync(logPathOf(directory));
    other.exec('BEGIN IMMEDIATE');
    await expect(note(store, 'e1')).rejects.toMatchObject({ code: 'log.busy', retryable: true });
    other.close();
    expect(await note(store, 'e1')).toMatchObject({ position: 1n, repeated: false });
  });

  it('has room kept for the last events', async () => {
    const directory = fresh();
    const bytes = 2.5 * 1024 * 1024;
    const store = await open(directory, { reserveBytes: bytes });
    await store.reserveSettled;
    const stat = statSync(join(directory, 'reserve'));
    expect(stat.size).toBe(bytes);
    expect(stat.blocks * 512).toBeGreaterThanOrEqual(bytes);
    expect(store.health().reserve).toBe('held');
    store.releaseReserve();
    expect(store.health().reserve).toBe('absent');
    expect(readdirSync(directory)).not.toContain('reserve');
    await store.close();
    const again = await open(directory, { reserveBytes: bytes });
    await again.reserveSettled;
    expect(again.health().reserve).toBe('held');
  });
});

describe('a start on a full disk', () => {
  const SQLITE_FULL = 13;
  const full = () => {
    const { disk, connect } = unsafeDisk();
    disk.before = failOn('INSERT OR REPLACE', SQLITE_FULL);
    return { disk, connect };
  };

  it('uses the room that was kept', async () => {
    const directory = fresh();
    const store = await open(directory, { reserveBytes: 4096 });
    await note(store, 'e1');
    await store.reserveSettled;
    await store.close();
    const { disk, connect } = full();
    const fail = disk.before;
    disk.before = (sql) => {
      if (readdirSync(directory).includes('reserve')) fail(sql);
    };
    const again = await open(directory, { connect, reserveBytes: 4096 });
    expect(again.health()).toMatchObject({ state: 'open', position: 1n, reserve: 'absent' });
  });

  it('says so when none was kept, and lets go of the directory', async () => {
    const directory = fresh();
    await expect(open(directory, { connect: full().connect })).rejects.toMatchObject({ code: 'log.disk_full' });
    expect(findOwner(directory)).toBeNull();
    expect((await open(directory)).health().state).toBe('open');
  });

  it('beside a process that was stopped while it wrote says who must end first', async () => {
    const directory = fresh();
    const store = await open(directory);
    const other = new DatabaseSync(logPathOf(directory));
    other.exec('BEGIN IMMEDIATE');
    await expect(open(directory, { takeOver: true, connect: unsafeDisk().connect })).rejects.toMatchObject({
      code: 'data.owned',
      details: { pid: process.pid },
    });
    other.close();
    expect(await note(store, 'e1')).toMatchObject({ position: 1n });
  });
});

describe('what hides events', () => {
  const visible = async (store: SqliteStore, stream: string) => {
    const ids: string[] = [];
    for await (const { id } of store.readStream(stream)) ids.push(id);
    return ids;
  };

  it('is in the log: it outlives a restart, verifies, and is the same in the next appends', async () => {
    const directory = fresh();
    const first = await open(directory);
    for (const stream of ['task-counted', 'task-deleted', 'task-begun', 'task-ended'])
      await first.append(stream, 'no_stream', [noted('e0'), noted('e1'), noted('e2')]);
    await first.setStreamMetadata('task-counted', { maxCount: 1 });
    await first.deleteStream('task-deleted', 2);
    await first.deleteStream('task-begun', 2);
    await first.append('task-begun', 'no_stream', [noted('n3')]);
    await first.tombstoneStream('task-ended', 2);
    const before = await idsOf(first);
    await first.close();

    const again = await open(directory);
    expect(await idsOf(again)).toEqual(before);
    expect(await visible(again, 'task-counted')).toEqual(['e2']);
    expect(await visible(again, 'task-deleted')).toEqual([]);
    expect(await visible(again, 'task-begun')).toEqual(['n3']);
    const ended = { code: 'log.stream_deleted' };
    await expect(visible(again, 'task-ended')).rejects.toMatchObject(ended);
    await expect(again.append('task-ended', 'any', [noted('n')])).rejects.toMatchObject(ended);
    await expect(again.setStreamMetadata('task-ended', {})).rejects.toMatchObject(ended);
    expect((await again.append('task-deleted', 'no_stream', [noted('n3')])).revision).toBe(3);
    expect((await again.append('task-begun', 3, [noted('n4')])).revision).toBe(4);
    expect(await visible(again, 'task-begun')).toEqual(['n3', 'n4']);
    expect(await again.readStreamMetadata('task-counted')).toMatchObject({ metadata: { maxCount: 1 }, revision: 0 });
    await again.close();
    expect(await verifyLog(directory)).toMatchObject({ ok: true, damage: null });
  });

  it('is decided in order with the appends that arrive together', async () => {
    const store = await open(fresh());
    const results = await Promise.allSettled([
      store.append('task-a', 'no_stream', [noted('e0')]),
      store.deleteStream('task-a', 0),
      store.append('task-a', 'stream_exists', [noted('e1')]),
      store.append('task-a', 'no_stream', [noted('e2')]),
      store.tombstoneStream('task-a', 1),
      store.append('task-a', 1, [noted('e3')]),
    ]);
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, true, true, false]);
    expect(await idsOf(store)).toEqual(['e0', expect.any(String), 'e2', 'e2', expect.any(String)]);
  });

  it('was changed by nobody but the log: damage to a record is found', async () => {
    const directory = fresh();
    const store = await open(directory);
    await note(store, 'e0');
    await store.setStreamMetadata('task-a', { maxCount: 1 });
    await store.close();
    const db = connect(logPathOf(directory), { readOnly: false });
    db.exec(`UPDATE events SET body = replace(body, '"$maxCount":1', '"$maxCount":9') WHERE position = 2`);
    db.close();
    expect(await verifyLog(directory)).toMatchObject({ ok: false, damage: { position: 2n } });
  });
});

describe('one owner', () => {
  it('refuses a second one and says who the first is', async () => {
    const directory = fresh();
    const store = await open(directory);
    store.announce({ port: 4711 });
    await expect(open(directory)).rejects.toMatchObject({
      kind: 'fault',
      code: 'data.owned',
      details: { pid: process.pid, port: 4711, epoch: store.health().epoch },
    });
    expect(findOwner(directory)).toMatchObject({ pid: process.pid, port: 4711 });
    expect(await note(store, 'e1')).toMatchObject({ position: 1n });
    await store.close();
    expect(findOwner(directory)).toBeNull();
    expect(findOwner(fresh())).toBeNull();
    expect(await idsOf(await open(directory))).toEqual(['e1']);
  });

  it('keeps the one that was taken over from writing, whatever it does', async () => {
    const directory = fresh();
    const old = await open(directory);
    await note(old, 'e1');
    const taker = await open(directory, { takeOver: true });
    expect(await note(taker, 'e2')).toMatchObject({ position: 2n });
    await expect(note(old, 'e3')).rejects.toMatchObject({ kind: 'fault', code: 'log.fenced' });
    expect(old.health().state).toBe('fenced');
    expect(await idsOf(old)).toEqual(['e1']);
    await old.close();
    await expect(open(directory)).rejects.toMatchObject({
      code: 'data.owned',
      details: { epoch: taker.health().epoch },
    });
    await note(taker, 'e4');
    await taker.close();
    expect(await verifyLog(directory)).toMatchObject({ ok: true, events: 3 });
  });

  it('lives in another process: it is named, its death frees the log, and nothing it acknowledged is lost', async () => {
    const directory = fresh();
    const child = owner(directory);
    await child.said('open');
    await expect(open(directory)).rejects.toMatchObject({ code: 'data.owned', details: { pid: child.pid } });
    child.tell('append');
    await child.said('position 1');
    await child.kill();
    expect(findOwner(directory)).toBeNull();
    const store = await open(directory);
    expect(await idsOf(store)).toEqual(['c1']);
  });

  it('that was stopped and wakes after a take-over cannot write', async () => {
    const directory = fresh();
    const child = owner(directory);
    await child.said('open');
    process.kill(child.pid, 'SIGSTOP');
    await expect(open(directory)).rejects.toMatchObject({ code: 'data.owned' });
    const taker = await open(directory, { takeOver: true });
    await note(taker, 'e1');
    process.kill(child.pid, 'SIGCONT');
    child.tell('append');
    await child.said('log.fenced');
    await child.kill();
    await expect(open(directory)).rejects.toMatchObject({ code: 'data.owned', details: { pid: process.pid } });
    expect(await idsOf(taker)).toEqual(['e1']);
  });
});

describe('a start', () => {
  it('refuses a log whose end was altered', async () => {
    const directory = fresh();
    const store = await open(directory);
    for (const id of ['e1', 'e2', 'e3']) await note(store, id);
    await store.close();
    const db = new DatabaseSync(logPathOf(directory));
    db.exec("UPDATE events SET body = replace(body, 'text', 'tent') WHERE position = 2");
    db.close();
    await expect(open(directory)).rejects.toMatchObject({
      kind: 'fault',
      code: 'log.damaged',
      details: { position: '2' },
    });
    expect(findOwner(directory)).toBeNull();
  });

  it('refuses a log whose end was cut off', async () => {
    const directory = fresh();
    const store = await open(directory);
    for (const id of ['e1', 'e2', 'e3']) await note(store, id);
    await store.close();
    const db = new DatabaseSync(logPathOf(directory));
    db.exec('DELETE FROM events WHERE position = 3');
    db.close();
    await expect(open(directory)).rejects.toMatchObject({ code: 'log.damaged', details: { position: '3' } });
  });

  it('does without an anchor, and makes one', async () => {
    const directory = fresh();
    const store = await open(directory);
    await note(store, 'e1');
    await store.close();
    writeFileSync(join(directory, 'anchor.json'), '{"posit');
    expect(await verifyLog(directory)).toMatchObject({ ok: true, anchored: false });
    await (await open(directory)).close();
    expect(await verifyLog(directory)).toMatchObject({ ok: true, anchored: true });
    expect(JSON.parse(readFileSync(join(directory, 'anchor.json'), 'utf8'))).toMatchObject({ position: '1' });
  });

  it('says which event cannot be read, and reads the others', async () => {
    const store = await open(fresh());
    await note(store, 'e1');
    await note(store, 'e2');
    const db = new DatabaseSync(logPathOf(store.data.path));
    db.exec("UPDATE events SET body = '{' WHERE position = 2");
    db.close();
    const ids: string[] = [];
    const reading = async () => {
      for await (const { id } of store.readAll()) ids.push(id);
    };
    await expect(reading()).rejects.toMatchObject({ code: 'log.damaged', details: { position: 2 } });
    expect(ids).toEqual(['e1']);
  });
});

/** A process that owns the log and appends when it is told to. */
function owner(directory: string) {
  const store = new URL('./sqlite.ts', import.meta.url).href;
  const system = new URL('../../kernel/adapters/system.ts', import.meta.url).href;
  const program = `
    import { createInterface } from 'node:readline';
    import { openSqliteStore } from ${JSON.stringify(store)};
    import { systemClock } from ${JSON.stringify(system)};
    const store = await openSqliteStore({ directory: process.argv[1], clock: systemClock, reserveBytes: 0 });
    console.log('open');
    for await (const _ of createInterface({ input: process.stdin })) {
      const event = { id: 'c1', type: 'Noted', v: 1, at: 1, data: {}, meta: { actor: 'operator', correlationId: 'c' } };
      await store.append('task-c', 'any', [event]).then(
        ({ position }) => console.log('position ' + position),
        (error) => console.log(error.code),
      );
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid as number,
    tell: (line: string) => child.stdin.write(`${line}\n`),
    async said(line: string) {
      expect((await lines.next()).value).toBe(line);
    },
    async kill() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
