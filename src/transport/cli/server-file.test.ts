import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { announce, fakeServer } from '../../../tests/support/fake-server.ts';
import { dataDirectoryOf, findServer } from './server-file.ts';

// A pid that no process can have: above the kernel's own limit.
const DEAD_PID = 2 ** 22 + 1;
let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'heph-find-'));
});
afterEach(() => rmSync(data, { recursive: true }));

describe('the data directory', () => {
  const where = (env: Record<string, string>, flag?: string) =>
    dataDirectoryOf({ env, cwd: '/here', home: '/home/ada' }, flag).path;

  it('is the flag, else HEPH_DATA, else the data home, else the usual place in the home', () => {
    const env = { HEPH_DATA: 'here', XDG_DATA_HOME: '/xdg' };
    expect(where(env, 'flag')).toBe('/here/flag');
    expect(where(env)).toBe('/here/here');
    expect(where({ XDG_DATA_HOME: '/xdg' })).toBe('/xdg/heph');
    expect(where({ XDG_DATA_HOME: 'relative' })).toBe('/home/ada/.local/share/heph');
  });
});

describe('finding the server', () => {
  it('finds the one that answers with the same start time, and sends it the operator’s token', async () => {
    await using server = await fakeServer(() => ({ body: { ok: true, startedAt: 7 } }));
    announce(data, server, { startedAt: 7 });
    expect(await findServer(data)).toMatchObject({ port: server.port, startedAt: 7 });
    expect(server.asked[0]?.headers.authorization).toBe('Bearer hph_o_test');
  });

  it('passes over a directory without a server', async () => {
    expect(await findServer(join(data, 'absent'))).toBeNull();
  });

  it('asks nobody when the pid is dead', async () => {
    await using server = await fakeServer(() => ({ body: { startedAt: 7 } }));
    announce(data, server, { startedAt: 7, pid: DEAD_PID });
    expect(await findServer(data)).toBeNull();
    expect(server.asked).toEqual([]);
  });

  it('passes over another program on the same port, whatever it answers', async () => {
    await using later = await fakeServer(() => ({ body: { startedAt: 8 } }));
    announce(data, later, { startedAt: 7 });
    expect(await findServer(data)).toBeNull();
    await using stranger = await fakeServer(() => ({ status: 404 }));
    announce(data, stranger, { startedAt: 7 });
    expect(await findServer(data)).toBeNull();
  });

  it('passes over a living pid whose port is closed', async () => {
    const server = await fakeServer(() => ({}));
    announce(data, server);
    await server.kill();
    expect(await findServer(data)).toBeNull();
  });
});
