import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startCuttingProxy } from '../../../tests/support/cutting-proxy.ts';
import { as, type HttpWorld, openHttpWorld } from '../../../tests/support/http-world.ts';
import { seeded } from '../../../tests/support/seeded.ts';
import type { NewEvent } from '../../store/event-store.ts';
import { type ConnectionState, connectStream, type Dial, type SocketLike, StreamError } from './index.ts';

let world: HttpWorld;
beforeAll(async () => {
  world = await openHttpWorld();
});
afterAll(() => world.close());

const dialTo =
  (url: string, token = world.operatorToken): Dial =>
  () =>
    new WebSocket(`${url.replace('http', 'ws')}/api/stream`, {
      perMessageDeflate: false,
      headers: { ...as(token), host: `127.0.0.1:${world.port}` },
    }) as unknown as SocketLike;

let made = 0;
function note(text: string): NewEvent {
  const id = `evt_${String(made++).padStart(26, '0')}`;
  return { id, type: 'Noted', v: 1, at: 1, data: { text }, meta: { actor: 'operator', correlationId: id } };
}

/** Resolves when `look` says so; asked whenever `changed` is called. */
function signal() {
  const looks = new Set<() => void>();
  return {
    changed: () => looks.forEach((look) => look()),
    until: (enough: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!enough()) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
      }),
  };
}

describe('a follower over a network that breaks', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'is told of every event once and in order, wherever the connection is cut (seed %i)',
    async (seed) => {
      const random = seeded(seed);
      const start = await world.store.head();
      // The first ones break in the handshake or in the middle of a message, later ones come further.
      let opened = 0;
      const proxy = await startCuttingProxy(world.url, () =>
        Math.floor(random() * 400 * 1.35 ** Math.min(opened++, 40)),
      );
      const { changed, until } = signal();
      const got: string[] = [];
      const repeated: string[] = [];
      const seen = new Set<string>();
      const client = connectStream({ dial: dialTo(proxy.url), backoffMs: 1, random });
      const follower = client.events({
        stream: `note-s${seed}`,
        after: String(start),
        onEvents(events) {
          for (const { id } of events) {
            if (seen.has(id)) repeated.push(id);
            seen.add(id);
            got.push(id);
          }
          changed();
        },
      });
      const published: string[] = [];
      for (let n = 0; n < 60; n++) {
        const batch = Array.from({ length: 1 + Math.floor(random() * 4) }, () => note('x'.repeat(random() * 800)));
        await world.store.append(`note-s${seed}`, 'any', batch);
        published.push(...batch.map(({ id }) => id));
        // As fast as it goes, and now and then as slow as the follower.
        if (random() < 0.3) await until(() => got.length === published.length);
      }
      await until(() => got.length >= published.length);
      expect(repeated).toEqual([]);
      expect(got).toEqual(published);
      expect(proxy.cuts()).toBeGreaterThan(5);
      expect(BigInt(follower.position() ?? 0)).toBeGreaterThan(start);
      client.close();
      await proxy.close();
    },
  );

  it('sends a command until it is answered, and it happens once', async () => {
    const random = seeded(99);
    const other = await openHttpWorld();
    let opened = 0;
    const proxy = await startCuttingProxy(other.url, () => Math.floor(random() * 350 * 1.2 ** Math.min(opened++, 40)));
    const dial: Dial = () =>
      new WebSocket(`${proxy.url.replace('http', 'ws')}/api/stream`, {
        headers: { ...as(other.operatorToken), host: `127.0.0.1:${other.port}` },
      }) as unknown as SocketLike;
    const client = connectStream({ dial, backoffMs: 1, random });
    const before = (await other.events()).length;
    for (let n = 0; n < 10; n++) {
      const { events } = await client.command(n % 2 === 0 ? 'pause_fleet' : 'resume_fleet', {});
      expect(events).toHaveLength(1);
    }
    expect((await other.events()).length).toBe(before + 10);
    expect(proxy.cuts()).toBeGreaterThan(3);
    client.close();
    await proxy.close();
    await other.close();
  });
});

describe('a client', () => {
  it('says how it is with the server, and goes on when the server is there again', async () => {
    const states: ConnectionState[] = [];
    const { changed, until } = signal();
    let refuse = false;
    const sockets: SocketLike[] = [];
    const client = connectStream({
      async dial() {
        if (refuse) throw new Error('nobody there');
        const socket = await dialTo(world.url)();
        sockets.push(socket);
        return socket;
      },
      backoffMs: 1,
      onState(state) {
        states.push(state);
        changed();
      },
    });
    const opens = () => states.filter(({ status }) => status === 'open').length;
    await until(() => opens() === 1);
    refuse = true;
    (sockets[0] as unknown as WebSocket).terminate();
    await until(() => states.filter(({ status }) => status === 'waiting').length >= 3);
    refuse = false;
    await until(() => opens() === 2);
    expect(states.find(({ status }) => status === 'waiting')?.reason).toBe('the connection was cut');
    expect(states.filter(({ status }) => status === 'waiting').at(-1)?.reason).toBe('nobody there');
    client.close();
    expect(states.at(-1)).toEqual({ status: 'closed' });
  });

  it('gives up what cannot be, and nothing else', async () => {
    const client = connectStream({ dial: dialTo(world.url) });
    const refused = new Promise<StreamError>((resolve) =>
      client.events({ after: '999999999', onEvents() {}, onEnd: resolve }),
    );
    expect(await refused).toMatchObject({ code: 'position.ahead', kind: 'invalid' });
    await expect(client.command('boost_task', {})).rejects.toMatchObject({ code: 'input.invalid' });
    await new Promise<void>((resolve) => client.events({ onEvents() {}, onCaughtUp: () => resolve() }));
    client.close();
    await expect(client.command('pause_fleet', {})).rejects.toBeInstanceOf(StreamError);
  });

  it('ends when its token is known no more', async () => {
    const other = await openHttpWorld();
    const dial: Dial = () =>
      new WebSocket(`${other.url.replace('http', 'ws')}/api/stream`, {
        headers: as(other.agentToken),
      }) as unknown as SocketLike;
    const client = connectStream({ dial, backoffMs: 1 });
    const { promise, resolve } = Promise.withResolvers<StreamError>();
    await new Promise<void>((caughtUp) =>
      client.events({ onEvents() {}, onCaughtUp: () => caughtUp(), onEnd: resolve }),
    );
    other.endAgent();
    await expect(client.command('report_progress', { taskId: other.taskId, message: 'x' })).rejects.toMatchObject({
      code: 'auth.unknown_token',
    });
    expect((await promise).code).toBe('auth.unknown_token');
    await other.close();
  });
});
