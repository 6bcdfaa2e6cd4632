import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../kernel/adapters/system.ts';
import { backUp, restore } from './backup.ts';
import { openFileBlobs } from './file-blobs.ts';
import { openSqliteStore, type SqliteStore, verifyLog } from './sqlite.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-backup-'));
const directory = join(root, 'data');
const clock = systemClock;
let store: SqliteStore;
let blob: string;
let count = 0;

beforeAll(async () => {
  store = await openSqliteStore({ directory, clock, reserveBytes: 0 });
  blob = await openFileBlobs(directory).put('the bytes');
  writeFileSync(join(directory, 'operator.token'), 'a secret', { mode: 0o600 });
  mkdirSync(join(directory, 'phases', 'own'), { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, 'phases', 'own', 'workflow.yaml'), 'title: Own\n');
  symlinkSync('/etc', join(directory, 'phases', 'elsewhere'));
  await append(40);
});
afterAll(async () => {
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

const fresh = (name: string) => join(mkdtempSync(join(root, 'place-')), name);
const made = async () => {
  const to = fresh('backup');
  return { to, note: await backUp(directory, to, { clock }) };
};

async function append(events: number): Promise<void> {
  const meta = { actor: 'operator', correlationId: 'c' };
  for (let n = 0; n < events; n++, count++)
    await store.append(`task-s${count % 3}`, 'any', [
      { id: `e${count}`, type: 'Noted', v: 1, at: 1, data: { blob }, meta },
    ]);
}

async function idsIn(path: string): Promise<string[]> {
  const restored = await openSqliteStore({ directory: path, clock, reserveBytes: 0 });
  const ids: string[] = [];
  for await (const { id } of restored.readAll()) ids.push(id);
  await restored.close();
  return ids;
}

describe('a backup', () => {
  it('is made while the log is written to, and holds all of it up to the position it names', async () => {
    const to = fresh('backup');
    const [note] = await Promise.all([backUp(directory, to, { clock }), append(60)]);
    expect(note.position).toBeGreaterThanOrEqual(40);
    await expect(verifyLog(to)).resolves.toMatchObject({ ok: true, events: note.position, anchored: true });

    const place = fresh('restored');
    await expect(restore(to, place)).resolves.toMatchObject({ position: note.position, hash: note.hash, blobs: 1 });
    expect(await idsIn(place)).toEqual(Array.from({ length: note.position }, (_, n) => `e${n}`));
    expect(Buffer.from(await openFileBlobs(place).get(blob)).toString()).toBe('the bytes');
    expect(readFileSync(join(place, 'phases', 'own', 'workflow.yaml'), 'utf8')).toBe('title: Own\n');
  });

  it('is for the user alone, and has neither tokens nor links in it', async () => {
    const { to } = await made();
    const names = readdirSync(to, { recursive: true }) as string[];
    expect(names).not.toContain('operator.token');
    expect(names).not.toContain(join('phases', 'elsewhere'));
    expect(names.filter((name) => /-wal|-shm|-journal|tmp/.test(name))).toEqual([]);
    for (const name of ['.', ...readdirSync(to)]) expect(statSync(join(to, name)).mode & 0o077).toBe(0);
  });

  it('overwrites nothing, and is not made of nothing', async () => {
    const { to } = await made();
    await expect(backUp(directory, to, { clock })).rejects.toMatchObject({ code: 'data.not_empty' });
    await expect(backUp(fresh('none'), fresh('backup'), { clock })).rejects.toMatchObject({ code: 'log.absent' });
    await expect(restore(to, directory)).rejects.toMatchObject({ code: 'data.not_empty' });
  });

  it('says why it could not be written', async () => {
    const file = fresh('file');
    writeFileSync(file, '');
    await expect(backUp(directory, join(file, 'backup'), { clock })).rejects.toMatchObject({ code: 'backup.failed' });
  });

  it('names what was spoiled already, and has all the rest', async () => {
    const place = fresh('restored');
    const { to } = await made();
    await restore(to, place);
    const path = join(place, 'blobs', blob.slice(0, 2), blob);
    writeFileSync(path, 'other bytes');
    await expect(backUp(place, fresh('backup'), { clock })).resolves.toMatchObject({ blobs: 0, damagedBlobs: [blob] });
  });

  it('is refused when it was not finished, was made by a later version, or was damaged', async () => {
    const { to } = await made();
    const changed = (change: (path: string) => void) => {
      const path = fresh('changed');
      cpSync(to, path, { recursive: true });
      change(path);
      return path;
    };
    const note = JSON.parse(readFileSync(join(to, 'backup.json'), 'utf8'));
    const cases: [string, string][] = [
      [changed((path) => rmSync(join(path, 'backup.json'))), 'backup.not_one'],
      [changed((path) => writeFileSync(join(path, 'backup.json'), '{')), 'backup.not_one'],
      [
        changed((path) => writeFileSync(join(path, 'backup.json'), JSON.stringify({ ...note, version: 2 }))),
        'data.newer_format',
      ],
      [changed((path) => spoil(join(path, 'log.db'))), 'log.damaged'],
    ];
    for (const [from, code] of cases) {
      const place = fresh('restored');
      await expect(restore(from, place)).rejects.toMatchObject({ code });
      expect(existsSync(place)).toBe(false);
    }
  });
});

/** Changes one letter of one event. */
function spoil(path: string): void {
  const bytes = readFileSync(path);
  const at = bytes.lastIndexOf('operator');
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
}
