import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, type Asked, type FakeServer, fakeServer } from '../../../../tests/support/fake-server.ts';
import { systemClock } from '../../../kernel/adapters/system.ts';
import { runBridge } from './bridge.ts';
import type { RpcMessage } from './json-rpc.ts';

const TOOLS = [
  {
    name: 'create_task',
    inputSchema: { type: 'object', properties: { title: {}, idempotencyKey: {} } },
    annotations: { readOnlyHint: false },
  },
  { name: 'get_tasks', inputSchema: { type: 'object', properties: {} }, annotations: { readOnlyHint: true } },
  { name: 'odd_tool', inputSchema: { type: 'object', properties: {} } },
];

/** What a server of ours says to each method. */
function speak({ body }: Asked): Answer {
  const { id, method, params } = body as RpcMessage;
  if (id === undefined) return { status: 202 };
  const result =
    method === 'initialize'
      ? { protocolVersion: '2025-11-25' }
      : method === 'tools/list'
        ? { tools: TOOLS }
        : method === 'tools/call'
          ? { content: [], called: params }
          : undefined;
  return {
    body: result
      ? { jsonrpc: '2.0', id, result }
      : { jsonrpc: '2.0', id, error: { code: -32601, message: 'no such method' } },
  };
}

let input: PassThrough;
let lines: string[];
let said: PromiseWithResolvers<void>;
let where: { url: string; token: string } | null;
let running: Promise<void>;

beforeEach(() => {
  input = new PassThrough();
  lines = [];
  said = Promise.withResolvers();
  where = null;
});
afterEach(async () => {
  input.end();
  await running;
});

function start(patienceMs = 5_000): void {
  const write = (line: string) => {
    lines.push(line);
    said.resolve();
    said = Promise.withResolvers();
  };
  running = runBridge({ input, write, bridgeKey: 'bridge-1', clock: systemClock, patienceMs, locate: () => where });
}
const at = (server: FakeServer) => (where = { url: server.url, token: 'hph_a_test' });
const send = (message: Partial<RpcMessage>) => input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const call = (id: number, name: string, args: Record<string, unknown> = {}) =>
  send({ id, method: 'tools/call', params: { name, arguments: args } });
async function heard(count: number): Promise<RpcMessage[]> {
  while (lines.length < count) await said.promise;
  return lines.map((line) => JSON.parse(line) as RpcMessage);
}
const keyOf = (asked: Asked | undefined) =>
  ((asked?.body as RpcMessage | undefined)?.params?.arguments as { idempotencyKey?: string } | undefined)
    ?.idempotencyKey;
const calls = (server: FakeServer) => server.asked.filter(({ body }) => (body as RpcMessage).method === 'tools/call');

describe('the stdio bridge', () => {
  it('carries a handshake and what follows, with the token and the version that was agreed on', async () => {
    await using server = await fakeServer(speak);
    at(server);
    start();
    send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } });
    send({ method: 'notifications/initialized' });
    send({ id: 2, method: 'tools/list' });
    expect(await heard(2)).toMatchObject([
      { id: 1, result: { protocolVersion: '2025-11-25' } },
      { id: 2, result: { tools: TOOLS } },
    ]);
    const listed = server.asked.find(({ body }) => (body as RpcMessage).id === 2);
    expect(listed?.headers).toMatchObject({
      authorization: 'Bearer hph_a_test',
      'mcp-protocol-version': '2025-11-25',
      'mcp-method': 'tools/list',
    });
  });

  it('gives a command a key of its own, leaves a given one, and gives none to a query', async () => {
    await using server = await fakeServer(speak);
    at(server);
    start();
    call(1, 'create_task', { title: 'a' });
    await heard(1);
    call(2, 'create_task', { title: 'b' });
    await heard(2);
    call(3, 'create_task', { title: 'c', idempotencyKey: 'mine' });
    await heard(3);
    call(4, 'get_tasks');
    await heard(4);
    const keys = calls(server).map(keyOf);
    expect(keys[0]).toMatch(/^mcp-[0-9a-f]{40}$/);
    expect(keys[1]).not.toBe(keys[0]);
    expect(keys.slice(2)).toEqual(['mine', undefined]);
  });

  it('finds a server that restarts on another port in the middle of a call, and repeats the call under the same key', async () => {
    const arrived = Promise.withResolvers<void>();
    const old = await fakeServer((asked) => {
      if ((asked.body as RpcMessage).method !== 'tools/call') return speak(asked);
      arrived.resolve();
      return new Promise<Answer>(() => {});
    });
    at(old);
    start();
    call(7, 'create_task', { title: 'a' });
    await arrived.promise;
    await old.kill();
    await using next = await fakeServer(speak);
    expect(next.port).not.toBe(old.port);
    at(next);
    expect(await heard(1)).toMatchObject([
      { id: 7, result: { called: { name: 'create_task', arguments: { title: 'a' } } } },
    ]);
    expect([calls(old).length, calls(next).length]).toEqual([1, 1]);
    expect(keyOf(calls(next)[0])).toBe(keyOf(calls(old)[0]));
  });

  it('does not repeat a call whose tool takes no key and changes who knows what', async () => {
    await using server = await fakeServer((asked) =>
      (asked.body as RpcMessage).method === 'tools/call' ? { hangUp: true } : speak(asked),
    );
    at(server);
    start();
    call(1, 'odd_tool');
    expect(await heard(1)).toMatchObject([{ id: 1, error: { code: -32000, data: { code: 'server.unreachable' } } }]);
    expect(calls(server).length).toBe(1);
  });

  it('waits for a server that is not there yet, and repeats what a stopping one refuses', async () => {
    let refusals = 0;
    await using server = await fakeServer((asked) =>
      refusals++ < 2 ? { status: 503, body: { ok: false } } : speak(asked),
    );
    start();
    send({ id: 1, method: 'tools/list' });
    at(server);
    expect(await heard(1)).toMatchObject([{ id: 1, result: {} }]);
    expect(refusals).toBe(3);
  });

  it('answers with a JSON-RPC error when no server comes', async () => {
    start(0);
    send({ id: 'x', method: 'tools/list' });
    send({ method: 'notifications/initialized' });
    input.end();
    await running;
    expect(await heard(1)).toMatchObject([{ jsonrpc: '2.0', id: 'x', error: { code: -32000 } }]);
  });

  it('tells a refusal of the door by its code, and passes an error of the protocol on', async () => {
    const error = {
      kind: 'denied',
      code: 'auth.unknown_token',
      message: 'That token is not known here.',
      next: 'Use the current token.',
    };
    let refuse = true;
    await using server = await fakeServer((asked) =>
      refuse ? { status: 401, body: { ok: false, error } } : speak(asked),
    );
    at(server);
    start(0);
    send({ id: 1, method: 'tools/list' });
    expect(await heard(1)).toMatchObject([
      { id: 1, error: { message: error.message, data: { code: error.code, next: error.next } } },
    ]);
    refuse = false;
    send({ id: 2, method: 'server/discover' });
    expect((await heard(2))[1]).toMatchObject({ id: 2, error: { code: -32601 } });
  });

  it('asks again when it is quicker than the word that its agent lives', async () => {
    let refusals = 0;
    const error = { kind: 'denied', code: 'auth.unknown_token', message: 'That token is not known here.', next: '' };
    await using server = await fakeServer((asked) =>
      refusals++ < 2 ? { status: 401, body: { ok: false, error } } : speak(asked),
    );
    at(server);
    start();
    send({ id: 1, method: 'tools/list' });
    expect(await heard(1)).toMatchObject([{ id: 1, result: {} }]);
    expect(refusals).toBe(3);
  });

  it('answers garbage with JSON-RPC and goes on', async () => {
    await using server = await fakeServer(speak);
    at(server);
    start();
    input.write('not json\n\n{"id":1}\n[]\n');
    send({ id: 5, method: 'tools/list' });
    const answers = await heard(4);
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
      [null, -32700],
      [null, -32600],
      [null, -32600],
      [5, undefined],
    ]);
  });

  it('gives up what the client cancels, and answers it no more', async () => {
    start();
    send({ id: 1, method: 'tools/list' });
    send({ method: 'notifications/cancelled', params: { requestId: 1 } });
    await using server = await fakeServer(speak);
    at(server);
    send({ id: 2, method: 'tools/list' });
    expect((await heard(1)).map(({ id }) => id)).toEqual([2]);
    input.end();
    await running;
    expect(lines.length).toBe(1);
  });
});
