import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { as, type HttpWorld, openHttpWorld } from '../../../tests/support/http-world.ts';
import { rawHttp, statusOf } from '../../../tests/support/raw-http.ts';
import { type Dial, openSocket, type StreamSocket } from '../../../tests/support/stream-socket.ts';

let world: HttpWorld;
const opened: StreamSocket[] = [];
beforeAll(async () => {
  world = await openHttpWorld();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((socket) => socket.close()));
});
afterAll(() => world.close());

async function dial(where: Partial<Dial> = {}): Promise<StreamSocket> {
  const socket = await openSocket({ url: world.url, headers: as(world.operatorToken), ...where });
  opened.push(socket);
  await socket.next('welcome');
  return socket;
}

describe('the door', () => {
  const handshake = (headers: string[], path = '/api/stream') =>
    rawHttp(
      world.port,
      Buffer.from(
        [
          `GET ${path} HTTP/1.1`,
          ...headers,
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
          '',
          '',
        ].join('\r\n'),
        'latin1',
      ),
    );
  const host = () => `Host: 127.0.0.1:${world.port}`;
  const token = () => `Authorization: Bearer ${world.operatorToken}`;
  const ours = () => `http://127.0.0.1:${world.port}`;
  const ticketPath = async () => {
    const { json } = await world.post('/api/stream-tickets', {});
    return (json as unknown as { path: string }).path;
  };

  it('refuses every other origin, with a good token and with a good ticket, without a frame', async () => {
    const { port } = world;
    const origins = [
      ...['null', 'http://evil.test', `http://evil.test:${port}`, `https://localhost:${port}`, 'http://localhost'],
      ...[`http://localhost:${port}/`, `http://localhost:${port}.evil.test`, `http://localhost:${port}@evil.test`],
      ...[`HTTP://localhost:${port}`, `http://127.0.0.1.evil.test:${port}`, 'file://', 'chrome-extension://x', '*', ''],
      ...[`http://localhost:${port}, http://evil.test`, `http://evil.test#http://localhost:${port}`, '//', 'a b'],
      ...[`ws://localhost:${port}`, `http://localhost:${port + 1}`, `http://[::1]:${port}0`],
    ];
    const path = await ticketPath();
    for (const origin of origins) {
      for (const answer of [
        await handshake([host(), token(), `Origin: ${origin}`]),
        await handshake([host(), `Origin: ${origin}`], path),
      ]) {
        expect([origin, statusOf(answer)]).toEqual([origin, 403]);
        expect(answer).toContain('"auth.origin"');
      }
    }
    // None of them has used it up.
    await dial({ path, headers: { origin: ours() } });
  });

  it('refuses every other Host', async () => {
    for (const name of ['evil.test', `127.0.0.1.evil.test:${world.port}`, `localhost:${world.port}0`])
      expect(await handshake([`Host: ${name}`, token()])).toContain('"auth.host"');
    expect(statusOf(await handshake([token()]))).toBe(403);
  });

  it('takes a ticket once, from our own page only, and within half a minute', async () => {
    const path = await ticketPath();
    expect(await handshake([host()], path)).toContain('"auth.origin"');
    await dial({ path, headers: { origin: ours() } });
    expect(await handshake([host(), `Origin: ${ours()}`], path)).toContain('"auth.ticket"');
    const late = await ticketPath();
    world.clock.advance(30_000);
    expect(await handshake([host(), `Origin: ${ours()}`], late)).toContain('"auth.ticket"');
    expect(await handshake([host(), `Origin: ${ours()}`], '/api/stream?ticket=')).toContain('"auth.ticket"');
  });

  it('opens to no cookie, no token and no unknown one', async () => {
    const { code } = world.server.createLoginCode();
    const login = await world.get(`/login?code=${code}`, {});
    const cookie = login.headers.get('set-cookie')?.split(';')[0];
    expect(await handshake([host(), `Cookie: ${cookie}`, `Origin: ${ours()}`])).toContain('"auth.missing"');
    expect(await handshake([host()])).toContain('"auth.missing"');
    expect(await handshake([host(), `${token()}x`])).toContain('"auth.unknown_token"');
    expect(await handshake([host(), token(), token()])).toContain('"auth.unknown_token"');
  });

  it('refuses an agent that says it is another, and records it', async () => {
    const other = await openHttpWorld();
    const headers = { ...as(other.agentToken), 'x-agent-id': 'agt_01k00000000000000000000001' };
    await expect(openSocket({ url: other.url, headers })).rejects.toThrow('403');
    expect((await other.events()).at(-1)).toMatchObject({ type: 'AccessDenied', data: { code: 'auth.impersonation' } });
    await other.close();
  });

  it('says to plain HTTP that it takes WebSockets only, and passes over other protocols', async () => {
    const plain = await world.get('/api/stream');
    expect([plain.status, plain.json.error?.code]).toEqual([426, 'stream.not_a_websocket']);
    const h2c = `GET /health HTTP/1.1\r\n${host()}\r\n${token()}\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`;
    expect(statusOf(await rawHttp(world.port, h2c))).toBe(200);
    expect(statusOf(await handshake([host(), token()], '/api/streams'))).toBe(404);
  });
});
