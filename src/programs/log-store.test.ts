import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEsdbServer } from '../../tests/support/esdb-server/server.ts';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { type LogStore, openLogStore, passwordsOf } from './log-store.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'heph-log-store-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (where: string): Promise<LogStore> =>
  openLogStore({ directory, where, clock: systemClock, random: systemRandom, takeOver: false });

/** What `store.json` says. */
const binding = () => JSON.parse(readFileSync(join(directory, 'store.json'), 'utf8')) as Record<string, unknown>;

describe('a data directory and its log', () => {
  it('belong together, whichever store keeps the log, under an epoch that rises', async () => {
    const server = await startEsdbServer({ client: 'eventstore' });
    const url = `esdb://127.0.0.1:${server.port}?tls=false`;
    const first = await open(url);
    await expect(open(url)).rejects.toMatchObject({ code: 'data.owned', details: { pid: process.pid } });
    await first.store.close();
    const { logId, runnerId } = first;
    expect(runnerId).toMatch(/^rnr_/);
    expect(binding()).toEqual({ where: `esdb://127.0.0.1:${server.port}`, logId, epoch: 1, runnerId });
    expect(statSync(join(directory, 'store.json')).mode & 0o077).toBe(0);
    const second = await open(url);
    expect([second.logId, second.epoch, second.runnerId]).toEqual([logId, 2, runnerId]);
    await second.store.close();
    await expect(open('sqlite')).rejects.toMatchObject({ kind: 'invalid', code: 'data.other_store' });
    await server.close();

    const other = await startEsdbServer({ client: 'eventstore' });
    const elsewhere = open(`esdb://127.0.0.1:${other.port}?tls=false`);
    await expect(elsewhere).rejects.toMatchObject({ code: 'data.other_store' });
    await other.close();
    writeFileSync(join(directory, 'store.json'), '{');
    await expect(open('sqlite')).rejects.toMatchObject({ code: 'data.not_ours' });
  });

  it('tells when nothing is heard of the event store, and goes on when it is back', async () => {
    const server = await startEsdbServer({ client: 'eventstore' });
    const log = await open(`esdb://127.0.0.1:${server.port}?tls=false`);
    const items = log.store.subscribe()[Symbol.asyncIterator]();
    await items.next();
    await server.close();
    while (log.check().status === 'ok') await new Promise(setImmediate);
    expect(log.check()).toMatchObject({ status: 'degraded', detail: expect.stringContaining('position 0') });
    await log.store.close();
    expect((await items.next()).done).toBe(true);
  });

  it('starts embedded, and never goes over to another store', async () => {
    const embedded = await open('sqlite');
    expect(embedded.check()).toEqual({ status: 'ok', detail: 'at position 0' });
    await embedded.store.close();
    await expect(open('esdb://127.0.0.1:1?tls=false')).rejects.toMatchObject({ code: 'data.other_store' });
    await expect(open('postgres://me:secret@host/db')).rejects.toMatchObject({
      code: 'server.unknown_store',
      message: expect.not.stringContaining('secret'),
    });
  });
});

it('knows the passwords in a URL, as written and as meant', () => {
  expect(passwordsOf('esdb://admin:a%40b@host:2113?tls=true')).toEqual(['a%40b', 'a@b']);
  expect(passwordsOf('esdb://host:2113')).toEqual([]);
});

it('loads no client of an event store before one is asked for', () => {
  const asked = (imported: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', `${imported}; ${LOADED}`], { encoding: 'utf8' }).stdout;
  const server = JSON.stringify(new URL('./server.ts', import.meta.url).href);
  expect(asked(`await import(${server})`)).toBe('false');
  expect(asked("await import('@eventstore/db-client')")).toBe('true');
});

const LOADED = `
  import { createRequire } from 'node:module';
  const files = Object.keys(createRequire(process.cwd() + '/').cache);
  process.stdout.write(String(files.some((file) => /grpc-js|db-client|kurrent/.test(file))))`;
