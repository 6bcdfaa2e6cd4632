import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, type HttpWorld, openHttpWorld } from '../../tests/support/http-world.ts';
import { rawHttp, statusOf } from '../../tests/support/raw-http.ts';
import { COMMANDS } from '../commands/index.ts';
import { offeredCommands } from './offered.ts';

/**
 * Whatever is sent, the server says what is wrong with it: never a 5xx, never silence, never an event. Everything here is
 * wrong by construction: names have a character that no command's field has, or a field that no command knows.
 */
let world: HttpWorld;
let setUp: number;
beforeAll(async () => {
  world = await openHttpWorld();
  setUp = (await world.events()).length;
});
afterAll(async () => {
  expect(world.errors).toEqual([]);
  expect((await world.get('/health')).status).toBe(200);
  await world.close();
});

const RUNS = { rest: 2_500, mcp: 2_500, raw: 2_500, names: 2_500 };
const AT_ONCE = 25;

/** Draws `runs` values and judges them many at a time; a failure prints the value that failed. */
async function check<T>(runs: number, arbitrary: fc.Arbitrary<T>, judge: (value: T) => Promise<void>): Promise<void> {
  const batch = fc.array(arbitrary, { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(
    fc.asyncProperty(batch, async (values) => void (await Promise.all(values.map(judge)))),
    { numRuns: runs / AT_ONCE },
  );
  const recorded = (await world.events()).slice(setUp).map((event) => event.type);
  // An agent that claims to be another is kept in its stream; nothing else is.
  expect(recorded.filter((type) => type !== 'AccessDenied')).toEqual([]);
}

const wicked = fc.constantFrom(
  '__proto__',
  'constructor',
  '$(id)',
  '--upload-pack=x',
  '\u0000',
  '\u202e',
  "';--",
  '../..',
);
const key = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), wicked);
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  wicked,
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.double(),
  fc.bigInt().map(Number),
);
const commands = fc.constantFrom(...offeredCommands(COMMANDS));

/** An input with some fields of the command's own, and one of nobody's, so that it cannot be right. */
const nearly = (names: string[]) =>
  fc
    .tuple(
      fc.dictionary(names.length > 0 ? fc.oneof(fc.constantFrom(...names), key) : key, value, { maxKeys: 6 }),
      key.map((name) => `${name}!`),
      value,
    )
    .map(([fields, name, extra]) => ({ ...fields, [name]: extra }));
const fieldsOf = (schema: unknown) => Object.keys((schema as { shape: Record<string, unknown> }).shape);
const inputOf = commands.chain((command) => nearly(fieldsOf(command.schema)).map((input) => ({ command, input })));
const brokenText = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => `${text}{`),
  inputOf.map(({ input }) => JSON.stringify(input).slice(0, -1)),
  fc.integer({ min: 65, max: 2_000 }).map((depth) => '['.repeat(depth)),
  fc.constantFrom(
    '',
    'null x',
    'NaN',
    '{"a":1,}',
    "{'a':1}",
    '\ufeff{}',
    '{"a":01}',
    '"\\x"',
    '[1,2',
    '{"__proto__":{}}',
  ),
);

function expectRefusal(
  status: number,
  body: { ok?: boolean; error?: { code: string; next: string } },
  text: string,
): void {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(body).toMatchObject({
    ok: false,
    error: { code: expect.stringMatching(/^[a-z]+\.[a-z_]+$/), next: expect.any(String) },
  });
  expect(text).not.toMatch(/\bat .*\.ts:\d|node_modules/);
}

describe('garbage', { timeout: 120_000 }, () => {
  it('as the input of a command is refused', async () => {
    const tokens = fc.constantFrom(world.operatorToken, world.agentToken);
    const request = fc.tuple(
      tokens,
      commands,
      fc.oneof(
        inputOf.map(({ input }) => JSON.stringify(input)),
        brokenText,
      ),
    );
    await check(RUNS.rest, request, async ([token, { name }, body]) => {
      const reply = await world.post(`/api/commands/${name}`, body, as(token));
      expectRefusal(reply.status, reply.json, reply.text);
    });
  });

  it('as a name, a key, a parameter or an address is refused', async () => {
    const address = fc.oneof(
      fc
        .tuple(fc.constantFrom('/api/commands/', '/api/queries/'), key)
        .map(([at, name]) => ({ at: at + enc(`${name}!`), post: true })),
      key.map((name) => ({ at: `/${enc(name)}!`, post: false })),
      fc
        .tuple(key, value)
        .map(([name, one]) => ({ at: `/api/events?limit=x&${enc(name)}=${enc(JSON.stringify(one))}`, post: false })),
      fc.tuple(key).map(([name]) => ({ at: `/api/views/queue?at=${enc(`${name}!`)}`, post: false })),
    );
    await check(RUNS.names, address, async ({ at, post }) => {
      const reply = post ? await world.post(at, {}) : await world.get(at);
      expectRefusal(reply.status, reply.json, reply.text);
    });
  });

  it('as a message of MCP is refused, and as a tool’s input is a result that says so', async () => {
    const tool = fc.tuple(
      fc.constantFrom('create_task', 'report_progress', 'update_task_status', 'report_usage'),
      nearly(['taskId', 'phase', 'title', 'message', 'idempotencyKey']),
    );
    const call = tool.map(([name, input]) => ({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: input },
    }));
    const odd = fc.record(
      {
        jsonrpc: fc.constantFrom<unknown>('2.0', '1.0', 2, null),
        id: fc.oneof(fc.integer(), key, fc.constant(null), fc.double()),
        method: fc.oneof(fc.constantFrom('tools/call', 'initialize', 'tools/list', 'server/discover', 'ping!'), key),
        params: value,
      },
      { requiredKeys: [] },
    );
    const message = fc
      .oneof(call, odd, value, fc.array(call, { maxLength: 3 }))
      .map((one) => JSON.stringify(one) ?? '');
    await check(RUNS.mcp, fc.oneof(message, brokenText), async (body) => {
      const { status, json, text } = await world.post('/mcp', body, as(world.agentToken));
      expect([body, status < 500 || status]).toEqual([body, true]);
      expect(text).not.toMatch(/\bat .*\.ts:\d|node_modules|"ok":true/);
      const { result } = json as { result?: { isError?: boolean; structuredContent?: object } };
      if (body.includes('"tools/call"') && result) expect(result.isError).toBe(true);
    });
  });

  it('as the bytes of a request is answered or hung up on', async () => {
    const header = fc.tuple(
      fc.constantFrom(
        'Host',
        'Origin',
        'Authorization',
        'Cookie',
        'Content-Type',
        'Idempotency-Key',
        'X-Agent-ID',
        'Transfer-Encoding',
        'Expect',
        'Upgrade',
        'Mcp-Method',
        'X-Heph',
      ),
      fc.oneof(
        fc.string({ unit: 'binary-ascii', maxLength: 40 }),
        wicked,
        fc.constantFrom(
          `127.0.0.1:${world.port}`,
          `Bearer ${world.operatorToken}`,
          'null',
          'chunked',
          'websocket',
          '100-continue',
          'application/json',
        ),
      ),
    );
    const methods = fc.constantFrom(
      'GET',
      'POST',
      'PUT',
      'OPTIONS',
      'HEAD',
      'TRACE',
      'CONNECT',
      'PROPFIND',
      'GARBAGE',
      '',
    );
    const paths = fc.oneof(
      fc.constantFrom('/mcp', '/api/commands/pause_fleet!', '*', '//', 'http://x/', '/%', '/%ff', '/..'),
      fc.webPath(),
    );
    const request = fc.record({
      method: methods,
      path: paths,
      headers: fc.array(header, { maxLength: 6 }),
      body: fc.string({ unit: 'binary', maxLength: 40 }),
    });
    await check(RUNS.raw, request, async ({ method, path, headers, body }) => {
      const head = [
        `${method} ${path} HTTP/1.1`,
        ...headers.map(([name, text]) => `${name}: ${text}`),
        'Connection: close',
      ];
      const answer = await rawHttp(world.port, `${head.join('\r\n')}\r\n\r\n${body}`);
      const status = statusOf(answer);
      if (answer !== '')
        expect([head, status]).toEqual([head, expect.toSatisfy((code: number) => code >= 100 && code < 500)]);
    });
  });
});

function enc(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
