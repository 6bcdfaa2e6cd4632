import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptSessions } from './kept-sessions.ts';
import { keepPort, lastPort } from './last-port.ts';
import { startServer } from './server.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heph-kept-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const HASH = 'a'.repeat(64);

describe('sessions of browsers', () => {
  it('are kept as they were, for their owner alone', () => {
    keptSessions(folder).save({ [HASH]: 5 });
    expect(keptSessions(folder).load()).toEqual({ [HASH]: 5 });
    expect(statSync(join(folder, 'sessions.json')).mode & 0o777).toBe(0o600);
  });

  it.each(['', '{', 'null', '[]', '{"x": 1}', `{"${HASH}": "5"}`])('are none where the file holds %j', (text) => {
    writeFileSync(join(folder, 'sessions.json'), text);
    expect(keptSessions(folder).load()).toEqual({});
  });
});

describe('the port of the last server', () => {
  it('is known, unless the file holds something else', () => {
    expect(lastPort(folder)).toBeNull();
    keepPort(folder, 4100);
    expect(lastPort(folder)).toBe(4100);
    for (const text of ['', 'x', '0', '70000', '-1', '1.5']) {
      writeFileSync(join(folder, 'port'), text);
      expect(lastPort(folder), text).toBeNull();
    }
  });
});

describe('a server that is started again', () => {
  const start = () =>
    startServer({ dataDirectory: join(folder, 'data'), host: '127.0.0.1', port: 0, takeOver: false, idleExit: false });
  const signIn = async (url: string) => {
    const token = readFileSync(join(folder, 'data', 'operator.token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const code = await fetch(`${url}/api/login-codes`, { method: 'POST', body: '{}', headers });
    const { path } = (await code.json()) as { path: string };
    const { headers: answered } = await fetch(url + path, { redirect: 'manual' });
    return answered.get('set-cookie')?.split(';')[0] ?? '';
  };

  it('has the port that it had, and knows the browsers that were signed in', async () => {
    const first = await start();
    const cookie = await signIn(first.url);
    await first.close();
    const second = await start();
    expect(second.url).toBe(first.url);
    expect((await fetch(`${second.url}/api/events`, { headers: { cookie } })).status).toBe(200);
    await second.close();
  });

  it('takes another port when somebody else has it', async () => {
    const first = await start();
    await first.close();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(first.port, '127.0.0.1', resolve));
    const second = await start();
    expect(second.port).not.toBe(first.port);
    await second.close();
    other.close();
  });
});
