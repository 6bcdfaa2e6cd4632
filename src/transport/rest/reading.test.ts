import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { as, type HttpWorld, openHttpWorld, testQueries } from '../../../tests/support/http-world.ts';
import type { Queries } from '../queries-port.ts';

let world: HttpWorld;
let ready = true;
beforeAll(async () => {
  world = await openHttpWorld({ ready: () => ready });
});
afterAll(() => world.close());

describe('addresses to read', () => {
  it.each([
    ['/api/views/queue', { view: 'queue', params: {} }],
    ['/api/views/queue?at=12&until=3', { view: 'queue', params: {}, at: '12', until: '3' }],
    ['/api/views/timeline?limit=5&workflowId=wfl_1', { view: 'timeline', params: { limit: 5, workflowId: 'wfl_1' } }],
    ['/api/events', { after: '0', limit: 100 }],
    ['/api/events?after=9&limit=2&types=A,B&stream=s-1', { after: '9', limit: 2, types: ['A', 'B'], stream: 's-1' }],
    ['/api/streams/task-tsk_1?after=3&limit=1', { after: '3', limit: 1, stream: 'task-tsk_1' }],
  ])('%s asks for what it says', async (path, asked) => {
    const { status, json } = await world.get(path);
    expect([status, json]).toEqual([200, { ok: true, result: expect.objectContaining({ asked }) }]);
  });

  it.each([
    ['/api/views/queue?at=now', 'input.invalid'],
    ['/api/views/queue?at=1&at=2', 'input.invalid'],
    ['/api/views/queue?__proto__=1', 'input.invalid'],
    ['/api/events?limit=many', 'input.invalid'],
    ['/api/events?limit=1e3', 'input.invalid'],
    ['/api/events?types=A&types=B', 'input.invalid'],
    [`/api/streams/${'x'.repeat(300)}`, 'request.malformed'],
    ['/api/views/', 'input.invalid'],
  ])('%s is refused', async (path, code) => {
    const { status, json } = await world.get(path);
    expect(String(status)).toMatch(/^4/);
    expect(json.error?.code).toBe(code);
  });
});

describe('a question that waits', () => {
  /** A question that says when it is being waited for, and when nobody waits any more. */
  function waitingQueries() {
    const asked = Promise.withResolvers<void>();
    const abandoned = Promise.withResolvers<void>();
    const table = new Map([
      ['wait', { v: 1, summary: 'Waits.', schema: z.strictObject({}), roles: ['operator' as const] }],
    ]);
    const queries: Queries = {
      table,
      run: (_name, _input, _principal, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            abandoned.resolve();
            resolve({ over: true });
          });
          asked.resolve();
        }),
    };
    return { queries, asked: asked.promise, abandoned: abandoned.promise };
  }

  it('is let go when its client is gone', async () => {
    const { queries, asked, abandoned } = waitingQueries();
    const other = await openHttpWorld({ queries });
    const gone = new AbortController();
    const headers = { ...as(other.operatorToken), 'content-type': 'application/json' };
    const init = { method: 'POST', body: '{}', headers, signal: gone.signal };
    const request = fetch(`${other.url}/api/queries/wait`, init).catch((error: Error) => error.name);
    await asked;
    gone.abort();
    expect(await request).toBe('AbortError');
    await abandoned;
    await other.close();
  });

  it('is answered when the server closes', async () => {
    const { queries, asked } = waitingQueries();
    const other = await openHttpWorld({ queries });
    const request = other.post('/api/queries/wait', {});
    await asked;
    await other.close();
    expect((await request).json).toEqual({ ok: true, result: { over: true } });
    expect(other.server.address()).toBeNull();
    await other.server.close();
  });
});

describe('/health', () => {
  it('says the version and what was measured, and is 503 while commands are not taken', async () => {
    expect((await world.get('/health')).json).toMatchObject({
      ok: true,
      ready: true,
      version: '0.0.0-test',
      problems: [],
    });
    ready = false;
    const sick = await world.get('/health');
    expect([sick.status, sick.json.ok]).toEqual([503, false]);
    ready = true;
  });
});

describe('/metrics', () => {
  it('counts commands by outcome and events by type, and never lets a client choose a label', async () => {
    const other = await openHttpWorld();
    const key = { ...as(other.operatorToken), 'idempotency-key': 'k' };
    await other.post('/api/commands/pause_fleet', {}, key);
    await other.post('/api/commands/pause_fleet', {}, key);
    await other.post('/api/commands/pause_workflow', { workflowId: 'wfl_none' });
    await other.bus.execute({ name: 'x"} 1\nevil', input: {}, principal: { role: 'operator', id: 'operator' } });
    const { text, headers } = await other.get('/metrics');
    expect(headers.get('content-type')).toContain('text/plain');
    for (const line of [
      'heph_commands_total{command="pause_fleet",outcome="accepted"} 1',
      'heph_commands_total{command="pause_fleet",outcome="repeated"} 1',
      'heph_commands_total{command="pause_workflow",outcome="workflow.not_open"} 1',
      'heph_commands_total{command="unknown",outcome="command.unknown"} 1',
      'heph_events_appended_total{type="FleetPaused"} 1',
      'heph_queue_length 1',
      'heph_agents{state="working"} 1',
      'heph_agent_warnings{warning="loops"} 2',
      'heph_coherence 0.75',
    ])
      expect(text).toContain(line);
    expect(text).toMatch(/^heph_event_loop_lag_seconds \d/m);
    expect(text).toMatch(/^heph_resident_bytes \d{6,}/m);
    expect(text).not.toContain('evil');
    expect((await other.get('/metrics')).text).toContain('{command="pause_fleet",outcome="accepted"} 1');
    await other.close();
  });
});

describe('a port', () => {
  it('that is taken is a fault with its own code', async () => {
    await expect(openHttpWorld({ port: world.port })).rejects.toMatchObject({ code: 'server.port_in_use' });
  });
});

describe('a query that an agent may not ask', () => {
  it('is refused, and the attempt is recorded', async () => {
    const queries = testQueries();
    const other = await openHttpWorld({ queries });
    const reply = await other.post('/api/queries/get_secrets', {}, as(other.agentToken));
    expect([reply.status, reply.json.error?.code]).toEqual([403, 'auth.role']);
    expect((await other.events()).at(-1)).toMatchObject({
      type: 'AccessDenied',
      data: { what: 'get_secrets', code: 'auth.role' },
    });
    await other.close();
  });
});
