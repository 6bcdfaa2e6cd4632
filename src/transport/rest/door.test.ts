import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, type HttpWorld, openHttpWorld } from '../../../tests/support/http-world.ts';
import { rawHttp, statusOf } from '../../../tests/support/raw-http.ts';
import { sha256 } from '../../kernel/canonical.ts';

let world: HttpWorld;
beforeAll(async () => {
  world = await openHttpWorld();
});
afterAll(() => world.close());

/** A request whose every header is chosen here; `fetch` would not let us. */
async function send(headers: string[], { method = 'POST', path = '/api/commands/pause_fleet', body = '{}' } = {}) {
  const head = [`${method} ${path} HTTP/1.1`, ...headers, `Content-Length: ${body.length}`, 'Connection: close'];
  return rawHttp(world.port, Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
}

const json = 'Content-Type: application/json';
const host = () => `Host: 127.0.0.1:${world.port}`;
const operator = () => `Authorization: Bearer ${world.operatorToken}`;
const fleetEvents = async () => (await world.events()).filter((event) => event.stream.startsWith('fleet-')).length;

describe('the names of the server', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]'])(
    'takes Host %s with its port, and the origin of that name',
    async (name) => {
      const origin = `Origin: http://${name}:${world.port}`;
      const answer = await send([`Host: ${name}:${world.port}`, origin, operator(), json], {
        path: '/api/queries/get_tasks',
      });
      expect(statusOf(answer)).toBe(200);
    },
  );

  const strange = (port: number) => [
    ...['evil.test', `evil.test:${port}`, '127.0.0.1', 'localhost', `127.0.0.1.evil.test:${port}`, `LOCALHOST:${port}`],
    ...[`127.0.0.1:${port}0`, `127.1:${port}`, `0.0.0.0:${port}`, `2130706433:${port}`, `[::ffff:127.0.0.1]:${port}`],
    ...[`::1:${port}`, `localhost:${port}.`, `localhost.:${port}`, `user@localhost:${port}`, `localhost:${port}/`, ' '],
    ...[
      `127.0.0.1:${port}, evil.test`,
      `\xe9:${port}`,
      `%6cocalhost:${port}`,
      '*',
      `[::1]:${port}%0`,
      'a'.repeat(9000),
    ],
  ];
  it('refuses every other Host, and does nothing', async () => {
    for (const name of strange(world.port)) {
      const answer = await send([`Host: ${name}`, operator(), json]);
      expect([name, statusOf(answer)]).toEqual([
        name,
        expect.toSatisfy((status: number) => [400, 403].includes(status)),
      ]);
      expect(answer).toMatch(/"code":"(auth\.host|request\.malformed)"/);
    }
    expect(await fleetEvents()).toBe(0);
  });

  it('refuses a missing Host, two of them, and another one in the request line', async () => {
    const bare = { path: `http://evil.test/api/commands/pause_fleet` };
    expect(statusOf(await send([operator(), json]))).toBe(400);
    expect(statusOf(await send([host(), 'Host: evil.test', operator(), json]))).toBe(403);
    expect(statusOf(await send([host(), host(), operator(), json]))).toBe(403);
    expect(statusOf(await send([host(), operator(), json], bare))).toBe(400);
    expect(await fleetEvents()).toBe(0);
  });

  it('refuses every other Origin, and does nothing', async () => {
    const { port } = world;
    const origins = [
      ...['null', '', 'http://evil.test', `http://evil.test:${port}`, `https://localhost:${port}`, 'http://localhost'],
      ...[`http://localhost:${port}/`, `http://localhost:${port}.evil.test`, `http://localhost:${port}@evil.test`],
      ...[`HTTP://localhost:${port}`, `http://127.0.0.1.evil.test:${port}`, 'file://', 'chrome-extension://x', '*'],
      ...[
        `http://localhost:${port}, http://evil.test`,
        `http://evil.test#http://localhost:${port}`,
        '\xff',
        '//',
        'a b',
      ],
      `http://localhost:${port + 1}`,
    ];
    for (const origin of origins) {
      const answer = await send([host(), `Origin: ${origin}`, operator(), json]);
      expect([origin, statusOf(answer)]).toEqual([origin, 403]);
      expect(answer).toContain('"auth.origin"');
      expect(answer.toLowerCase()).not.toContain('access-control-');
    }
    expect(await fleetEvents()).toBe(0);
  });

  it('answers no preflight', async () => {
    const answer = await send([host(), `Origin: http://localhost:${world.port}`, operator()], {
      method: 'OPTIONS',
      body: '',
    });
    expect(statusOf(answer)).toBe(405);
    expect(answer.toLowerCase()).not.toContain('access-control-');
  });
});

describe('tokens', () => {
  it('refuses none, garbage, another scheme, two headers, and a token of nobody', async () => {
    const { operatorToken } = world;
    const wrong = [
      ...[[], ['Authorization:'], ['Authorization: Bearer'], [`Authorization: Basic ${operatorToken}`]],
      ...[
        [`Authorization: ${operatorToken}`],
        [`Authorization: Bearer ${operatorToken}x`],
        ['Authorization: Bearer \xff'],
      ],
      ...[
        [`Authorization: Bearer ${operatorToken.toUpperCase()}`],
        [operator(), operator()],
        ['Cookie: heph_1=x; =; ;;'],
      ],
      [`Authorization: Bearer hph_a_${'b'.repeat(43)}`],
    ];
    for (const headers of wrong) {
      const answer = await send([host(), json, ...headers]);
      expect([headers, statusOf(answer)]).toEqual([headers, 401]);
      expect(answer).toMatch(/"auth\.(missing|unknown_token)"/);
    }
    expect(await fleetEvents()).toBe(0);
  });

  it('refuses the token of an agent that has ended', async () => {
    const other = await openHttpWorld();
    expect((await other.post('/api/queries/get_tasks', {}, as(other.agentToken))).status).toBe(200);
    other.endAgent();
    expect((await other.post('/api/queries/get_tasks', {}, as(other.agentToken))).status).toBe(401);
    expect((await other.post('/mcp', {}, as(other.agentToken))).status).toBe(401);
    await other.close();
  });

  it('asks an agent to come again that is quicker than the word of its start', async () => {
    const token = `hph_a_${'s'.repeat(43)}`;
    const isStarting = (hash: string) => hash === sha256(token);
    const other = await openHttpWorld({ tokens: (known) => ({ ...known, isStarting }) });
    for (const path of ['/api/queries/get_tasks', '/mcp']) {
      const early = await other.post(path, {}, as(token));
      expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
      expect(early.json.error?.code).toBe('agent.starting');
      expect((await other.post(path, {}, as(`${token}x`))).status).toBe(401);
    }
    await other.close();
  });

  it('asks for one before it says whether an address exists', async () => {
    expect((await world.get('/no/such/place', {})).json.error?.code).toBe('auth.missing');
    expect((await world.get('/no/such/place')).json.error?.code).toBe('route.unknown');
  });
});

describe('an agent that says it is another', () => {
  const denials = async () =>
    (await world.events()).filter((event) => event.type === 'AccessDenied').map((event) => event.data.code);

  it('is refused on every face, and the attempt is in its own stream', async () => {
    const before = (await denials()).length;
    const worker = as(world.agentToken);
    const other = 'agt_01k00000000000000000000001';
    const input = { taskId: world.taskId, message: 'half' };
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call' };
    const forged = { name: 'report_progress', arguments: { ...input, agentId: other } };
    const replies = [
      await world.post('/api/commands/report_progress', input, { ...worker, 'x-agent-id': other }),
      await world.post('/api/commands/report_progress', input, { ...worker, 'x-agent-id': '' }),
      await world.post('/api/commands/report_progress', { ...input, agentId: other }, worker),
      await world.post('/api/queries/get_tasks', {}, { ...worker, 'x-agent-id': other }),
      await world.get('/health', { ...worker, 'x-agent-id': other }),
      await world.get('/no/such/place', { ...worker, 'x-agent-id': other }),
      await world.post('/mcp', { ...call, params: forged }, { ...worker, 'x-agent-id': other }),
    ];
    for (const { status, json } of replies) expect([status, json.error?.code]).toEqual([403, 'auth.impersonation']);
    const tool = await world.post('/mcp', { ...call, params: forged }, worker);
    expect(tool.json).toMatchObject({ result: { isError: true, structuredContent: { code: 'auth.impersonation' } } });
    expect((await denials()).slice(before)).toEqual(Array(8).fill('auth.impersonation'));
    expect((await world.events()).some((event) => event.type === 'TaskProgressed')).toBe(false);
  });

  it('may name itself', async () => {
    const headers = { ...as(world.agentToken), 'x-agent-id': world.agentId };
    expect((await world.post('/api/queries/get_tasks', {}, headers)).status).toBe(200);
  });

  it('is refused even with the operator’s token: the operator is no agent', async () => {
    const reply = await world.post(
      '/api/commands/pause_fleet',
      {},
      { ...as(world.operatorToken), 'x-agent-id': world.agentId },
    );
    expect([reply.status, reply.json.error?.code]).toEqual([403, 'auth.impersonation']);
  });
});

describe('the page’s cookie', () => {
  const cookieOf = async () => {
    const { code } = world.server.createLoginCode();
    const reply = await world.get(`/login?code=${code}`, {});
    return { reply, code, cookie: reply.headers.get('set-cookie')?.split(';')[0] ?? '' };
  };

  it('is strict, out of reach of scripts, and leads to the page', async () => {
    const { reply } = await cookieOf();
    expect([reply.status, reply.headers.get('location')]).toEqual([303, '/']);
    expect(reply.headers.get('set-cookie')).toMatch(
      /^heph_\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    );
  });

  it('comes for a code once', async () => {
    const { code } = await cookieOf();
    const again = await world.get(`/login?code=${code}`, {});
    expect([again.status, again.json.error?.code]).toEqual([401, 'auth.login_code']);
    expect((await world.get('/login', {})).status).toBe(401);
    expect((await world.get('/login?code=a&code=b', {})).status).toBe(401);
  });

  it('comes for a code within a minute', async () => {
    const { code, expiresInMs } = world.server.createLoginCode();
    world.clock.advance(expiresInMs);
    expect((await world.get(`/login?code=${code}`, {})).status).toBe(401);
  });

  it('reads, and changes something only with the header that another site cannot send', async () => {
    const { cookie } = await cookieOf();
    expect((await world.get('/docs', { cookie: `a=b; ${cookie}` })).status).toBe(200);
    const bare = await world.post('/api/commands/pause_fleet', {}, { cookie });
    expect([bare.status, bare.json.error?.code]).toEqual([403, 'auth.csrf']);
    expect(await fleetEvents()).toBe(0);
    expect((await world.post('/api/commands/pause_fleet', {}, { cookie, 'x-heph': '1' })).status).toBe(200);
    expect((await world.post('/api/commands/resume_fleet', {}, { cookie, 'x-heph': '1' })).status).toBe(200);
  });

  it('ends when its browser signs out, which no other site can make it do', async () => {
    const [{ cookie }, other] = [await cookieOf(), await cookieOf()];
    expect((await world.post('/api/logout', {}, { cookie })).json.error?.code).toBe('auth.csrf');
    const reply = await world.post('/api/logout', {}, { cookie, 'x-heph': '1' });
    expect([reply.status, reply.headers.get('set-cookie')]).toEqual([200, expect.stringMatching(/=; .*Max-Age=0$/)]);
    expect((await world.get('/docs', { cookie })).status).toBe(401);
    expect((await world.get('/docs', { cookie: other.cookie })).status).toBe(200);
  });

  it('ends after half a day', async () => {
    const { cookie } = await cookieOf();
    world.clock.advance(12 * 3_600_000);
    expect((await world.get('/docs', { cookie })).status).toBe(401);
  });

  it('does not make good a token that is wrong', async () => {
    const { cookie } = await cookieOf();
    expect((await world.get('/docs', { cookie, authorization: 'Bearer hph_o_wrong' })).status).toBe(401);
  });

  it('comes for a code that only the operator may ask for', async () => {
    const { json } = await world.post('/api/login-codes', {});
    expect((await world.get(String(json.path), {})).status).toBe(303);
    expect((await world.post('/api/login-codes', {}, as(world.agentToken))).json.error?.code).toBe('auth.role');
  });
});

describe('what is no request', () => {
  it('is answered in the shape of every failure', async () => {
    const { port } = world;
    const cases: [string, number][] = [
      ['GARBAGE\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 400],
      [`GET /% HTTP/1.1\r\n${host()}\r\n${operator()}\r\nConnection: close\r\n\r\n`, 400],
      [`POST /mcp HTTP/1.1\r\n${host()}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ];
    for (const [bytes, status] of cases) {
      const answer = await rawHttp(port, bytes);
      expect([bytes.slice(0, 30), statusOf(answer)]).toEqual([bytes.slice(0, 30), status]);
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({
        ok: false,
        error: { code: 'request.malformed' },
      });
    }
  });

  it('at an address that takes another method is 405 and says which', async () => {
    for (const [path, allow] of [
      ['/api/commands/create_task', 'POST'],
      ['/mcp', 'POST'],
      ['/api/commands/x', 'POST'],
    ] as const) {
      const reply = await world.get(path);
      expect([reply.status, reply.json.error?.code, reply.headers.get('allow')]).toEqual([
        405,
        'route.wrong_method',
        allow,
      ]);
    }
    const reply = await world.post('/api/events', {});
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it.each([
    ['text/plain', '{}'],
    ['application/x-www-form-urlencoded', 'a=1'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/jsonp', '{}'],
    ['', '{}'],
  ])('as %j is not JSON', async (type, body) => {
    const answer = await send([host(), operator(), ...(type ? [`Content-Type: ${type}`] : [])], { body });
    expect(answer).toContain('"input.not_json"');
    expect(statusOf(answer)).toBe(400);
  });

  it.each([
    ['', 'input.not_json', 400],
    ['{', 'input.not_json', 400],
    ['{"a":1}{', 'input.not_json', 400],
    ['\u0000', 'input.not_json', 400],
    ['{"__proto__":{"x":1}}', 'input.invalid', 400],
    ['{"inputs":{"\\u005f_proto__":{"x":1}}}', 'input.invalid', 400],
    ['{"title":"\\ud800"}', 'input.invalid', 400],
    ['[]', 'input.invalid', 400],
    ['"text"', 'input.invalid', 400],
    ['['.repeat(500_000), 'input.too_large', 413],
    [`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, 'input.too_large', 413],
    [`{${Array.from({ length: 10_001 }, (_, n) => `"k${n}":1`).join()}}`, 'input.too_large', 413],
    [`{"title":"${'x'.repeat(1024 * 1024)}"}`, 'input.too_large', 413],
    [`{"title":"${'x'.repeat(200_000)}"}`, 'input.too_large', 413],
  ])('with the body %#. is refused', async (body, code, status) => {
    const reply = await world.post('/api/commands/create_task', body);
    expect([reply.status, reply.json.error?.code]).toEqual([status, code]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});

describe('an agent in a hurry', () => {
  it('is slowed down, and nobody else is', async () => {
    const busy = await openHttpWorld({ rate: { perSecond: 2, burst: 3 } });
    const ask = (token: string) => busy.post('/api/queries/get_tasks', {}, as(token));
    for (let n = 0; n < 3; n++) expect((await ask(busy.agentToken)).status).toBe(200);
    const refused = await ask(busy.agentToken);
    expect([refused.status, refused.json.error?.code, refused.headers.get('retry-after')]).toEqual([
      429,
      'rate.limited',
      '1',
    ]);
    expect((await busy.post('/mcp', {}, as(busy.agentToken))).status).toBe(429);
    for (let n = 0; n < 9; n++) expect((await ask(busy.operatorToken)).status).toBe(200);
    busy.clock.advance(500);
    expect((await ask(busy.agentToken)).status).toBe(200);
    expect((await ask(busy.agentToken)).status).toBe(429);
    await busy.close();
  });
});
