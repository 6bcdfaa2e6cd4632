import { afterEach, describe, expect, it } from 'vitest';
import type {
  EventStoreWithGroups,
  GroupId,
  GroupInfo,
  GroupMessage,
} from '../../src/store/persistent-subscriptions.ts';
import { seeded } from '../support/seeded.ts';
import { all, event } from './event-store.contract.ts';

export interface Stage {
  store: EventStoreWithGroups;
  /** Lets this time pass for the store's time-outs; with a clock that nobody can turn, does nothing: it passes anyway. */
  pass(ms: number): void;
}

/** What the groups of every event store must do. `open` gives an empty store; the suite closes it. */
export function persistentSubscriptionsContract(name: string, open: () => Promise<Stage>): void {
  describe(`${name} keeps the contract of persistent subscriptions`, () => {
    const opened: EventStoreWithGroups[] = [];
    async function stage(): Promise<Stage> {
      const made = await open();
      opened.push(made.store);
      return made;
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });

    /** A store whose stream `task-a` holds `count` events, and a group over it. */
    async function work(count: number, settings = {}): Promise<Stage & { ids: string[] }> {
      const made = await stage();
      const ids = await fill(made.store, 'task-a', count);
      await made.store.groups.create(WORK, settings);
      return { ...made, ids };
    }

    describe('delivery', () => {
      it('gives what a stream holds and what comes, in order', async () => {
        const { store, ids } = await work(3);
        await fill(store, 'task-b', 2);
        const consumer = store.groups.subscribe(WORK);
        const seen = await ackIds(consumer, 3);
        const next = consumer.next();
        const [later] = await fill(store, 'task-a', 1, 'later');
        seen.push(await acked(next));
        expect(seen).toEqual([...ids, later]);
      });

      it.each([
        ['the start', 'start' as const, ['e0', 'e1', 'e2', 'new0']],
        ['a revision', 2n, ['e2', 'new0']],
        ['the end', 'end' as const, ['new0']],
      ])('begins at %s of a stream', async (_name, from, expected) => {
        const { store } = await work(3, { from });
        await fill(store, 'task-a', 1, 'new');
        expect(await ackIds(store.groups.subscribe(WORK), expected.length)).toEqual(expected);
      });

      it('begins at a position of the log, and at its end', async () => {
        const { store } = await stage();
        await fill(store, 'task-a', 2);
        const { position } = await store.append('task-b', 'any', [event('here')]);
        await store.groups.create({ name: 'middle' }, { from: position });
        await store.groups.create({ name: 'end' }, { from: 'end' });
        await fill(store, 'task-a', 1, 'new');
        expect(await ackIds(store.groups.subscribe({ name: 'middle' }), 2)).toEqual(['here', 'new0']);
        expect(await ackIds(store.groups.subscribe({ name: 'end' }), 1)).toEqual(['new0']);
      });

      it('gives of the whole log what the filter lets pass', async () => {
        const { store } = await stage();
        await fill(store, 'task-a', 1);
        await store.append('agent-a', 'any', [{ ...event('other'), type: 'NotedToo' }]);
        await fill(store, 'task-b', 1, 'b');
        await store.groups.create({ name: 'all' });
        await store.groups.create({ name: 'streams' }, { filter: { streamPrefixes: ['agent-', 'task-b'] } });
        await store.groups.create({ name: 'types' }, { filter: { types: ['Noted'] } });
        expect(await ackIds(store.groups.subscribe({ name: 'all' }), 3)).toEqual(['e0', 'other', 'b0']);
        expect(await ackIds(store.groups.subscribe({ name: 'streams' }), 2)).toEqual(['other', 'b0']);
        expect(await ackIds(store.groups.subscribe({ name: 'types' }), 2)).toEqual(['e0', 'b0']);
      });

      it('keeps groups of one name over two streams apart', async () => {
        const { store, ids } = await work(1);
        await fill(store, 'task-b', 1, 'b');
        const other = { ...WORK, stream: 'task-b' };
        await store.groups.create(other);
        expect(await ackIds(store.groups.subscribe(other), 1)).toEqual(['b0']);
        expect(await ackIds(store.groups.subscribe(WORK), 1)).toEqual(ids);
      });

      it('gives the whole event', async () => {
        const { store } = await work(1);
        const { value } = await store.groups.subscribe(WORK).next();
        const [stored] = await all(store.readAll());
        expect(value.event).toEqual(stored);
        expect(value.retries).toBe(0);
      });
    });

    describe('competing consumers', () => {
      it('gives each event to one of them, in turn', async () => {
        const { store, ids } = await work(0);
        const one = store.groups.subscribe(WORK, { inFlightMax: 2 });
        const two = store.groups.subscribe(WORK, { inFlightMax: 2 });
        const first = [one.next(), two.next()];
        await until(async () => (await store.groups.info(WORK)).consumers === 2);
        ids.push(...(await fill(store, 'task-a', 4)));
        const messages = (await Promise.all([...first, one.next(), two.next()])).map(valueOf);
        expect(messages.map((message) => message.event.id).sort()).toEqual(ids);
        expect(await store.groups.info(WORK)).toMatchObject({ consumers: 2, inFlight: 4, parked: 0 });
        await Promise.all(messages.map((message) => message.ack()));
        await until(async () => (await store.groups.info(WORK)).inFlight === 0);
      });

      it('gives a consumer no more at once than it asked for', async () => {
        const { store, ids } = await work(5);
        const consumer = store.groups.subscribe(WORK, { inFlightMax: 2 });
        const held = [valueOf(await consumer.next()), valueOf(await consumer.next())];
        const third = consumer.next();
        expect((await store.groups.info(WORK)).inFlight).toBe(2);
        await held[0]?.ack();
        expect(valueOf(await third).event.id).toBe(ids[2]);
      });

      it('gives to another what a consumer that leaves has not answered', async () => {
        const { store, ids } = await work(3);
        const leaving = store.groups.subscribe(WORK, { inFlightMax: 2 });
        await valueOf(await leaving.next()).ack();
        await leaving.next();
        await until(async () => (await store.groups.info(WORK)).inFlight === 2);
        const staying = store.groups.subscribe(WORK);
        await leaving.return?.();
        expect((await leaving.next()).done).toBe(true);
        const messages = [valueOf(await staying.next()), valueOf(await staying.next())];
        expect(messages.map((message) => message.event.id)).toEqual(ids.slice(1));
        expect(messages[0]?.retries).toBe(1);
      });

      it('loses nothing, whatever its consumers do', async () => {
        const { store, pass } = await stage();
        const random = seeded(7);
        const chance = (share: number) => random() < share;
        const ids = await fill(store, 'task-a', 60);
        await store.groups.create(WORK, { retriesMax: 3, messageTimeoutMs: 1000 });
        const settled = new Set<string>();
        const done = new AbortController();
        let refused = 0;
        async function consume(): Promise<void> {
          while (!done.signal.aborted) {
            for await (const message of store.groups.subscribe(WORK, { inFlightMax: 3, signal: done.signal })) {
              if (chance(0.1)) break;
              if (chance(0.1)) pass(1000);
              if (chance(0.6)) {
                settled.add(message.event.id);
                if (settled.size === ids.length) done.abort();
                await message.ack();
                continue;
              }
              refused++;
              await message.nack(chance(0.5) ? 'park' : 'retry', 'by chance');
              await store.groups.replayParked(WORK);
            }
            await store.groups.replayParked(WORK);
          }
        }
        await Promise.all([consume(), consume(), consume()]);
        expect(refused).toBeGreaterThan(10);
        expect([...settled].sort()).toEqual([...ids].sort());
      });
    });

    describe('answers', () => {
      it('brings an event again for retry, before those behind it', async () => {
        const { store, ids } = await work(2);
        const consumer = store.groups.subscribe(WORK, { inFlightMax: 1 });
        await valueOf(await consumer.next()).nack('retry', 'not yet');
        const again = valueOf(await consumer.next());
        expect([again.event.id, again.retries]).toEqual([ids[0], 1]);
        await again.ack();
        expect(await ackIds(consumer, 1)).toEqual([ids[1]]);
      });

      it('parks what was retried too often', async () => {
        const { store, ids } = await work(2, { retriesMax: 2 });
        const consumer = store.groups.subscribe(WORK, { inFlightMax: 1 });
        const retries = [];
        for (let n = 0; n < 3; n++) {
          const message = valueOf(await consumer.next());
          retries.push(message.retries);
          expect(message.event.id).toBe(ids[0]);
          await message.nack('retry', 'never');
        }
        expect(retries).toEqual([0, 1, 2]);
        expect(await ackIds(consumer, 1)).toEqual([ids[1]]);
        expect((await store.groups.info(WORK)).parked).toBe(1);
      });

      it('puts aside for park, gives up for skip, and brings back what is parked', async () => {
        const { store, ids } = await work(3);
        const consumer = store.groups.subscribe(WORK, { inFlightMax: 1 });
        await valueOf(await consumer.next()).nack('park', 'later');
        await valueOf(await consumer.next()).nack('skip', 'never');
        expect(await ackIds(consumer, 1)).toEqual([ids[2]]);
        await until(async () => (await store.groups.info(WORK)).parked === 1);
        await store.groups.replayParked(WORK);
        const again = valueOf(await consumer.next());
        expect(again.event.id).toBe(ids[0]);
        expect((await store.groups.info(WORK)).parked).toBe(0);
        await again.nack('park', 'still later');
        await until(async () => (await store.groups.info(WORK)).parked === 1);
        await store.groups.replayParked(WORK);
        expect(await ackIds(consumer, 1)).toEqual([ids[0]]);
        await until(async () => (await store.groups.info(WORK)).inFlight === 0);
        await store.groups.replayParked(WORK);
        const [last] = await fill(store, 'task-a', 1, 'last');
        expect(await ackIds(consumer, 1)).toEqual([last]);
        expect((await store.groups.info(WORK)).parked).toBe(0);
      });

      it('takes an event away from who is too slow, whose answer then means nothing', async () => {
        const { store, ids, pass } = await work(1, { messageTimeoutMs: 1000 });
        const slow = store.groups.subscribe(WORK);
        const late = valueOf(await slow.next());
        const other = store.groups.subscribe(WORK);
        const arriving = other.next();
        await until(async () => (await store.groups.info(WORK)).consumers === 2);
        const seen = Promise.race([arriving, slow.next()]);
        pass(1000);
        const again = valueOf(await seen);
        expect([again.event.id, again.retries]).toEqual([ids[0], 1]);
        await late.ack();
        await again.nack('park', 'still mine');
        await until(async () => (await store.groups.info(WORK)).parked === 1);
      });

      it('parks what is too slow too often', async () => {
        const { store, pass } = await work(1, { messageTimeoutMs: 1000, retriesMax: 0 });
        await store.groups.subscribe(WORK).next();
        pass(1000);
        await until(async () => (await store.groups.info(WORK)).parked === 1);
      });
    });

    describe('the checkpoint', () => {
      it('follows the answers, and never passes what is not answered', async () => {
        const { store } = await work(3);
        const consumer = store.groups.subscribe(WORK);
        expect((await store.groups.info(WORK)).checkpoint).toBeNull();
        const [first, second, third] = [await consumer.next(), await consumer.next(), await consumer.next()].map(
          valueOf,
        );
        await second?.ack();
        await third?.nack('park', 'later');
        await until(async () => (await store.groups.info(WORK)).parked === 1);
        expect((await store.groups.info(WORK)).checkpoint).toBeNull();
        await first?.ack();
        await until(async () => (await store.groups.info(WORK)).checkpoint === 2n);
      });

      it('is a position of the whole log', async () => {
        const { store } = await stage();
        await fill(store, 'task-a', 2);
        await store.groups.create({ name: 'all' });
        await ackIds(store.groups.subscribe({ name: 'all' }), 2);
        const head = await store.head();
        // What does not concern the group may lie behind it.
        await until(async () => ((await store.groups.info({ name: 'all' })).checkpoint ?? 0n) >= head);
      });

      it('is where the group goes on when nobody consumed for a while', async () => {
        const { store, ids } = await work(3);
        const first = store.groups.subscribe(WORK);
        await ackIds(first, 2);
        await until(async () => (await store.groups.info(WORK)).checkpoint === 1n);
        await first.return?.();
        await until(async () => (await store.groups.info(WORK)).consumers === 0);
        expect(await ackIds(store.groups.subscribe(WORK), 1)).toEqual([ids[2]]);
      });
    });

    describe('groups', () => {
      it('are made once', async () => {
        const { store } = await work(0);
        await expect(store.groups.create(WORK)).rejects.toMatchObject({ kind: 'invalid', code: 'group.exists' });
      });

      it('are absent until they are made', async () => {
        const { store } = await stage();
        const absent = { kind: 'invalid', code: 'group.absent' };
        await expect(store.groups.info(WORK)).rejects.toMatchObject(absent);
        await expect(store.groups.update(WORK, { retriesMax: 1 })).rejects.toMatchObject(absent);
        await expect(store.groups.delete(WORK)).rejects.toMatchObject(absent);
        await expect(store.groups.replayParked(WORK)).rejects.toMatchObject(absent);
        await expect(store.groups.subscribe(WORK).next()).rejects.toMatchObject(absent);
        expect(await store.groups.list()).toEqual([]);
      });

      it('are listed, as they were made and changed', async () => {
        const { store } = await work(0, { retriesMax: 3, messageTimeoutMs: 5000 });
        await store.groups.create({ name: 'all' });
        await store.groups.update(WORK, { retriesMax: 4 });
        const idle = { consumers: 0, inFlight: 0, parked: 0, checkpoint: null };
        expect((await store.groups.list()).sort(byName)).toEqual([
          { name: 'all', retriesMax: 10, messageTimeoutMs: 30_000, ...idle },
          { ...WORK, retriesMax: 4, messageTimeoutMs: 5000, ...idle },
        ]);
        expect(await store.groups.info(WORK)).toMatchObject({ ...WORK, retriesMax: 4, messageTimeoutMs: 5000 });
      });

      it('go on with other settings when they are changed', async () => {
        const { store, ids } = await work(1);
        const consumer = store.groups.subscribe(WORK);
        await ackIds(consumer, 1);
        await until(async () => (await store.groups.info(WORK)).checkpoint === 0n);
        await store.groups.update(WORK, { retriesMax: 0 });
        ids.push(...(await fill(store, 'task-a', 2, 'later')));
        await valueOf(await consumer.next()).nack('retry', 'once is too often');
        expect(await ackIds(consumer, 1)).toEqual([ids[2]]);
        expect((await store.groups.info(WORK)).parked).toBe(1);
      });

      it('are deleted with all they know, and end their consumers', async () => {
        const { store, ids } = await work(2);
        const consumer = store.groups.subscribe(WORK, { inFlightMax: 1 });
        await valueOf(await consumer.next()).nack('park', 'later');
        const held = valueOf(await consumer.next());
        const [ended] = await Promise.allSettled([consumer.next(), store.groups.delete(WORK)]);
        expect(ended).toMatchObject({ status: 'rejected', reason: { code: 'group.absent' } });
        await held.ack();
        await store.groups.create(WORK);
        expect(await store.groups.info(WORK)).toMatchObject({ parked: 0, checkpoint: null });
        expect(await ackIds(store.groups.subscribe(WORK), 2)).toEqual(ids);
      });

      it('do all of that over the whole log too', async () => {
        const { store } = await stage();
        const whole = { name: 'whole' };
        await fill(store, 'task-a', 1, 'a');
        await fill(store, 'task-b', 1, 'b');
        await store.groups.create(whole, { messageTimeoutMs: 5000 });
        const consumer = store.groups.subscribe(whole, { inFlightMax: 1 });
        await valueOf(await consumer.next()).nack('park', 'later');
        expect(await ackIds(consumer, 1)).toEqual(['b0']);
        await until(async () => (await store.groups.info(whole)).inFlight === 0);
        await store.groups.update(whole, { retriesMax: 0 });
        expect(await store.groups.info(whole)).toMatchObject({ retriesMax: 0, messageTimeoutMs: 5000, parked: 1 });
        await store.groups.replayParked(whole);
        const again = valueOf(await consumer.next());
        expect(again.event).toMatchObject({ id: 'a0', stream: 'task-a' });
        await again.nack('retry', 'once is too often');
        await until(async () => (await store.groups.info(whole)).parked === 1);
        const [ended] = await Promise.allSettled([consumer.next(), store.groups.delete(whole)]);
        expect(ended).toMatchObject({ status: 'rejected', reason: { code: 'group.absent' } });
        expect(await store.groups.list()).toEqual([]);
      });

      const bad: [string, GroupId, object, string][] = [
        ['a name with a space', { name: 'a b' }, {}, 'group.bad_settings'],
        ['an empty name', { name: '' }, {}, 'group.bad_settings'],
        ['a stream that is none', { name: 'a', stream: '$all' }, {}, 'log.bad_stream'],
        ['a negative start', { name: 'a' }, { from: -1n }, 'group.bad_settings'],
        ['a part of a retry', { name: 'a' }, { retriesMax: 0.5 }, 'group.bad_settings'],
        ['no time', { name: 'a' }, { messageTimeoutMs: 0 }, 'group.bad_settings'],
        ['a filter of one stream', { name: 'a', stream: 'task-a' }, { filter: { types: ['A'] } }, 'group.bad_settings'],
        ['a filter for nothing', { name: 'a' }, { filter: { streamPrefixes: [] } }, 'group.bad_settings'],
      ];
      it('refuse what is not proper', async () => {
        const { store } = await stage();
        for (const [what, group, options, code] of bad)
          await expect(store.groups.create(group, options), what).rejects.toMatchObject({ kind: 'invalid', code });
        expect(await store.groups.list()).toEqual([]);
      });

      it('refuse a consumer that takes nothing', async () => {
        const { store } = await work(0);
        expect(() => store.groups.subscribe(WORK, { inFlightMax: 0 })).toThrow(
          expect.objectContaining({ code: 'group.bad_settings' }),
        );
      });
    });

    describe('the end of a consumer', () => {
      it('comes with the signal, also while it waits', async () => {
        const { store } = await work(0);
        const stop = new AbortController();
        const next = store.groups.subscribe(WORK, { signal: stop.signal }).next();
        await until(async () => (await store.groups.info(WORK)).consumers === 1);
        stop.abort();
        expect((await next).done).toBe(true);
        await until(async () => (await store.groups.info(WORK)).consumers === 0);
      });

      it('comes with the end of the store, quietly', async () => {
        const { store } = await work(0);
        const next = store.groups.subscribe(WORK).next();
        await until(async () => (await store.groups.info(WORK)).consumers === 1);
        await store.close();
        expect((await next).done).toBe(true);
        await expect(store.groups.list()).rejects.toMatchObject({ code: 'log.closed' });
      });
    });
  });
}

export const WORK: GroupId & { stream: string } = { name: 'work', stream: 'task-a' };

/** Appends `count` events in order; answers their ids. */
export async function fill(
  store: EventStoreWithGroups,
  stream: string,
  count: number,
  prefix = 'e',
): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, n) => (count > 10 ? `${prefix}${1000 + n}` : `${prefix}${n}`));
  if (ids.length > 0)
    await store.append(
      stream,
      'any',
      ids.map((id) => event(id)),
    );
  return ids;
}

export function valueOf(result: IteratorResult<GroupMessage>): GroupMessage {
  if (result.done) throw new Error('the consumer has ended');
  return result.value;
}

/** Acknowledges the next `count` and answers their ids. */
export async function ackIds(consumer: AsyncIterableIterator<GroupMessage>, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await acked(consumer.next()));
  return ids;
}

async function acked(next: Promise<IteratorResult<GroupMessage>>): Promise<string> {
  const message = valueOf(await next);
  await message.ack();
  return message.event.id;
}

/** Asks until it is so. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}

function byName(one: GroupInfo, other: GroupInfo): number {
  return one.name < other.name ? -1 : 1;
}
