import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../kernel/adapters/system.ts';
import type { NewEvent } from '../../event-store.ts';
import type { GroupMessage } from '../../persistent-subscriptions.ts';
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from '../sqlite.ts';
import { groupsPathOf } from './group-states.ts';
import { connect } from './schema.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-group-states-'));
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

const WORK = { name: 'work', stream: 'task-a' };
const noted = (id: string): NewEvent => ({
  id,
  type: 'Noted',
  v: 1,
  at: 1,
  data: {},
  meta: { actor: 'operator', correlationId: 'c' },
});
const fill = (store: SqliteStore, ids: string[]) => store.append('task-a', 'any', ids.map(noted));

async function take(consumer: AsyncIterator<GroupMessage>): Promise<GroupMessage> {
  const { value, done } = await consumer.next();
  if (done) throw new Error('the consumer has ended');
  return value;
}

describe('groups in groups.db', () => {
  it('go on after kill −9 behind what was answered, with what they parked', async () => {
    const directory = fresh();
    const child = startConsumer(directory);
    await child.said('acked a');
    await child.said('parked b');
    await child.said('holds c');
    await child.kill();
    const store = await open(directory);
    expect(await store.groups.info(WORK)).toMatchObject({ parked: 1, checkpoint: 1n, retriesMax: 4 });
    const consumer = store.groups.subscribe(WORK);
    const held = await take(consumer);
    expect(held.event.id).toBe('c');
    await store.groups.replayParked(WORK);
    const again = await take(consumer);
    expect(again.event.id).toBe('b');
    await Promise.all([held.ack(), again.ack()]);
    expect(await store.groups.info(WORK)).toMatchObject({ parked: 0, checkpoint: 2n });
  });

  it('keep their filter and start over a restart', async () => {
    const directory = fresh();
    const before = await open(directory);
    await fill(before, ['a']);
    await before.groups.create({ name: 'all' }, { from: 'end', filter: { types: ['Noted'] } });
    await before.close();
    const store = await open(directory);
    await store.append('task-b', 'any', [{ ...noted('other'), type: 'Other' }, noted('b')]);
    expect((await take(store.groups.subscribe({ name: 'all' }))).event.id).toBe('b');
  });

  it('are gone with all they parked when they were deleted', async () => {
    const directory = fresh();
    const before = await open(directory);
    await fill(before, ['a']);
    await before.groups.create(WORK);
    await (await take(before.groups.subscribe(WORK))).nack('park', 'later');
    await before.groups.delete(WORK);
    await before.groups.create(WORK);
    await before.close();
    const store = await open(directory);
    expect(await store.groups.list()).toMatchObject([{ ...WORK, parked: 0, checkpoint: null }]);
  });

  it('are written by the present owner only', async () => {
    const directory = fresh();
    const before = await open(directory);
    await fill(before, ['a', 'b']);
    await before.groups.create(WORK);
    const message = await take(before.groups.subscribe(WORK));
    const store = await open(directory, { takeOver: true });
    expect(await store.groups.info(WORK)).toMatchObject({ checkpoint: null });
    await expect(message.ack()).rejects.toMatchObject({ code: 'log.fenced' });
    await expect(before.groups.create({ name: 'late' })).rejects.toMatchObject({ code: 'log.fenced' });
    expect((await take(store.groups.subscribe(WORK))).event.id).toBe('a');
    expect(await store.groups.list()).toHaveLength(1);
  });

  it('have no file until there is one, which is the user’s alone', async () => {
    const directory = fresh();
    const store = await open(directory);
    expect(existsSync(groupsPathOf(directory))).toBe(false);
    await store.groups.create(WORK);
    expect(statSync(groupsPathOf(directory)).mode & 0o777).toBe(0o600);
  });

  it('tell that they could not be recorded, and record it when they can', async () => {
    const directory = fresh();
    const disk = { full: false };
    class Disk extends DatabaseSync {
      override exec(sql: string): void {
        if (disk.full && sql === 'COMMIT') throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
        super.exec(sql);
      }
    }
    const store = await open(directory, {
      connect: (path, options) => (path === groupsPathOf(directory) ? new Disk(path) : connect(path, options)),
    });
    await fill(store, ['a', 'b']);
    await store.groups.create(WORK);
    const consumer = store.groups.subscribe(WORK);
    const [first, second] = [await take(consumer), await take(consumer)];
    disk.full = true;
    await expect(first.nack('park', 'later')).rejects.toMatchObject({ kind: 'fault', code: 'group.not_recorded' });
    await expect(store.groups.create({ name: 'other' })).rejects.toMatchObject({ code: 'group.not_recorded' });
    expect(await store.groups.list()).toMatchObject([{ checkpoint: null }]);
    disk.full = false;
    await second.ack();
    expect(await store.groups.info(WORK)).toMatchObject({ checkpoint: 1n, parked: 1 });
  });

  it.each([
    ['damaged', (path: string) => writeFileSync(path, 'no database at all'.repeat(100), { mode: 0o600 })],
    ['newer', (path: string) => new DatabaseSync(path).exec('PRAGMA user_version = 2')],
  ])('leave the log alone when their file is %s', async (_name, spoil) => {
    const directory = fresh();
    const store = await open(directory);
    spoil(groupsPathOf(directory));
    await expect(store.groups.list()).rejects.toMatchObject({ kind: 'fault', code: 'group.not_recorded' });
    await expect(store.groups.subscribe(WORK).next()).rejects.toMatchObject({ code: 'group.not_recorded' });
    await fill(store, ['a']);
    expect(await store.head()).toBe(1n);
  });
});

/** A process of its own that acknowledges one event, parks the next, and holds the third. */
function startConsumer(directory: string) {
  const [store, system] = ['../sqlite.ts', '../../../kernel/adapters/system.ts'].map(
    (path) => new URL(path, import.meta.url).href,
  );
  const program = `
    import { openSqliteStore } from ${JSON.stringify(store)};
    import { systemClock } from ${JSON.stringify(system)};
    const store = await openSqliteStore({ directory: process.argv[1], clock: systemClock, reserveBytes: 0 });
    await store.append('task-a', 'any', ${JSON.stringify(['a', 'b', 'c'].map(noted))});
    await store.groups.create(${JSON.stringify(WORK)}, { retriesMax: 4 });
    const answers = [(one) => one.ack(), (one) => one.nack('park', 'later'), async () => {}];
    const words = ['acked ', 'parked ', 'holds '];
    for await (const message of store.groups.subscribe(${JSON.stringify(WORK)})) {
      await answers.shift()(message);
      console.log(words.shift() + message.event.id);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
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
