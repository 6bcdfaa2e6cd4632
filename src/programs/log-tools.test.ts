import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { urlOf } from '../../tests/support/esdb-contract.ts';
import { type EsdbServer, startEsdbServer } from '../../tests/support/esdb-server/server.ts';
import { exportText, fillWorkspace, inChunks } from '../../tests/support/moving.ts';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { backUp } from '../store/adapters/backup.ts';
import { openFileBlobs } from '../store/adapters/file-blobs.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import { exportLog } from '../store/export.ts';
import { logTools } from './log-tools.ts';
import { openLogStore } from './log-store.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-log-tools-'));
const place = (store = 'sqlite') => ({ directory: mkdtempSync(join(root, 'data-')), store });
let repair: { directory: string; store: string };
let text: string;
let other: string;
let server: EsdbServer;
let url: string;
beforeAll(async () => {
  server = await startEsdbServer({ client: 'eventstore' });
  url = urlOf('eventstore', server.port);
  repair = await fillWorkspace(place().directory, 'repair');
  text = await exportText(repair);
  other = await exportText(await fillWorkspace(place().directory, 'troubles'));
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

it('an import that is broken off goes on where it was, and nobody uses a part of it meanwhile', async () => {
  const another = await startEsdbServer({ client: 'eventstore' });
  for (const to of [place(urlOf('eventstore', another.port)), place()]) {
    let passes = 0;
    const broken = async function* () {
      const pass = ++passes;
      yield* text.split(/(?<=\n)/).slice(0, pass === 2 ? 50 : undefined);
      if (pass === 2) throw new Error('the file is gone');
    };
    await expect(logTools.import(to, broken)).rejects.toThrow('the file is gone');
    const uses = [
      () => openLogStore({ ...to, where: to.store, clock: systemClock, random: systemRandom, takeOver: false }),
      () => exportText(to),
      () => logTools.import(to, inChunks(other)),
      ...(to.store === 'sqlite' ? [() => backUp(to.directory, place().directory, { clock: systemClock })] : []),
    ];
    for (const use of uses) await expect(use()).rejects.toMatchObject({ code: 'data.import_unfinished' });
    const counts: number[] = [];
    await logTools.import(to, inChunks(text), (events) => counts.push(events));
    expect(await exportText(to)).toBe(text);
    await expect(logTools.import(to, inChunks(text))).rejects.toMatchObject({ code: 'log.not_empty' });
  }
  const full = place(urlOf('eventstore', another.port));
  await expect(logTools.import(full, inChunks(other))).rejects.toMatchObject({ code: 'log.not_empty' });
  await another.close();
});

it('a directory keeps to its log, and no file of one log goes with another', async () => {
  const another = await startEsdbServer({ client: 'eventstore' });
  const elsewhere = urlOf('eventstore', another.port);
  const there = place(url);
  await logTools.import(there, inChunks(text));
  const mixtures = [
    () => exportText({ ...repair, store: url }),
    () => exportText({ ...there, store: 'sqlite' }),
    () => exportText({ ...there, store: elsewhere }),
    () => logTools.import({ ...repair, store: elsewhere }, inChunks(text)),
  ];
  for (const mix of mixtures) await expect(mix()).rejects.toMatchObject({ code: 'data.other_store' });
  await expect(exportText({ ...repair, store: 'ftp://x' })).rejects.toMatchObject({ code: 'server.unknown_store' });
  await expect(exportText(place())).rejects.toMatchObject({ code: 'log.absent' });
  const alone = await logTools.export({ directory: join(root, 'nowhere'), store: url }, () => {});
  expect(alone).toMatchObject({ files: 0, withFiles: false });
  await another.close();
});

it('an export that was changed leaves nothing behind', async () => {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith('{"file":"phases/'));
  const spoils = [
    lines.toSpliced(at, 1),
    lines.with(at, (lines[at] as string).replace('"last":true', '"last":false')),
    lines.with(at, (lines[at] as string).replace('own/', 'owm/')),
    lines.with(at, '{"file":7}'),
    lines.with(5, (lines[5] as string).replace('"v":1', '"v":2')),
  ];
  for (const spoilt of spoils) {
    const to = place();
    const importing = logTools.import(to, inChunks(spoilt.join('\n')));
    await expect(importing).rejects.toMatchObject({ code: 'log.bad_export' });
    expect(readdirSync(to.directory)).toEqual([]);
  }
});

it('a file that leads out of the directory, or says what it is not, is refused', async () => {
  const hostile = [
    '../out',
    'phases/../../out',
    '/out',
    'blobs/x',
    'token',
    'phases',
    'phases/a//b',
    'phases/.',
    'phases/x\0',
  ];
  for (const path of hostile) {
    const to = place();
    const importing = logTools.import(to, inChunks(await withFile(path)));
    await expect(importing, path).rejects.toMatchObject({ code: 'log.bad_export' });
  }
  const linked = place();
  await logTools.import(linked, inChunks(await exported()));
  symlinkSync(root, join(linked.directory, 'phases'));
  await expect(logTools.import(linked, inChunks(await withFile('phases/a')))).rejects.toMatchObject({
    code: 'data.not_ours',
  });
  const own = place();
  await logTools.import(own, inChunks(await exported()));
  mkdirSync(join(own.directory, 'phases'), { mode: 0o700 });
  writeFileSync(join(own.directory, 'phases/a'), 'mine', { mode: 0o600 });
  await expect(logTools.import(own, inChunks(await withFile('phases/a')))).rejects.toMatchObject({
    code: 'data.not_empty',
  });
});

it('a spoiled blob is named, and a link is not followed', async () => {
  const from = await fillWorkspace(place().directory, 'repair');
  const hash = await openFileBlobs(from.directory).put('spoil me');
  writeFileSync(join(from.directory, 'blobs', hash.slice(0, 2), hash), 'spoilt');
  symlinkSync('/etc/hostname', join(from.directory, 'phases/own/link.md'));
  expect(await logTools.export(from, () => {})).toMatchObject({ damagedBlobs: [hash], files: 5 });
});

/** An empty log with files, as an export. */
async function exported(...files: { path: string; bytes: Uint8Array }[]): Promise<string> {
  let all = '';
  const given = async function* () {
    yield* files;
  };
  await exportLog(openMemoryStore(), (line) => void (all += line), { files: given() });
  return all;
}

const withFile = (path: string) => exported({ path, bytes: Buffer.from('x') });
