import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startCuttingProxy } from '../../../tests/support/cutting-proxy.ts';
import { as, type HttpWorld, openHttpWorld } from '../../../tests/support/http-world.ts';
import { seeded } from '../../../tests/support/seeded.ts';
import { openSocket, type StreamSocket } from '../../../tests/support/stream-socket.ts';
import { connectStream, type Dial, type SocketLike } from '../stream-client/index.ts';

let world: HttpWorld;
beforeAll(async () => {
  world = await openHttpWorld();
});
afterAll(() => world.close());

const dial = (token = world.operatorToken) => openSocket({ url: world.url, headers: as(token) });
const rowsOf = (message: { rows: Record<string, unknown> }) => Object.keys(message.rows);

async function createTask(title: string): Promise<{ taskId: string; position: string }> {
  const input = { workflowId: world.workflowId, phase: 'fix', title };
  const { json } = await world.post('/api/commands/create_task', input);
  const { id, position } = json as unknown as { id: string; position: string };
  return { taskId: id, position };
}

describe('a follower of a view', () => {
  it('has all of it, then each change by its row, with its position', async () => {
    const socket = await dial();
    socket.send({ type: 'subscribe_view', id: 'q', view: 'queue' });
    const snapshot = await socket.next('snapshot');
    expect(rowsOf(snapshot)).toContain(world.taskId);
    const { taskId, position } = await createTask('Another');
    const delta = await socket.next('delta', (message) => taskId in message.rows);
    expect(rowsOf(delta)).toEqual([taskId]);
    expect(BigInt(delta.position)).toBeGreaterThanOrEqual(BigInt(position));
    await world.post('/api/commands/cancel_task', { taskId });
    const removed = await socket.next('delta', (message) => message.removed.length > 0);
    expect(removed.removed).toEqual([taskId]);
    await socket.close();
  });

  it('reads what it wrote, on the same socket, also where that changes nothing in the view', async () => {
    const socket = await dial();
    socket.send({ type: 'subscribe_view', id: 'w', view: 'queue', params: { workflowId: `wfl_${'0'.repeat(26)}` } });
    await socket.next('snapshot');
    const input = { workflowId: world.workflowId, phase: 'fix', title: 'Elsewhere' };
    socket.send({ type: 'command', id: 'c', name: 'create_task', input });
    const { result } = await socket.next('answer');
    socket.send({ type: 'reach', id: 'r', subscription: 'w', position: result.position });
    const { position } = await socket.next('reached');
    expect(BigInt(position)).toBeGreaterThanOrEqual(BigInt(result.position));
    const until = result.position;
    socket.send({ type: 'subscribe_view', id: 'u', view: 'queue', until });
    const snapshot = await socket.next('snapshot', ({ id }) => id === 'u');
    expect(rowsOf(snapshot)).toContain(result.id);
    await socket.close();
  });

  it('is refused what is no view, has other parameters, or is ahead', async () => {
    const socket = await dial();
    const asked = [
      [{ view: 'nothing' }, 'query.unknown'],
      [{ view: 'queue', params: { colour: 'red' } }, 'input.invalid'],
      [{ view: 'queue', params: { workflowId: 'wfl_zz' } }, 'id.unknown'],
      [{ view: 'queue', until: '99999999' }, 'position.ahead'],
    ] as const;
    for (const [request, code] of asked) {
      socket.send({ type: 'subscribe_view', id: 'v', ...request });
      expect(await socket.next('error')).toMatchObject({ id: 'v', error: { code } });
    }
    socket.send({ type: 'reach', id: 'r', subscription: 'v', position: '1' });
    expect((await socket.next('error')).error.code).toBe('input.invalid');
    socket.send({ type: 'subscribe_view', id: 'v', view: 'queue' });
    await socket.next('snapshot');
    socket.send({ type: 'reach', id: 'r', subscription: 'v', position: '99999999' });
    expect(await socket.next('error')).toMatchObject({ id: 'r', error: { code: 'position.ahead' } });
    // One that waits for a view that does not come about is answered, too.
    socket.send({ type: 'subscribe_view', id: 'x', view: 'nothing' });
    socket.send({ type: 'reach', id: 'rx', subscription: 'x', position: '1' });
    await socket.next('error', ({ id }) => id === 'rx');
    await socket.close();
  });

  it('is no agent', async () => {
    const socket = await dial(world.agentToken);
    socket.send({ type: 'subscribe_view', id: 'v', view: 'queue' });
    expect((await socket.next('error')).error.code).toBe('auth.role');
    socket.send({ type: 'subscribe_terminal', id: 't', agentId: world.agentId });
    expect((await socket.next('error')).error.code).toBe('auth.role');
    await socket.close();
  });

  it('that does not read for a while is given what is, not what was, and is never too slow', async () => {
    const socket = await dial();
    socket.send({ type: 'subscribe_view', id: 'q', view: 'timeline', params: { limit: 1000 } });
    await socket.next('snapshot');
    socket.ws.pause();
    for (let n = 0; n < 30; n++) await createTask(`Task ${n} ${'x'.repeat(150)}`);
    const { position } = await createTask('The last one');
    socket.send({ type: 'reach', id: 'r', subscription: 'q', position });
    socket.ws.resume();
    await socket.next('reached');
    const rows = new Set<string>();
    for (const message of socket.all) {
      if (message.type === 'snapshot') for (const key of rowsOf(message)) rows.add(key);
      if (message.type !== 'delta') continue;
      for (const key of message.removed) rows.delete(key);
      for (const key of rowsOf(message)) rows.add(key);
    }
    const { json } = await world.get(`/api/views/timeline?limit=1000&until=${position}`);
    expect(json.ok).toBe(true);
    const events = await world.events();
    expect(rows).toEqual(new Set(events.map(({ stream, revision }) => `${stream}@${revision}`)));
    await socket.close();
  });
});

describe('the client’s copy of a view', () => {
  it('is the view, over a network that breaks, and shows each command once its answer is there', async () => {
    const random = seeded(7);
    let opened = 0;
    const proxy = await startCuttingProxy(world.url, () => Math.floor(random() * 3000 * 1.3 ** Math.min(opened++, 40)));
    const through: Dial = () =>
      new WebSocket(`${proxy.url.replace('http', 'ws')}/api/stream`, {
        headers: { ...as(world.operatorToken), host: `127.0.0.1:${world.port}` },
      }) as unknown as SocketLike;
    const client = connectStream({ dial: through, backoffMs: 1, random });
    const queue = client.view({ view: 'queue' });
    const rows = () => queue.cache.getSnapshot().context.rows;
    for (let n = 0; n < 12; n++) {
      const input = { workflowId: world.workflowId, phase: 'fix', title: `Broken ${n}` };
      const { id, position } = await client.command('create_task', input);
      await queue.reached(position);
      expect(rows()[id]?.row.title).toBe(`Broken ${n}`);
    }
    expect(proxy.cuts()).toBeGreaterThan(2);
    client.close();
    expect(queue.cache.getSnapshot().context.status).toBe('ended');
    await expect(queue.reached('99999')).rejects.toMatchObject({ code: 'server.unreachable' });
    await proxy.close();
  });
});

describe('a follower of a terminal', () => {
  const transcript = Buffer.from(Array.from({ length: 400_000 }, (_, n) => (n * 31) % 251));
  const oldest = 1_000;

  /** A terminal that has printed so far, and prints the rest when asked to wait. */
  async function terminalWorld() {
    let printed = 300_000;
    const other = await openHttpWorld({
      async readTerminal({ agentId, cursor, bytesMax, waitMs = 0 }) {
        const from = Math.max(cursor, oldest);
        if (from >= printed && waitMs > 0) printed = Math.min(transcript.length, printed + 50_000);
        const data = transcript.subarray(from, Math.min(printed, from + bytesMax));
        const ended = printed === transcript.length && from + data.length === printed;
        const nextCursor = from + data.length;
        return { agentId, cursor: from, nextCursor, data: data.toString('base64'), ended, droppedBefore: oldest };
      },
    });
    return other;
  }

  const bytesOf = (socket: StreamSocket) => Buffer.concat(socket.binary.map((part) => part.subarray(12)));

  it('gets its bytes from the oldest on, each with its cursor, until it has ended', async () => {
    const other = await terminalWorld();
    const socket = await openSocket({ url: other.url, headers: as(other.operatorToken) });
    socket.send({ type: 'subscribe_terminal', id: 't', agentId: other.agentId });
    const { handle, cursor } = await socket.next('subscribed');
    expect(cursor).toBe(oldest);
    expect(await socket.next('unsubscribed')).toEqual({ type: 'unsubscribed', id: 't' });
    expect(bytesOf(socket).equals(transcript.subarray(oldest))).toBe(true);
    let at = oldest;
    for (const part of socket.binary) {
      expect([part.readUInt32BE(0), Number(part.readBigUInt64BE(4))]).toEqual([handle, at]);
      at += part.length - 12;
    }
    await other.close();
  });

  it('is told when the bytes it wants are gone, and whose terminal there is none of', async () => {
    const other = await terminalWorld();
    const socket = await openSocket({ url: other.url, headers: as(other.operatorToken) });
    socket.send({ type: 'subscribe_terminal', id: 't', agentId: other.agentId, cursor: 3 });
    expect((await socket.next('error')).error).toMatchObject({ code: 'stream.resume_too_old', details: { oldest } });
    socket.send({ type: 'subscribe_terminal', id: 't', agentId: `agt_${'0'.repeat(26)}` });
    expect((await socket.next('error')).error.code).toBe('id.unknown');
    await other.close();
  });

  it('goes on at the byte where the connection broke', async () => {
    const other = await terminalWorld();
    const random = seeded(3);
    let opened = 0;
    const proxy = await startCuttingProxy(other.url, () =>
      Math.floor(random() * 40_000 * 1.3 ** Math.min(opened++, 40)),
    );
    const through: Dial = () =>
      new WebSocket(`${proxy.url.replace('http', 'ws')}/api/stream`, {
        headers: { ...as(other.operatorToken), host: `127.0.0.1:${other.port}` },
      }) as unknown as SocketLike;
    const client = connectStream({ dial: through, backoffMs: 1, random });
    const got: Uint8Array[] = [];
    let at = oldest;
    await new Promise<void>((resolve) =>
      client.terminal({
        agentId: other.agentId,
        onBytes(bytes, cursor) {
          expect(cursor).toBe(at);
          at += bytes.length;
          got.push(Uint8Array.from(bytes));
        },
        onEnd: () => resolve(),
      }),
    );
    expect(Buffer.concat(got).equals(transcript.subarray(oldest))).toBe(true);
    expect(proxy.cuts()).toBeGreaterThan(1);
    client.close();
    await proxy.close();
    await other.close();
  });
});
