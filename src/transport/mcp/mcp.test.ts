import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, type HttpWorld, openHttpWorld } from '../../../tests/support/http-world.ts';

let world: HttpWorld;
beforeAll(async () => {
  world = await openHttpWorld({ allowedTools: ['create_task', 'report_progress'] });
});
afterAll(() => world.close());

type Mode = 'legacy' | 'auto' | { pin: string };

async function connect(mode: Mode, token = world.agentToken): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  const requestInit = { headers: as(token) };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), { requestInit }));
  return client;
}

const post = (body: unknown, headers: Record<string, string> = {}) =>
  world.post('/mcp', body, { ...as(world.agentToken), ...headers });
const message = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 7, method, params });
const progressed = async () => (await world.events()).filter((event) => event.type === 'TaskProgressed');

describe.each<[string, Mode]>([
  ['the protocol of 2025', 'legacy'],
  ['whatever the server speaks', 'auto'],
  ['the protocol of 2026', { pin: '2026-07-28' }],
])('the official client, speaking %s', (_name, mode) => {
  it('lists the tools of its phase, and every question', async () => {
    const client = await connect(mode);
    const { tools } = await client.listTools();
    const named = Object.fromEntries(tools.map((tool) => [tool.name, tool]));
    expect(Object.keys(named).sort()).toEqual([
      ...['create_task', 'get_tasks', 'report_progress', 'task_progress', 'wait_for_events'],
    ]);
    expect(named.get_tasks?.annotations?.readOnlyHint).toBe(true);
    expect(named.report_progress?.annotations?.readOnlyHint).toBe(false);
    expect(named.report_progress?.inputSchema.required).toEqual(['message']);
    expect(named.report_progress?.inputSchema.properties).toHaveProperty('idempotencyKey');
    expect(named.get_tasks?.inputSchema.properties).not.toHaveProperty('idempotencyKey');
    await client.close();
  });

  it('calls a tool for its own task without naming it, once per key', async () => {
    const client = await connect(mode);
    const before = (await progressed()).length;
    const call = {
      name: 'report_progress',
      arguments: { message: 'half', idempotencyKey: `k-${JSON.stringify(mode)}` },
    };
    const first = await client.callTool(call);
    expect(first.isError ?? false).toBe(false);
    expect(first.structuredContent).toMatchObject({ ok: true, id: world.taskId, repeated: false });
    expect(first.content).toEqual([{ type: 'text', text: JSON.stringify(first.structuredContent) }]);
    const second = await client.callTool(call);
    expect(second.structuredContent).toMatchObject({ repeated: true });
    const events = (await progressed()).slice(before);
    expect(events.map((event) => event.meta.actor)).toEqual([`agent:${world.agentId}`]);
    await client.close();
  });

  it('asks a question about its own task without naming it, and about all where the task is a filter', async () => {
    const client = await connect(mode);
    const own = await client.callTool({ name: 'task_progress', arguments: {} });
    expect(own.structuredContent).toMatchObject({ asked: { taskId: world.taskId } });
    const all = await client.callTool({ name: 'get_tasks', arguments: {} });
    expect(all.structuredContent).toMatchObject({ asked: {} });
    await client.close();
  });

  it('reads a refusal as a result, with what to do next', async () => {
    const client = await connect(mode);
    for (const [name, args, code] of [
      ['update_task_status', { status: 'done' }, 'auth.tool_not_allowed'],
      ['pause_fleet', {}, 'command.unknown'],
      ['create_task', { phase: 'dream', title: 'x' }, 'workflow.no_such_phase'],
      ['create_task', { phase: 'fix' }, 'input.invalid'],
      ['create_task', { phase: 'fix', title: 'x', idempotencyKey: '' }, 'input.invalid'],
      ['task_progress', { taskId: 7 }, 'input.invalid'],
    ] as const) {
      const result = await client.callTool({ name, arguments: args });
      expect(result.isError).toBe(true);
      expect(result.structuredContent).toMatchObject({ code, message: expect.any(String), next: expect.any(String) });
    }
    await client.close();
  });
});

describe('the official client with another token', () => {
  it('sees what an operator may call', async () => {
    const client = await connect('auto', world.operatorToken);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['update_task_status', 'get_secrets']));
    expect(tools.find(({ name }) => name === 'report_progress')?.inputSchema.required).toContain('taskId');
    await client.close();
  });

  it('does not get in with one of nobody', async () => {
    await expect(connect('legacy', 'hph_a_nobody')).rejects.toThrow();
  });
});

describe('POST /mcp', () => {
  it('answers in plain JSON, also when nothing else is accepted, and opens no session', async () => {
    const reply = await post(message('tools/list'), { accept: 'application/json' });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(reply.headers.get('mcp-session-id')).toBeNull();
    expect(reply.json).toMatchObject({ jsonrpc: '2.0', id: 7 });
  });

  it('takes an initialize as each CLI sends it', async () => {
    for (const protocolVersion of ['2025-06-18', '2025-11-25']) {
      const clientInfo = { name: 'cli', version: '1' };
      const reply = await post(message('initialize', { protocolVersion, capabilities: {}, clientInfo }));
      expect(reply.json).toMatchObject({ result: { protocolVersion, serverInfo: { name: 'heph' } } });
      const ready = await post({ jsonrpc: '2.0', method: 'notifications/initialized' });
      expect([ready.status, ready.text]).toEqual([202, '']);
    }
  });

  it('answers a method it does not know with a JSON-RPC error, so that a client can fall back', async () => {
    for (const method of ['server/discover', 'resources/list', 'no/such', 'constructor', '__proto__'])
      expect((await post(message(method))).json).toMatchObject({ id: 7, error: { code: -32601 } });
  });

  it('passes over a cancellation of what is finished', async () => {
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7, reason: 'done' } };
    expect((await post(cancelled)).status).toBe(202);
    expect((await post(message('tools/list'))).status).toBe(200);
  });

  it.each(['GET', 'DELETE', 'PUT'])('is 405 for %s', async (method) => {
    const reply = await fetch(`${world.url}/mcp`, { method, headers: as(world.agentToken) });
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('refuses headers that say something else than the body, and does nothing', async () => {
    const before = await world.store.head();
    const spawn = message('tools/call', { name: 'create_task', arguments: { phase: 'fix', title: 'x' } });
    for (const headers of [
      { 'mcp-method': 'tools/list' },
      { 'mcp-method': 'tools/call', 'mcp-name': 'get_tasks' },
      { 'mcp-name': 'get_tasks' },
      { 'mcp-method': '' },
    ] as Record<string, string>[]) {
      const reply = await post(spawn, headers);
      expect([reply.status, reply.json]).toMatchObject([400, { id: 7, error: { code: -32020 } }]);
    }
    expect(await world.store.head()).toBe(before);
    expect((await post(spawn, { 'mcp-method': 'tools/call', 'mcp-name': 'create_task' })).status).toBe(200);
  });

  it('refuses a batch and what is no message', async () => {
    const before = await world.store.head();
    const spawn = message('tools/call', { name: 'create_task', arguments: { phase: 'fix', title: 'x' } });
    for (const body of [[spawn, spawn], [], null, 7, '"text"', {}, { jsonrpc: '1.0', id: 1, method: 'ping' }]) {
      const reply = await post(body);
      expect([body, reply.status]).toEqual([body, 400]);
      expect(reply.json.error?.code).toBeLessThan(0);
    }
    expect(await world.store.head()).toBe(before);
  });

  it('holds no stream of change notices open', async () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const listen = message('subscriptions/listen', { notifications: { toolsListChanged: true }, _meta: meta });
    const headers = { 'mcp-method': 'subscriptions/listen', 'mcp-protocol-version': '2026-07-28' };
    const reply = await post(listen, headers);
    expect(reply.json).toMatchObject({ id: 7, error: { code: expect.any(Number) } });
  });
});
