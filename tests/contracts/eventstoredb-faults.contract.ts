import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { type EventStoreDb, openEventStoreDb } from '../../src/store/adapters/eventstoredb.ts';
import { TOMBSTONE_TYPE } from '../../src/store/stream-metadata.ts';
import { urlOf } from '../support/esdb-contract.ts';
import type { Fault } from '../support/esdb-server/faults.ts';
import { type EsdbServer, startEsdbServer } from '../support/esdb-server/server.ts';
import type { Client } from '../support/esdb-server/stubs.ts';
import { all, event, idsOf } from './event-store.contract.ts';

// Short, so that a stall costs a test little; nothing here depends on how long it takes.
const TIMES = { callMs: 400, giveUpMs: 15_000 };
const IMPATIENT = { callMs: 150, giveUpMs: 300 };

/** What the adapter makes of a server and a wire that fail. Each test counts the faults that struck. */
export function eventStoreDbFaults(client: Client): void {
  let server: EsdbServer;
  let stores: EventStoreDb[] = [];
  beforeEach(async () => {
    server = await startEsdbServer({ client });
  });
  afterEach(async () => {
    server.link.flow();
    await Promise.all(stores.map((store) => store.close()));
    stores = [];
    await server.close();
  });

  async function open(times = TIMES, on = server): Promise<EventStoreDb> {
    const store = await openEventStoreDb({ url: urlOf(client, on.port), clock: systemClock, times });
    stores.push(store);
    return store;
  }

  const written = (stream: string) => server.log.events.filter((one) => one.stream === `heph.${stream}`).length;

  describe(`an append by ${client}`, () => {
    const passing: [string, Fault][] = [
      ['whose answer is lost with the connection', { kind: 'drop_after' }],
      ['that is lost with the connection', { kind: 'drop' }],
      ['that is never answered and was not done', { kind: 'stall' }],
      ['that is never answered and was done', { kind: 'stall_after' }],
      ['that the server could not do in time', { kind: 'error', exception: 'timeout', code: status.ABORTED }],
    ];
    it.each(passing)('%s is written once, and is no repetition', async (_name, fault) => {
      const store = await open();
      await store.append('task-a', 'no_stream', [event('e0')]);
      server.faults.plan('append', fault);
      const appended = await store.append('task-a', 0, [event('e1'), event('e2')]);
      expect(appended).toMatchObject({ revision: 2, repeated: false, position: await store.head() });
      expect(server.faults.struck()).toBe(1);
      expect(written('task-a')).toBe(3);
    });

    it('loses none and doubles none of many when connections are cut among them', async () => {
      const store = await open();
      server.faults.plan('append', { kind: 'drop_after' }, { kind: 'drop' }, { kind: 'drop_after' });
      // More than a client's stream takes at once: what waits inside it would be lost where nobody can catch it.
      const ids = Array.from({ length: 200 }, (_, n) => `e${n}`);
      await Promise.all(ids.map((id, n) => store.append(`task-s${n}`, 'no_stream', [event(id)])));
      expect(server.faults.struck()).toBe(3);
      expect((await idsOf(store.readAll())).sort()).toEqual([...ids].sort());
    });

    it('tells that it is not known what became of it when nobody answers, and can be repeated', async () => {
      const store = await open(IMPATIENT);
      server.faults.plan('append', ...Array<Fault>(20).fill({ kind: 'stall_after' }));
      const appending = store.append('task-a', 'no_stream', [event('e1')]);
      await expect(appending).rejects.toMatchObject({ kind: 'fault', code: 'log.timeout', retryable: true });
      const struck = server.faults.struck();
      expect(struck).toBeGreaterThan(0);
      while (server.faults.next('append')) continue;
      const patient = await open();
      expect(await patient.append('task-a', 'no_stream', [event('e1')])).toMatchObject({ revision: 0, repeated: true });
      expect(written('task-a')).toBe(1);
    });

    it('is refused for good when the server denies it, and when the stream has ended', async () => {
      const store = await open();
      server.faults.plan('append', { kind: 'error', exception: 'access-denied' });
      const refused = { kind: 'fault', code: 'log.refused', retryable: false };
      await expect(store.append('task-a', 'any', [event('e1')])).rejects.toMatchObject(refused);
      expect(written('task-a')).toBe(0);
      server.log.tombstone('heph.task-a', 'any');
      const ended = { kind: 'fault', code: 'log.stream_deleted', retryable: false };
      await expect(store.append('task-a', 'any', [event('e1')])).rejects.toMatchObject(ended);
      await expect(all(store.readStream('task-a'))).rejects.toMatchObject(ended);
    });

    it('waits while nothing passes, and is written once', async () => {
      const store = await open();
      server.link.clog();
      const appending = store.append('task-a', 'no_stream', [event('e1')]);
      // The first try has taken too long when another connection is sought.
      await server.link.nextConnection();
      server.link.flow();
      expect(await appending).toMatchObject({ revision: 0, repeated: false });
      expect(written('task-a')).toBe(1);
    });
  });

  describe(`a deletion by ${client}`, () => {
    const kinds = ['drop', 'drop_after', 'stall', 'stall_after'] as const;
    it.each(kinds)('and a tombstone take effect when their answers are lost: %s', async (kind) => {
      const store = await open();
      await store.append('task-a', 'no_stream', [event('e0')]);
      server.faults.plan('delete', { kind });
      await store.deleteStream('task-a', 0);
      expect(await all(store.readStream('task-a'))).toEqual([]);
      server.faults.plan('delete', { kind });
      const position = await store.tombstoneStream('task-a', 0);
      await expect(all(store.readStream('task-a'))).rejects.toMatchObject({ code: 'log.stream_deleted' });
      expect(position).toBe(await store.head());
      expect(server.faults.struck()).toBe(2);
    });

    it('is refused for good when the server denies it', async () => {
      const store = await open();
      server.faults.plan('delete', { kind: 'error', exception: 'access-denied' });
      const refused = { kind: 'fault', code: 'log.refused', retryable: false };
      await expect(store.deleteStream('task-a', 'any')).rejects.toMatchObject(refused);
      expect((await store.readStreamMetadata('task-a')).deleted).toBe(false);
      // What the clients cannot ask for is not asked for in part.
      const tombstone = { ...event('t'), type: TOMBSTONE_TYPE, data: {} };
      const append = store.append('task-a', 'stream_exists', [tombstone]);
      await expect(append).rejects.toMatchObject({ kind: 'invalid', code: 'log.bad_event' });
    });
  });

  describe(`closing, by ${client}`, () => {
    it('does not wait for an event store that never answers', async () => {
      const store = await open({ callMs: 400, giveUpMs: Number.POSITIVE_INFINITY });
      const items = store.subscribe()[Symbol.asyncIterator]();
      await items.next();
      server.link.clog();
      const appending = Promise.allSettled([store.append('task-a', 'no_stream', [event('e1')])]);
      await store.close();
      expect(await appending).toMatchObject([{ status: 'rejected', reason: { code: 'log.timeout' } }]);
      expect((await items.next()).done).toBe(true);
      server.link.flow();
    });
  });

  describe(`a read by ${client}`, () => {
    const passing: [string, Fault][] = [
      ['whose connection is cut', { kind: 'drop' }],
      ['that is not answered', { kind: 'stall' }],
      ['that the server is too busy for', { kind: 'error', code: status.UNAVAILABLE }],
    ];
    it.each(passing)('%s is asked again', async (_name, fault) => {
      const store = await open();
      await store.append('task-a', 'no_stream', [event('e1'), event('e2')]);
      server.faults.plan('read', fault);
      expect(await idsOf(store.readStream('task-a'))).toEqual(['e1', 'e2']);
      server.faults.plan('read', fault);
      expect(await idsOf(store.readAll())).toEqual(['e1', 'e2']);
      expect(server.faults.struck()).toBe(2);
    });
  });

  describe(`reads by ${client} that share a connection`, () => {
    it('are not cut short when it is given up for one of them', async () => {
      const store = await open();
      await store.append('task-a', 'no_stream', [event('e1'), event('e2')]);
      server.faults.plan('read', { kind: 'stall' });
      const stuck = idsOf(store.readStream('task-a'));
      // A round trip later: this one is under way, and not stuck for long, when the other has taken too long.
      await store.append('task-b', 'no_stream', [event('e3')]);
      server.faults.plan('read', { kind: 'stall' });
      expect(await idsOf(store.readStream('task-a'))).toEqual(['e1', 'e2']);
      expect(await stuck).toEqual(['e1', 'e2']);
      expect(server.faults.struck()).toBe(2);
    });
  });

  describe(`a subscription by ${client}`, () => {
    it('goes on without gap or repeat over cut connections and refused subscriptions', async () => {
      const store = await open();
      const writer = await open();
      const seen: string[] = [];
      const ids = Array.from({ length: 60 }, (_, n) => `e${n}`);
      const reading = (async () => {
        for await (const item of store.subscribe()) {
          if (item.kind === 'events') seen.push(...item.events.map(({ id }) => id));
          if (seen.length >= ids.length) return;
        }
      })();
      for (const [n, id] of ids.entries()) {
        if (n % 20 === 10) {
          server.faults.plan('subscribe', { kind: 'error', code: status.UNAVAILABLE });
          server.link.cut();
        }
        await writer.append('task-a', n - 1 < 0 ? 'no_stream' : n - 1, [event(id)]);
      }
      await reading;
      expect(seen).toEqual(ids);
      expect(server.faults.struck()).toBeGreaterThan(0);
    });

    it('hears of what another process appends, and takes its events for repetitions', async () => {
      const [one, two] = [await open(), await open()];
      expect(one.logId).toBe(two.logId);
      const items = one.subscribe()[Symbol.asyncIterator]();
      expect(await items.next()).toMatchObject({ value: { kind: 'caught_up' } });
      const waiting = items.next();
      const first = await two.append('task-a', 'no_stream', [event('e1')]);
      expect(await waiting).toMatchObject({ value: { kind: 'events', events: [{ id: 'e1' }] } });
      expect(await one.append('task-a', 'no_stream', [event('e1')])).toEqual({ ...first, repeated: true });
      await items.return?.();
    });
  });

  describe(`a log that shares its event store, by ${client}`, () => {
    it('sees its own events only, however many others lie between them', async () => {
      const other = (n: number) => ({
        id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
        type: 'Other',
        contentType: 'application/octet-stream',
        data: Buffer.from([0xff, n % 256]),
        metadata: new Uint8Array(),
      });
      const many = Array.from({ length: 1200 }, (_, n) => other(n));
      server.log.append('other-app', 'any', many);
      const store = await open();
      expect(await store.head()).toBe(0n);
      const { position } = await store.append('task-a', 'no_stream', [event('e1')]);
      server.log.append('hephaistos.task-a', 'any', many);
      expect(await store.head()).toBe(position);
      await store.append('task-a', 0, [event('e2')]);
      server.log.remove('other-app', 'any');
      server.log.tombstone('other-app', 'any');
      server.log.remove('hephaistos.task-a', 'any');
      expect(await idsOf(store.readAll())).toEqual(['e1', 'e2']);
      expect(await idsOf(store.readAll({ direction: 'backwards', limit: 1 }))).toEqual(['e2']);
      expect(await idsOf(store.readAll({ after: position }))).toEqual(['e2']);
      const items = store.subscribe({ after: position })[Symbol.asyncIterator]();
      expect(await items.next()).toMatchObject({ value: { kind: 'events', events: [{ id: 'e2' }] } });
      expect(await items.next()).toMatchObject({ value: { kind: 'caught_up' } });
      await items.return?.();
    });
  });

  describe(`a server without batches, by ${client}`, () => {
    it('takes each append in a call of its own, by the same rules', async () => {
      const plain = await startEsdbServer({ client, batches: false });
      try {
        const store = await open(TIMES, plain);
        const first = await store.append('task-a', 'no_stream', [event('e1'), event('e2')]);
        expect(await store.append('task-a', 'no_stream', [event('e1'), event('e2')])).toEqual({
          ...first,
          repeated: true,
        });
        const wrong = { code: 'log.wrong_revision', details: { stream: 'task-a', expected: 0, actual: 1 } };
        await expect(store.append('task-a', 0, [event('e3')])).rejects.toMatchObject(wrong);
        const partly = store.append('task-a', 'no_stream', [event('e1'), event('e3')]);
        await expect(partly).rejects.toMatchObject({ code: 'log.corrupted_idempotency' });
        await store.close();
      } finally {
        await plain.close();
      }
    });
  });

  describe(`the name of a store, by ${client}`, () => {
    it.each(['http://127.0.0.1:1', `${client === 'kurrent' ? 'kurrentdb' : 'esdb'}://`, 'esdb', 'both'])(
      'is refused: %s',
      async (text) => {
        // Whichever client this process has loaded, the other one does not go with it.
        await open();
        const url = text === 'both' ? urlOf(client === 'kurrent' ? 'eventstore' : 'kurrent', server.port) : text;
        const opening = openEventStoreDb({ url, clock: systemClock, times: IMPATIENT });
        await expect(opening).rejects.toMatchObject({ kind: 'invalid', code: 'store.bad_url' });
      },
    );

    it('is given up when nobody is there', async () => {
      const opening = openEventStoreDb({ url: urlOf(client, 1), clock: systemClock, times: IMPATIENT });
      await expect(opening).rejects.toMatchObject({ code: 'log.timeout' });
    });
  });
}
