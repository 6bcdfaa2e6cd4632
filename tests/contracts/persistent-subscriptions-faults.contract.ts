import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { type EventStoreDb, openEventStoreDb } from '../../src/store/adapters/eventstoredb.ts';
import { urlOf } from '../support/esdb-contract.ts';
import type { Fault } from '../support/esdb-server/faults.ts';
import { type Link, openLink } from '../support/esdb-server/link.ts';
import { type EsdbServer, startEsdbServer } from '../support/esdb-server/server.ts';
import type { Client } from '../support/esdb-server/stubs.ts';
import { event } from './event-store.contract.ts';
import { ackIds, fill, until, valueOf, WORK } from './persistent-subscriptions.contract.ts';

// Short, so that a stall costs a test little; nothing here depends on how long it takes.
const TIMES = { callMs: 400, giveUpMs: 15_000 };

/** What becomes of groups when the server or the wire fails. Each test counts the faults that struck. */
export function persistentSubscriptionsFaults(client: Client): void {
  let server: EsdbServer;
  let links: Link[] = [];
  let stores: EventStoreDb[] = [];
  beforeEach(async () => {
    server = await startEsdbServer({ client });
  });
  afterEach(async () => {
    for (const link of [server.link, ...links]) link.flow();
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all(links.map((link) => link.close()));
    [stores, links] = [[], []];
    await server.close();
  });

  async function open(port = server.port, namespace = 'heph'): Promise<EventStoreDb> {
    const store = await openEventStoreDb({ url: urlOf(client, port), namespace, clock: systemClock, times: TIMES });
    stores.push(store);
    return store;
  }

  /** A store over a wire of its own. */
  async function openApart(): Promise<{ store: EventStoreDb; link: Link }> {
    const link = await openLink(server.port);
    links.push(link);
    return { store: await open(link.port), link };
  }

  describe(`a consumer by ${client}`, () => {
    it('whose connection is cut loses what it holds to another, and nothing is lost', async () => {
      const { store: far, link } = await openApart();
      const near = await open();
      const ids = await fill(near, 'task-a', 40);
      await near.groups.create(WORK);
      const cut = far.groups.subscribe(WORK, { inFlightMax: 10 });
      const held = [];
      for (let n = 0; n < 10; n++) held.push(valueOf(await cut.next()));
      const other = near.groups.subscribe(WORK);
      link.clog();
      link.cut();
      const seen = new Map<string, number>();
      for (let n = 0; n < 40; n++) {
        const message = valueOf(await other.next());
        seen.set(message.event.id, message.retries);
        await message.ack();
      }
      expect([...seen.keys()].sort()).toEqual(ids);
      expect(held.map((message) => seen.get(message.event.id))).toEqual(Array(10).fill(1));
      // What it still says about them has no effect.
      await Promise.all(held.map((message) => message.nack('park', 'too late')));
      await until(async () => (await near.groups.info(WORK)).checkpoint === 39n);
      expect((await near.groups.info(WORK)).parked).toBe(0);
    });

    it('goes on over cut connections and refused subscriptions, and nothing is lost', async () => {
      const [store, writer] = [await open(), await open()];
      await store.groups.create(WORK, { retriesMax: 100 });
      const done = new AbortController();
      const acked = new Set<string>();
      const ids: string[] = [];
      const work = async () => {
        for await (const message of store.groups.subscribe(WORK, { signal: done.signal })) {
          await message.ack();
          acked.add(message.event.id);
        }
      };
      const working = [work(), work()];
      for (let round = 0; round < 4; round++) {
        ids.push(...(await fill(writer, 'task-a', 15, `r${round}-`)));
        await until(async () => acked.size > round * 15);
        server.faults.plan('consume', { kind: 'error', code: status.UNAVAILABLE });
        server.link.cut();
      }
      // An answer that was lost with its connection is followed by another.
      await until(async () => acked.size === ids.length && (await writer.groups.info(WORK)).checkpoint === 59n);
      done.abort();
      await Promise.all(working);
      expect(server.faults.struck()).toBeGreaterThan(0);
      expect(await writer.groups.info(WORK)).toMatchObject({ inFlight: 0, parked: 0 });
    });

    it.each<[string, Fault]>([
      ['is not answered', { kind: 'stall' }],
      ['is refused for now', { kind: 'error', code: status.UNAVAILABLE }],
    ])('tries again when it %s', async (_name, fault) => {
      const store = await open();
      const ids = await fill(store, 'task-a', 1);
      await store.groups.create(WORK);
      server.faults.plan('consume', fault);
      expect(await ackIds(store.groups.subscribe(WORK), 1)).toEqual(ids);
      expect(server.faults.struck()).toBe(1);
    });

    it('ends when it is denied for good', async () => {
      const store = await open();
      await store.groups.create(WORK);
      server.faults.plan('consume', { kind: 'error', exception: 'access-denied' });
      const refused = { kind: 'fault', code: 'log.refused', retryable: false };
      await expect(store.groups.subscribe(WORK).next()).rejects.toMatchObject(refused);
    });

    it('ends with its store, although nothing passes', async () => {
      const store = await open();
      await fill(store, 'task-a', 1);
      await store.groups.create(WORK);
      const consumer = store.groups.subscribe(WORK);
      const message = valueOf(await consumer.next());
      server.link.clog();
      const waiting = consumer.next();
      await store.close();
      expect((await waiting).done).toBe(true);
      await message.ack();
    });

    it('passes over events of other logs that fit its filter', async () => {
      const store = await open();
      const foreign = (n: number) => ({
        id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
        type: 'Noted',
        contentType: 'application/octet-stream',
        data: Buffer.from([0xff, n]),
        metadata: new Uint8Array(),
      });
      const all = { name: 'types' };
      await store.groups.create(all, { filter: { types: ['Noted', 'A.*'] } });
      server.log.append(
        'other-app',
        'any',
        Array.from({ length: 30 }, (_, n) => foreign(n)),
      );
      await store.append('task-a', 'any', [{ ...event('no'), type: 'AB' }, event('yes')]);
      expect(await ackIds(store.groups.subscribe(all, { inFlightMax: 2 }), 1)).toEqual(['yes']);
      await until(async () => (await store.groups.info(all)).inFlight === 0);
    });
  });

  describe(`a call about a group, by ${client}`, () => {
    it.each<[string, Fault]>([
      ['whose connection is cut', { kind: 'drop' }],
      ['that is not answered', { kind: 'stall' }],
    ])('%s is made again', async (_name, fault) => {
      const store = await open();
      server.faults.plan('group', fault);
      await store.groups.create(WORK);
      expect(server.faults.struck()).toBe(1);
      expect(await store.groups.list()).toHaveLength(1);
    });

    it('knows nothing of groups of other logs, whatever their names', async () => {
      const [store, other] = [await open(), await open(server.port, 'other')];
      const whole = { name: 'whole' };
      for (const group of [WORK, whole]) await other.groups.create(group);
      expect(await store.groups.list()).toEqual([]);
      for (const group of [WORK, whole]) await store.groups.create(group);
      await fill(other, 'task-a', 1, 'theirs');
      await fill(store, 'task-a', 1, 'ours');
      expect(await ackIds(store.groups.subscribe(whole), 1)).toEqual(['ours0']);
      expect(await ackIds(other.groups.subscribe(WORK), 1)).toEqual(['theirs0']);
    });

    it('finds the group there when it was made and the answer lost', async () => {
      const store = await open();
      server.faults.plan('group', { kind: 'drop_after' });
      await expect(store.groups.create(WORK)).rejects.toMatchObject({ code: 'group.exists' });
      expect(await store.groups.list()).toHaveLength(1);
    });
  });

  describe(`a server that starts again, by ${client}`, () => {
    it('knows from its own streams how far its groups have come', async () => {
      const before = await open();
      await fill(before, 'task-a', 3);
      await before.groups.create(WORK, { retriesMax: 4 });
      const consumer = before.groups.subscribe(WORK);
      await valueOf(await consumer.next()).ack();
      await valueOf(await consumer.next()).nack('park', 'later');
      await until(async () => (await before.groups.info(WORK)).checkpoint === 1n);
      const links = server.log.visible('$persistentsubscription-heph.task-a::work-parked');
      if (typeof links === 'string') throw new Error(links);
      expect(links.map(({ type, data }) => [type, Buffer.from(data).toString()])).toEqual([['$>', '1@heph.task-a']]);
      const later = await startEsdbServer({ client, log: server.log });
      try {
        const store = await open(later.port);
        expect(await store.groups.list()).toMatchObject([{ ...WORK, retriesMax: 4, parked: 1, checkpoint: 1n }]);
        const going = store.groups.subscribe(WORK, { inFlightMax: 1 });
        expect(await ackIds(going, 1)).toEqual(['e2']);
        await store.groups.replayParked(WORK);
        expect(await ackIds(going, 1)).toEqual(['e1']);
        await store.close();
      } finally {
        await later.close();
      }
    });
  });
}
