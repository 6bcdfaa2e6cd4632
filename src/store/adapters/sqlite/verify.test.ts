import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../kernel/adapters/system.ts';
import { openSqliteStore } from '../sqlite.ts';
import { logPathOf } from './schema.ts';
import { verifyLog } from './verify.ts';

/**
 * P14: of many single flipped bits and cuts, each is found, or shown to lie where nothing of the log is: then the log
 * verifies and every row of every table is what it was.
 */
const root = mkdtempSync(join(tmpdir(), 'heph-verify-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const EVENTS = 240;
/** For each of two files: a thousand flipped bits and two hundred cuts in all. */
const FLIPS = 500;
const CUTS = 100;
const TIMEOUT_MS = 60_000;
/** Closed in order: one file. */
const atRest = join(root, 'rest');
/** Copied while it was open: half of it in the write-ahead log. */
const living = join(root, 'living');
let content: string;

beforeAll(async () => {
  const store = await openSqliteStore({ directory: atRest, clock: systemClock, reserveBytes: 0 });
  for (let n = 0; n < EVENTS; n += 20) await appendTwenty(n);
  copyDirectory(atRest, living);
  await store.close();
  content = contentOf(atRest);
  expect(contentOf(living)).toBe(content);

  async function appendTwenty(start: number): Promise<void> {
    const appends = Array.from({ length: 20 }, (_, offset) => {
      const n = start + offset;
      const meta = { actor: 'operator', correlationId: 'c', ...(n % 2 && { scope: { workflowId: `wfl_${n % 3}` } }) };
      const event = { id: `e${n}`, type: `Noted${n % 5}`, v: 1, at: n, data: { n, text: 'x'.repeat(n % 50) }, meta };
      return store.append(`task-s${n % 7}`, 'any', [event]);
    });
    await Promise.all(appends);
  }
});

describe('verify', () => {
  it('finds nothing in a sound log, closed or living', async () => {
    for (const directory of [atRest, living])
      expect(await verifyLog(directory)).toMatchObject({ ok: true, events: EVENTS, anchored: true, damage: null });
  });

  const flips: [string, string, string][] = [
    ['the closed log', atRest, 'log.db'],
    ['the write-ahead log', living, 'log.db-wal'],
  ];
  it.each(flips)('finds every flipped bit of %s that matters', { timeout: TIMEOUT_MS }, async (_name, from, file) => {
    const directory = mkdtempSync(join(root, 'flip-'));
    copyDirectory(from, directory);
    const sound = readFileSync(join(from, file));
    const random = createRandom(20);
    let detected = 0;
    for (let n = 0; n < FLIPS; n++) {
      const at = random(sound.length * 8);
      const bytes = Buffer.from(sound);
      bytes[at >> 3] = (bytes[at >> 3] as number) ^ (1 << (at & 7));
      // What a recovery changed goes back to what it was.
      copyDirectory(from, directory);
      writeFileSync(join(directory, file), bytes);
      const verified = await verifyLog(directory);
      if (verified.ok) expect([at, contentOf(directory) === content]).toEqual([at, true]);
      else detected += 1;
    }
    expect(detected).toBeGreaterThan(FLIPS / 3);
  });

  it.each(flips)('finds every cut of %s that matters', { timeout: TIMEOUT_MS }, async (_name, from, file) => {
    const directory = mkdtempSync(join(root, 'cut-'));
    const sound = readFileSync(join(from, file));
    for (let n = 1; n < CUTS; n++) {
      copyDirectory(from, directory);
      writeFileSync(join(directory, file), sound.subarray(0, Math.floor((sound.length * n) / CUTS)));
      const verified = await verifyLog(directory);
      if (verified.ok) expect([n, contentOf(directory) === content]).toEqual([n, true]);
    }
    copyDirectory(from, directory);
    writeFileSync(join(directory, file), '');
    expect((await verifyLog(directory)).ok).toBe(false);
  });

  const changes: [string, string, bigint | null, RegExp][] = [
    ['a changed body', 'UPDATE events SET body = replace(body, \'"n":100\', \'"n":101\')', 101n, /hash/],
    ['a changed time', 'UPDATE events SET at = 7 WHERE position = 50', 50n, /hash/],
    ['a changed hash', "UPDATE events SET hash = 'x' WHERE position = 50", 50n, /hash/],
    ['a removed event', 'DELETE FROM events WHERE position = 50', 50n, /missing/],
    [
      'a removed end',
      `DELETE FROM events WHERE position > ${EVENTS - 3}`,
      BigInt(EVENTS - 2),
      /ends at 237, but reached 240/,
    ],
    ['a log that was emptied', 'DELETE FROM events', 1n, /ends at 0/],
    ['an exchanged revision', 'UPDATE events SET revision = 900 WHERE position = 50', 50n, /hash/],
    ['a renamed stream', "UPDATE streams SET name = 'task-other' WHERE name = 'task-s3'", 4n, /hash/],
    ['a renamed type', "UPDATE kinds SET type = 'Other' WHERE type = 'Noted2'", 3n, /hash/],
    ['a renamed category', "UPDATE kinds SET category = 'agent' WHERE type = 'Noted2'", 3n, /category/],
    ['a removed stream', "DELETE FROM streams WHERE name = 'task-s3'", 4n, /stream or type/],
    ['a changed workflow', "UPDATE events SET workflow = 'wfl_9' WHERE position = 2", 2n, /workflow/],
    ['a changed epoch', "UPDATE settings SET value = 99 WHERE key = 'epoch'", null, /epoch/],
    ['a removed epoch', 'DELETE FROM settings', null, /setting/],
    ['a removed index', 'DROP INDEX events_kind', null, /definitions/],
    ['another version', 'PRAGMA user_version = 0', null, /definitions/],
  ];
  it.each(changes)('locates %s', async (_name, sql, position, reason) => {
    const directory = mkdtempSync(join(root, 'change-'));
    copyDirectory(atRest, directory);
    change(directory, sql);
    const { ok, damage } = await verifyLog(directory);
    expect({ ok, position: damage?.position }).toEqual({ ok: false, position });
    expect(damage?.reason).toMatch(reason);
  });

  it('finds a log that was written anew with a chain of its own, by its anchor', async () => {
    const directory = mkdtempSync(join(root, 'anew-'));
    const store = await openSqliteStore({ directory, clock: systemClock, reserveBytes: 0 });
    const meta = { actor: 'operator', correlationId: 'c' };
    for (let n = 0; n < EVENTS + 5; n++)
      void store.append('task-a', 'any', [{ id: `f${n}`, type: 'Noted', v: 1, at: n, data: {}, meta }]);
    await store.close();
    expect(await verifyLog(directory)).toMatchObject({ ok: true });
    const { head } = await verifyLog(atRest);
    const anchor = { position: Number(head.position), hash: head.hash };
    expect(await verifyLog(directory, { anchor })).toMatchObject({ ok: false, damage: { position: BigInt(EVENTS) } });
    copyFileSync(join(atRest, 'anchor.json'), join(directory, 'anchor.json'));
    expect(await verifyLog(directory)).toMatchObject({ ok: false, damage: { reason: /replaced/ } });
    await expect(openSqliteStore({ directory, clock: systemClock })).rejects.toMatchObject({ code: 'log.damaged' });
  });

  it('says so where there is no log', async () => {
    expect(await verifyLog(mkdtempSync(join(root, 'none-')))).toMatchObject({ ok: false, events: 0 });
  });
});

function change(directory: string, sql: string): void {
  const db = new DatabaseSync(logPathOf(directory));
  db.exec(sql);
  db.close();
}

function copyDirectory(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(to)) rmSync(join(to, name));
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name));
}

function contentOf(directory: string): string {
  const db = new DatabaseSync(logPathOf(directory), { readOnly: true });
  try {
    const tables = ['events', 'streams', 'kinds', 'settings'].map((table) =>
      db.prepare(`SELECT * FROM ${table}`).all(),
    );
    return JSON.stringify(tables);
  } finally {
    db.close();
  }
}

/** The same numbers in every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
