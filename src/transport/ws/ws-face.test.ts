import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { as, type HttpWorld, LOG_ID, openHttpWorld } from '../../../tests/support/http-world.ts';
import { type Dial, eventsOf, openSocket, type StreamSocket } from '../../../tests/support/stream-socket.ts';
import type { NewEvent } from '../../store/event-store.ts';
import { CLOSE, HEARTBEAT_MS, LIMITS } from './protocol.ts';

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

let made = 0;
function note(scope: NewEvent['meta']['scope'] = {}, type = 'Noted'): NewEvent {
  const id = `evt_${String(made++).padStart(26, '0')}`;
  return { id, type, v: 1, at: 1, data: { made }, meta: { actor: 'operator', correlationId: id, scope } };
}

const publish = (stream: string, events: NewEvent[] = [note()]) => world.store.append(stream, 'any', events);

describe('a follower of events', () => {
  it('is told of everything from the start, once and in order, then that it has caught up, then of what happens', async () => {
    const before = await world.events();
    const socket = await dial();
    socket.send({ type: 'subscribe_events', id: 'a', after: 'start' });
    expect(await socket.next('subscribed')).toMatchObject({ id: 'a', after: '0' });
    const { position } = await socket.next('caught_up');
    expect(position).toBe(String(before.at(-1)?.position));
    expect(eventsOf(socket, 'a').map((event) => event.id)).toEqual(before.map((event) => event.id));
    await publish('note-one', [note(), note()]);
    await socket.until(() => eventsOf(socket, 'a').length === before.length + 2);
    const positions = eventsOf(socket, 'a').map((event) => BigInt(event.position));
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
    expect(eventsOf(socket, 'a').at(-1)?.text).toEqual(expect.any(String));
  });

  it('begins where it says: behind a position, or now', async () => {
    const { position } = await publish('note-two');
    const after = await publish('note-two');
    const socket = await dial();
    socket.send({ type: 'subscribe_events', id: 'after', after: String(position), logId: LOG_ID });
    socket.send({ type: 'subscribe_events', id: 'now' });
    await socket.next('caught_up', ({ id }) => id === 'now');
    await publish('note-two');
    await socket.until(() => eventsOf(socket, 'now').length === 1 && eventsOf(socket, 'after').length === 2);
    expect(eventsOf(socket, 'after')[0]?.position).toBe(String(after.position));
  });

  it.each([
    ['a stream', { stream: 'note-three' }, ['note-three/A', 'note-three/B']],
    ['a category', { category: 'note' }, ['note-three/A', 'note-three2/A', 'note-three/B']],
    ['types', { types: ['B'] }, ['note-three/B']],
    ['a workflow', { workflowId: `wfl_${'7'.repeat(26)}` }, ['other-x/A']],
  ])('is told of %s only', async (_what, selection, expected) => {
    const socket = await dial();
    socket.send({ type: 'subscribe_events', id: 'narrow', after: 'now', ...selection });
    socket.send({ type: 'subscribe_events', id: 'all', after: 'now' });
    await socket.next('caught_up', ({ id }) => id === 'all');
    await publish('note-three', [note({}, 'A')]);
    await publish('note-three2', [note({}, 'A')]);
    await publish('other-x', [note({ workflowId: `wfl_${'7'.repeat(26)}` }, 'A')]);
    await publish('note-three', [note({}, 'B')]);
    await socket.until(() => eventsOf(socket, 'all').length === 4);
    expect(eventsOf(socket, 'narrow').map(({ stream, type }) => `${stream}/${type}`)).toEqual(expected);
  });

  it('is refused a position that the log has not, and one of another log', async () => {
    const socket = await dial();
    socket.send({ type: 'subscribe_events', id: 'ahead', after: '99999999' });
    expect((await socket.next('error')).error.code).toBe('position.ahead');
    socket.send({ type: 'subscribe_events', id: 'other', after: '1', logId: 'log_other' });
    expect((await socket.next('error')).error).toMatchObject({
      code: 'stream.resume_too_old',
      details: { logId: LOG_ID },
    });
    socket.send({ type: 'subscribe_events', id: 'ahead', after: 'now' });
    await socket.next('subscribed', ({ id }) => id === 'ahead');
  });

  it('is told nothing more after it has unsubscribed, while others on the same socket are', async () => {
    const socket = await dial();
    for (const id of ['gone', 'stays']) socket.send({ type: 'subscribe_events', id });
    await socket.next('caught_up', ({ id }) => id === 'stays');
    socket.send({ type: 'unsubscribe', id: 'gone' });
    expect(await socket.next('unsubscribed')).toEqual({ type: 'unsubscribed', id: 'gone' });
    await publish('note-four');
    await socket.until(() => eventsOf(socket, 'stays').length === 1);
    expect(eventsOf(socket, 'gone')).toEqual([]);
  });
});

describe('an agent', () => {
  it('is told of its own task and nothing else', async () => {
    const socket = await dial({ headers: as(world.agentToken) });
    const operator = await dial();
    socket.send({ type: 'subscribe_events', id: 'mine', after: 'now' });
    operator.send({ type: 'subscribe_events', id: 'all', after: 'now' });
    await socket.next('caught_up');
    await operator.next('caught_up');
    const { taskId, workflowId } = world;
    await publish('note-agent', [
      note({ taskId, workflowId }),
      note({ taskId: 'tsk_other', workflowId }),
      note({ workflowId }),
      note(),
      note({ taskId, workflowId }, 'Last'),
    ]);
    await socket.until(() => eventsOf(socket, 'mine').at(-1)?.type === 'Last');
    expect(eventsOf(socket, 'mine').map(({ meta }) => (meta.scope as { taskId: string }).taskId)).toEqual([
      taskId,
      taskId,
    ]);
    await operator.until(() => eventsOf(operator, 'all').length === 5);
  });

  it('is refused another task and another workflow, and the attempt is recorded', async () => {
    const other = await openHttpWorld();
    const socket = await openSocket({ url: other.url, headers: as(other.agentToken) });
    const strange = { taskId: `tsk_${'0'.repeat(26)}`, workflowId: `wfl_${'0'.repeat(26)}` };
    socket.send({ type: 'subscribe_events', id: '1', taskId: strange.taskId });
    socket.send({ type: 'subscribe_events', id: '2', workflowId: strange.workflowId });
    for (const id of ['1', '2']) {
      const refusal = await socket.next('error', (message) => message.id === id);
      expect(refusal.error.code).toBe('auth.not_yours');
    }
    const denials = (await other.events()).filter(({ type }) => type === 'AccessDenied');
    expect(denials.map(({ data }) => [data.what, data.code])).toEqual(Array(2).fill(['subscribe', 'auth.not_yours']));
    await other.close();
  });

  it('loses its socket when it has ended', async () => {
    const other = await openHttpWorld();
    const socket = await openSocket({ url: other.url, headers: as(other.agentToken) });
    socket.send({ type: 'subscribe_events', id: 'mine', after: 'now' });
    await socket.next('caught_up');
    other.endAgent();
    const { taskId, workflowId } = other;
    await other.store.append('note-x', 'any', [note({ taskId, workflowId })]);
    expect(await socket.closed).toEqual({ code: CLOSE.unknownToken, reason: '{"code":"auth.unknown_token"}' });
    expect(eventsOf(socket, 'mine')).toEqual([]);
    await expect(openSocket({ url: other.url, headers: as(other.agentToken) })).rejects.toThrow('401');
    await other.close();
  });

  it('may not have more than a few sockets', async () => {
    const headers = as(world.agentToken);
    const sockets = await Promise.all(Array.from({ length: LIMITS.socketsPerAgent }, () => dial({ headers })));
    await expect(openSocket({ url: world.url, headers })).rejects.toThrow('429');
    await sockets[0]?.close();
    await dial({ headers });
  });
});

describe('a message with a mistake', () => {
  it.each([
    ['not JSON', '{', 'input.not_json', null],
    ['half a character', '"\\ud800"', 'input.invalid', null],
    ['no object', '[]', 'input.invalid', null],
    ['no type', '{"id":"x"}', 'input.invalid', 'x'],
    ['an unknown type', '{"type":"obey","id":"x"}', 'input.invalid', 'x'],
    ['a field too many', '{"type":"unsubscribe","id":"x","y":1}', 'input.invalid', 'x'],
    ['an id that is none', '{"type":"subscribe_events","id":"a b"}', 'input.invalid', 'a b'],
    ['a position that is none', '{"type":"subscribe_events","id":"x","after":"-1"}', 'input.invalid', 'x'],
    ['a prototype', '{"type":"unsubscribe","id":"x","__proto__":{}}', 'input.invalid', null],
    ['deep nesting', '['.repeat(5000), 'input.too_large', null],
    ['an unknown subscription', '{"type":"unsubscribe","id":"x"}', 'input.invalid', 'x'],
  ])('%s is answered with an error, and nothing else happens', async (_what, text, code, id) => {
    const socket = await dial();
    socket.raw(text);
    expect(await socket.next('error')).toMatchObject({ id, error: { code } });
    socket.send({ type: 'subscribe_events', id: 'x' });
    await socket.next('caught_up');
    expect(socket.all.map(({ type }) => type)).toEqual(['welcome', 'error', 'subscribed', 'caught_up']);
  });

  it('in bytes instead of text is an error, too', async () => {
    const socket = await dial();
    socket.raw(Buffer.from('{"type":"unsubscribe","id":"x"}'));
    expect((await socket.next('error')).error.code).toBe('input.not_json');
  });

  it('that is larger than a megabyte ends the socket, and nothing else', async () => {
    const socket = await dial();
    const other = await dial();
    socket.raw(`"${'x'.repeat(LIMITS.messageBytes)}"`);
    expect((await socket.closed).code).toBe(1009);
    other.send({ type: 'subscribe_events', id: 'x' });
    await other.next('caught_up');
  });

  it('that is no frame at all ends the socket, and nothing else', async () => {
    const socket = await dial();
    const other = await dial();
    (socket.ws as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(Buffer.alloc(64, 0xff));
    expect((await socket.closed).code).toBe(1002);
    other.send({ type: 'subscribe_events', id: 'x' });
    await other.next('caught_up');
  });

  it('cannot name a subscription twice, nor have more of them than there may be', async () => {
    const socket = await dial();
    for (let n = 0; n < LIMITS.subscriptionsPerSocket; n++) {
      socket.send({ type: 'subscribe_events', id: `s${n}` });
      await socket.next('caught_up');
    }
    socket.send({ type: 'subscribe_events', id: 's0' });
    expect((await socket.next('error')).error.code).toBe('input.invalid');
    socket.send({ type: 'subscribe_events', id: 'more' });
    expect((await socket.next('error')).error.code).toBe('stream.too_many');
    socket.send({ type: 'unsubscribe', id: 's0' });
    socket.send({ type: 'subscribe_events', id: 'more' });
    await socket.next('caught_up', ({ id }) => id === 'more');
  });
});

describe('a command on the socket', () => {
  it('is answered with its position, once per idempotency key, and refused as over REST', async () => {
    const other = await openHttpWorld();
    const socket = await openSocket({ url: other.url, headers: as(other.operatorToken) });
    socket.send({ type: 'command', id: 'c1', name: 'pause_fleet', input: {}, idempotencyKey: 'k' });
    const { result } = await socket.next('answer');
    expect(result).toMatchObject({ ok: true, command: 'pause_fleet', events: ['FleetPaused'], repeated: false });
    expect(result.position).toBe(String((await other.events()).at(-1)?.position));
    socket.send({ type: 'command', id: 'c2', name: 'pause_fleet', input: {}, idempotencyKey: 'k' });
    expect((await socket.next('answer')).result).toMatchObject({ repeated: true, position: result.position });
    for (const [name, code] of [
      ['nonsense', 'command.unknown'],
      ['record_start', 'command.unknown'],
      ['boost_task', 'input.invalid'],
    ] as const) {
      socket.send({ type: 'command', id: name, name, input: {} });
      expect(await socket.next('error')).toMatchObject({ id: name, error: { code } });
    }
    await other.close();
  });

  it('is an agent’s as far as its phase allows, and may not name another agent', async () => {
    const other = await openHttpWorld({ allowedTools: ['report_progress'] });
    const socket = await openSocket({ url: other.url, headers: as(other.agentToken) });
    const input = { taskId: other.taskId, message: 'half' };
    socket.send({ type: 'command', id: '1', name: 'report_progress', input });
    await socket.next('answer');
    socket.send({ type: 'command', id: '2', name: 'report_usage', input: { taskId: other.taskId } });
    expect((await socket.next('error')).error.code).toBe('auth.tool_not_allowed');
    const agentId = 'agt_01k00000000000000000000001';
    socket.send({ type: 'command', id: '3', name: 'report_progress', input: { ...input, agentId } });
    expect((await socket.next('error')).error.code).toBe('auth.impersonation');
    await other.close();
  });

  it('is counted against an agent’s rate', async () => {
    const other = await openHttpWorld({ rate: { perSecond: 1, burst: 2 } });
    const socket = await openSocket({ url: other.url, headers: as(other.agentToken) });
    for (let n = 0; n < 3; n++) socket.send({ type: 'subscribe_events', id: `s${n}` });
    expect(await socket.next('error')).toMatchObject({ id: 's2', error: { code: 'rate.limited' } });
    await other.close();
  });
});

describe('heartbeats', () => {
  it('tell how far everything was sent, and find a peer that is gone', async () => {
    const other = await openHttpWorld();
    const dialled = async () => openSocket({ url: other.url, headers: as(other.operatorToken) });
    const [good, dead] = [await dialled(), await dialled()];
    dead.ws.pause();
    good.send({ type: 'subscribe_events', id: 'x', types: ['Never'] });
    await good.next('caught_up');
    const { position } = await other.store.append('note-x', 'any', [note()]);
    for (let n = 0; n < 4; n++) {
      const pinged = new Promise((resolve) => good.ws.once('ping', resolve));
      other.clock.advance(HEARTBEAT_MS);
      await good.next('heartbeat', (beat) => n === 0 || beat.position === String(position));
      await pinged;
      // The pong is on its way before this is answered.
      good.send({ type: 'unsubscribe', id: 'none' });
      await good.next('error');
    }
    dead.ws.resume();
    expect((await dead.closed).code).toBe(1006);
    good.send({ type: 'subscribe_events', id: 'y' });
    await good.next('caught_up');
    await other.close();
  });
});

describe('a server that closes', () => {
  it('tells its clients to come again', async () => {
    const other = await openHttpWorld();
    const socket = await openSocket({ url: other.url, headers: as(other.operatorToken) });
    await socket.next('welcome');
    await other.close();
    expect(await socket.closed).toEqual({ code: CLOSE.goingAway, reason: '{"code":"server.stopping"}' });
  });
});
