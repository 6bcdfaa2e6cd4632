import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import type { DeleteExpected, EventStore, NewEvent, StoredEvent } from '../../src/store/event-store.ts';
import { exportLog } from '../../src/store/export.ts';
import { METADATA_TYPE, TOMBSTONE_REVISION, TOMBSTONE_TYPE } from '../../src/store/stream-metadata.ts';
import { readWhole } from '../../src/store/whole-stream.ts';
import { all, event, idsOf } from './event-store.contract.ts';
import { type HidingAction, hidingAction, runHiding } from './hiding-model.ts';
import { importLog } from '../support/import-log.ts';

/** The time by which the store judges ages; null when it has one of its own that nobody can move. */
export type TestTime = { now(): number; pass(ms: number): void };

export interface HidingContract {
  open(time: TestTime): Promise<EventStore>;
  /** How many random histories are compared with the model. */
  histories: number;
  /** The server has a clock of its own. */
  ownTime?: boolean;
}

/** What hides events, and from whom, whatever keeps them. All cases share one store: each has a stream of its own. */
export function hidingContract(name: string, { open, histories, ownTime = false }: HidingContract): void {
  describe(`${name} keeps the contract of hiding`, () => {
    let store: EventStore;
    let streams = 0;
    const time = testTime();
    const newStream = () => `task-h${streams++}`;
    const noted = (id: string): NewEvent => ({ ...event(id), at: time.now() });
    beforeAll(async () => {
      store = await open(time);
    });
    afterAll(() => store.close());

    /** A stream of its own with the events e0, e1, … */
    async function filled(count: number): Promise<string> {
      const stream = newStream();
      const events = Array.from({ length: count }, (_, n) => noted(`e${n}`));
      await store.append(stream, 'no_stream', events);
      return stream;
    }
    const visible = (stream: string, options?: Parameters<EventStore['readStream']>[1]) =>
      idsOf(store.readStream(stream, options));
    const inLog = (stream: string) => idsOf(store.readAll({ filter: { streamPrefixes: [stream], types: ['Noted'] } }));

    describe('metadata', () => {
      it('is nothing at first, then what was set last', async () => {
        const stream = newStream();
        expect(await store.readStreamMetadata(stream)).toEqual({ metadata: {}, deleted: false, revision: -1 });
        const everything = { maxCount: 5, maxAgeMs: 60_000, truncateBefore: 2 };
        expect(await store.setStreamMetadata(stream, everything)).toMatchObject({ revision: 0, repeated: false });
        expect(await store.readStreamMetadata(stream)).toEqual({ metadata: everything, deleted: false, revision: 0 });
        await store.setStreamMetadata(stream, { maxCount: 1 });
        expect(await store.readStreamMetadata(stream)).toEqual({
          metadata: { maxCount: 1 },
          deleted: false,
          revision: 1,
        });
        await store.setStreamMetadata(stream, {});
        expect(await store.readStreamMetadata(stream)).toEqual({ metadata: {}, deleted: false, revision: 2 });
      });

      it('is set under an expectation about itself', async () => {
        const stream = await filled(3);
        await store.setStreamMetadata(stream, { maxCount: 3 }, 'no_stream');
        const conflict = { kind: 'conflict', code: 'log.wrong_revision' };
        await expect(store.setStreamMetadata(stream, { maxCount: 2 }, 'no_stream')).rejects.toMatchObject(conflict);
        await expect(store.setStreamMetadata(stream, { maxCount: 2 }, 1)).rejects.toMatchObject(conflict);
        await store.setStreamMetadata(stream, { maxCount: 1 }, 0);
        expect(await visible(stream)).toEqual(['e2']);
      });

      it.each([
        ['no event at all', { maxCount: 0 }],
        ['half an event', { maxCount: 1.5 }],
        ['no age', { maxAgeMs: 0 }],
        ['half a second', { maxAgeMs: 1500 }],
        ['a revision before the first', { truncateBefore: -1 }],
        ['a revision behind all', { truncateBefore: Number.MAX_SAFE_INTEGER + 1 }],
      ])('refuses %s', async (_what, metadata) => {
        const refused = { kind: 'invalid', code: 'log.bad_metadata' };
        await expect(store.setStreamMetadata(newStream(), metadata)).rejects.toMatchObject(refused);
      });

      it('is of streams with a name only', async () => {
        const refused = { kind: 'invalid', code: 'log.bad_stream' };
        for (const stream of ['task', '$$task-a', '']) {
          await expect(store.readStreamMetadata(stream)).rejects.toMatchObject(refused);
          await expect(store.setStreamMetadata(stream, {})).rejects.toMatchObject(refused);
          await expect(store.deleteStream(stream, 'any')).rejects.toMatchObject(refused);
          await expect(store.tombstoneStream(stream, 'any')).rejects.toMatchObject(refused);
        }
      });

      it('lets a stream without events exist', async () => {
        const stream = newStream();
        await store.setStreamMetadata(stream, { maxCount: 1 });
        expect((await store.append(stream, 'stream_exists', [noted('e0')])).revision).toBe(0);
      });
    });

    describe('a reader of the stream', () => {
      it('sees the last events only, in every way of reading, and revisions go on', async () => {
        const stream = await filled(5);
        await store.setStreamMetadata(stream, { maxCount: 3 });
        expect(await visible(stream)).toEqual(['e2', 'e3', 'e4']);
        expect(await visible(stream, { from: 1, limit: 2 })).toEqual(['e2', 'e3']);
        expect(await visible(stream, { direction: 'backwards' })).toEqual(['e4', 'e3', 'e2']);
        expect(await visible(stream, { direction: 'backwards', from: 2 })).toEqual(['e2']);
        expect(await visible(stream, { direction: 'backwards', from: 1 })).toEqual([]);
        expect((await store.append(stream, 4, [noted('e5')])).revision).toBe(5);
        expect(await visible(stream)).toEqual(['e3', 'e4', 'e5']);
      });

      it('sees what follows a revision, and all again when nothing hides it', async () => {
        const stream = await filled(4);
        await store.setStreamMetadata(stream, { truncateBefore: 2 });
        expect(await visible(stream)).toEqual(['e2', 'e3']);
        await store.setStreamMetadata(stream, { truncateBefore: 9 });
        expect(await visible(stream)).toEqual([]);
        await store.setStreamMetadata(stream, {});
        expect(await visible(stream)).toEqual(['e0', 'e1', 'e2', 'e3']);
      });

      // A server with a clock of its own would have to be waited for.
      it.runIf(!ownTime)('sees what is young enough, by the time of the store', async () => {
        const stream = await filled(1);
        await store.setStreamMetadata(stream, { maxAgeMs: 10_000 });
        time.pass(6000);
        await store.append(stream, 0, [noted('e1')]);
        time.pass(4000);
        expect(await visible(stream)).toEqual(['e0', 'e1']);
        time.pass(1);
        expect(await visible(stream)).toEqual(['e1']);
        time.pass(10_000);
        expect(await visible(stream)).toEqual([]);
        expect((await store.append(stream, 1, [noted('e2')])).revision).toBe(2);
        expect(await visible(stream)).toEqual(['e2']);
      });
    });

    describe('the log', () => {
      it('still has what is hidden, and the records of hiding beside it', async () => {
        const stream = newStream();
        const before = await store.head();
        await store.append(stream, 'no_stream', [noted('e0'), noted('e1')]);
        const set = await store.setStreamMetadata(stream, { maxCount: 1 });
        const deleted = await store.deleteStream(stream, 1);
        const tombstone = await store.tombstoneStream(stream, 'no_stream');
        const behind = await all(store.readAll({ after: before }));
        expect(behind.map(({ stream: name, type, revision }) => [name, type, revision])).toEqual([
          [stream, 'Noted', 0],
          [stream, 'Noted', 1],
          [`$$${stream}`, METADATA_TYPE, 0],
          [`$$${stream}`, METADATA_TYPE, 1],
          [stream, TOMBSTONE_TYPE, TOMBSTONE_REVISION],
        ]);
        expect(behind.slice(2).map(({ position }) => position)).toEqual([set.position, deleted, tombstone]);
        expect(behind.slice(2).map(({ data }) => data)).toEqual([
          { $maxCount: 1 },
          { $tb: Number.MAX_SAFE_INTEGER },
          {},
        ]);
        expect(await store.head()).toBe(tombstone);
        expect(await idsOf(subscribed(before))).toEqual(behind.map(({ id }) => id));
      });

      it('is filtered by streams whether they are hidden or not, and their metadata by its own names', async () => {
        const stream = await filled(2);
        await store.deleteStream(stream, 'any');
        const filter = (prefix: string) => ({ filter: { streamPrefixes: [prefix] } });
        expect(await idsOf(store.readAll(filter(stream)))).toEqual(['e0', 'e1']);
        expect(await inLog(stream)).toEqual(['e0', 'e1']);
        const records = await all(store.readAll(filter(`$$${stream}`)));
        expect(records.map(({ type }) => type)).toEqual([METADATA_TYPE]);
        const everyRecord = await all(store.readAll(filter('$$')));
        expect(everyRecord.every(({ stream: name }) => name.startsWith('$$task-'))).toBe(true);
        expect(everyRecord.at(-1)).toEqual(records[0]);
        expect(await all(store.readAll({ ...filter(''), direction: 'backwards', limit: 1 }))).toEqual(records);
      });

      it('knows the ids of what is hidden', async () => {
        const stream = newStream();
        const first = await store.append(stream, 'no_stream', [noted('e0'), noted('e1')]);
        await store.append(stream, 1, [noted('e2')]);
        await store.setStreamMetadata(stream, { truncateBefore: 2 });
        const repeated = { ...first, repeated: true };
        expect(await store.append(stream, 'no_stream', [noted('e0'), noted('e1')])).toEqual(repeated);
        expect(await store.append(stream, 'any', [noted('e0'), noted('e1')])).toEqual(repeated);
        await store.deleteStream(stream, 2);
        expect(await store.append(stream, 'no_stream', [noted('e0'), noted('e1')])).toEqual(repeated);
        expect(await visible(stream)).toEqual([]);
      });

      async function* subscribed(after: bigint): AsyncGenerator<StoredEvent> {
        for await (const item of store.subscribe({ after })) {
          if (item.kind === 'caught_up') return;
          yield* item.events;
        }
      }
    });

    describe('a deleted stream', () => {
      const fitting: [DeleteExpected, number][] = [
        ['any', 2],
        [1, 2],
        ['any', 0],
        ['no_stream', 0],
      ];
      it.each(fitting)('was expected to be at %s and had %i events', async (expected, count) => {
        const stream = count > 0 ? await filled(count) : newStream();
        const position = await store.deleteStream(stream, expected);
        expect(position).toBe(await store.head());
        expect(await visible(stream)).toEqual([]);
        expect(await store.readStreamMetadata(stream)).toMatchObject({ metadata: {}, deleted: true });
      });

      it.each(['no_stream', 0, 2] as const)('is not deleted when %s was expected', async (expected) => {
        const stream = await filled(2);
        const conflict = { kind: 'conflict', code: 'log.wrong_revision', details: { stream, expected, actual: 1 } };
        await expect(store.deleteStream(stream, expected)).rejects.toMatchObject(conflict);
        expect(await visible(stream)).toEqual(['e0', 'e1']);
        expect((await store.readStreamMetadata(stream)).revision).toBe(-1);
      });

      it.each(['no_stream', 'any', 2] as const)('begins again with %s behind what it held', async (expected) => {
        const stream = await filled(3);
        await store.setStreamMetadata(stream, { maxCount: 1 });
        await store.deleteStream(stream, 2);
        const begun = await store.append(stream, expected, [noted('n3'), noted('n4')]);
        expect(begun).toMatchObject({ revision: 4, repeated: false });
        expect(await visible(stream)).toEqual(['n3', 'n4']);
        expect(await store.readStreamMetadata(stream)).toMatchObject({
          metadata: { truncateBefore: 3 },
          deleted: false,
        });
        expect((await store.append(stream, 'stream_exists', [noted('n5')])).revision).toBe(5);
        await expect(store.append(stream, 'no_stream', [noted('n6')])).rejects.toMatchObject({
          code: 'log.wrong_revision',
        });
        expect(await inLog(stream)).toEqual(['e0', 'e1', 'e2', 'n3', 'n4', 'n5']);
      });

      it('is deleted again, also after it was begun again', async () => {
        const stream = await filled(2);
        await store.deleteStream(stream, 1);
        await store.deleteStream(stream, 'no_stream');
        await store.append(stream, 'no_stream', [noted('n2')]);
        await store.deleteStream(stream, 2);
        expect(await visible(stream)).toEqual([]);
        await store.append(stream, 2, [noted('n3')]);
        expect(await visible(stream)).toEqual(['n3']);
      });

      it.each(['stream_exists', 0, 5] as const)('does not begin again with %s', async (expected) => {
        const stream = await filled(2);
        await store.deleteStream(stream, 1);
        await expect(store.append(stream, expected, [noted('n2')])).rejects.toMatchObject({
          code: 'log.wrong_revision',
          details: { actual: 1 },
        });
        expect((await store.readStreamMetadata(stream)).deleted).toBe(true);
      });

      it('begins again, empty, when its metadata is set', async () => {
        const stream = await filled(2);
        await store.deleteStream(stream, 1);
        await store.setStreamMetadata(stream, { maxCount: 7, truncateBefore: 1 });
        expect(await store.readStreamMetadata(stream)).toMatchObject({
          metadata: { maxCount: 7, truncateBefore: 2 },
          deleted: false,
        });
        expect(await visible(stream)).toEqual([]);
        await store.append(stream, 'stream_exists', [noted('n2')]);
        expect(await visible(stream)).toEqual(['n2']);
      });
    });

    describe('a tombstone', () => {
      const ended = { kind: 'fault', code: 'log.stream_deleted', retryable: false };
      const fitting: [DeleteExpected, number][] = [
        ['any', 2],
        [1, 2],
        ['no_stream', 0],
        ['any', 0],
      ];
      it.each(fitting)('ends a stream expected at %s with %i events for ever', async (expected, count) => {
        const stream = count > 0 ? await filled(count) : newStream();
        await store.tombstoneStream(stream, expected);
        await expect(all(store.readStream(stream))).rejects.toMatchObject(ended);
        await expect(all(store.readStream(stream, { direction: 'backwards' }))).rejects.toMatchObject(ended);
        await expect(store.readStreamMetadata(stream)).rejects.toMatchObject(ended);
        await expect(store.setStreamMetadata(stream, {})).rejects.toMatchObject(ended);
        await expect(store.deleteStream(stream, 'any')).rejects.toMatchObject(ended);
        await expect(store.tombstoneStream(stream, 'any')).rejects.toMatchObject(ended);
        for (const again of ['any', 'no_stream', 'stream_exists', 1] as const)
          await expect(store.append(stream, again, [noted('e0')])).rejects.toMatchObject(ended);
        expect(await inLog(stream)).toEqual(['e0', 'e1'].slice(0, count));
      });

      it.each(['no_stream', 0, 2] as const)('does not come when %s was expected', async (expected) => {
        const stream = await filled(2);
        await expect(store.tombstoneStream(stream, expected)).rejects.toMatchObject({ code: 'log.wrong_revision' });
        expect(await visible(stream)).toEqual(['e0', 'e1']);
      });
    });

    describe('the store’s own records', () => {
      const forged: [string, string, Partial<NewEvent>][] = [
        ['a type of the store in a stream', 'task-forged', { type: '$metadata' }],
        ['any type with a dollar sign', 'task-forged', { type: '$anything' }],
        ['an event among metadata', '$$task-forged', { type: 'Noted' }],
        ['a tombstone among metadata', '$$task-forged', { type: '$streamDeleted', data: {} }],
        ['another version of metadata', '$$task-forged', { type: '$metadata', v: 2, data: {} }],
      ];
      it.each(forged)('are no place for %s', async (_what, stream, parts) => {
        const append = store.append(stream, 'any', [{ ...noted('f'), ...parts }]);
        await expect(append).rejects.toMatchObject({ code: 'log.bad_event' });
      });

      it('come alone', async () => {
        const tombstone = { ...noted('t'), type: TOMBSTONE_TYPE, data: {} };
        const append = store.append(newStream(), 'any', [noted('e'), tombstone]);
        await expect(append).rejects.toMatchObject({ code: 'log.bad_event' });
      });

      it('make another store hide the same, imported', async () => {
        const source = openMemoryStore({ ...systemClock, now: () => time.now() });
        for (const stream of ['task-counted', 'task-deleted', 'task-begun', 'task-set', 'task-ended', 'task-whole'])
          await source.append(stream, 'no_stream', [noted('e0'), noted('e1'), noted('e2')]);
        await source.setStreamMetadata('task-counted', { maxCount: 1 });
        for (const stream of ['task-deleted', 'task-begun', 'task-set']) await source.deleteStream(stream, 2);
        await source.append('task-begun', 'no_stream', [noted('n3')]);
        await source.setStreamMetadata('task-set', { maxCount: 9 });
        await source.append('task-set', 'stream_exists', [noted('n3'), noted('n4')]);
        await source.tombstoneStream('task-ended', 2);
        const text: string[] = [];
        const exported = await exportLog(source, (line) => void text.push(line));
        const copy = await open(time);
        try {
          const lines = async function* () {
            yield* text;
          };
          expect(await importLog(lines, copy)).toEqual(exported);
          const read = async (of: EventStore, stream: string) =>
            (await all(of.readStream(stream))).map(({ id, revision }) => `${revision}:${id}`);
          for (const stream of ['task-counted', 'task-deleted', 'task-begun', 'task-set', 'task-whole'])
            expect(await read(copy, stream)).toEqual(await read(source, stream));
          await expect(read(copy, 'task-ended')).rejects.toMatchObject({ code: 'log.stream_deleted' });
          if (copy.capabilities.gapFreePositions)
            expect(await all(copy.readAll())).toEqual(await all(source.readAll()));
        } finally {
          await copy.close();
        }
      });
    });

    describe('who needs the whole stream', () => {
      const hidden = { kind: 'fault', code: 'log.history_hidden', retryable: false };
      const whole = (stream: string) => idsOf(readWhole(store, stream));

      it('gets it, or an empty one', async () => {
        expect(await whole(await filled(3))).toEqual(['e0', 'e1', 'e2']);
        expect(await whole(newStream())).toEqual([]);
        const roomy = await filled(3);
        await store.setStreamMetadata(roomy, { maxCount: 3 });
        expect(await whole(roomy)).toEqual(['e0', 'e1', 'e2']);
      });

      it('gets nothing of one in part', async () => {
        const cut = await filled(3);
        await store.setStreamMetadata(cut, { truncateBefore: 1 });
        await expect(whole(cut)).rejects.toMatchObject(hidden);
        await store.setStreamMetadata(cut, { truncateBefore: 3 });
        await expect(whole(cut)).rejects.toMatchObject(hidden);
        await store.setStreamMetadata(cut, { maxCount: 2 });
        await expect(whole(cut)).rejects.toMatchObject(hidden);
        await store.deleteStream(cut, 2);
        await expect(whole(cut)).rejects.toMatchObject(hidden);
        await store.append(cut, 'no_stream', [noted('n3')]);
        await expect(whole(cut)).rejects.toMatchObject(hidden);
        await store.setStreamMetadata(cut, {});
        expect(await whole(cut)).toEqual(['e0', 'e1', 'e2', 'n3']);
      });

      it.runIf(!ownTime)('gets nothing of one that has grown too old', async () => {
        const old = await filled(2);
        await store.setStreamMetadata(old, { maxAgeMs: 1000 });
        expect(await whole(old)).toEqual(['e0', 'e1']);
        time.pass(1001);
        await expect(whole(old)).rejects.toMatchObject(hidden);
      });
    });

    it('takes no call when it is closed', async () => {
      const other = await open(time);
      await other.close();
      const closed = { code: 'log.closed' };
      await expect(other.readStreamMetadata('task-a')).rejects.toMatchObject(closed);
      await expect(other.setStreamMetadata('task-a', {})).rejects.toMatchObject(closed);
      await expect(other.deleteStream('task-a', 'any')).rejects.toMatchObject(closed);
      await expect(other.tombstoneStream('task-a', 'any')).rejects.toMatchObject(closed);
    });

    it('does what a simple model does, whatever comes', async () => {
      const run = (actions: HidingAction[]) => runHiding(store, newStream(), actions, time);
      const actions = fc.array(ownTime ? hidingAction.filter(({ kind }) => kind !== 'pass') : hidingAction, {
        maxLength: 30,
      });
      await fc.assert(fc.asyncProperty(actions, run), { numRuns: histories });
    });
  });
}

function testTime(): TestTime {
  let now = 1_800_000_000_000;
  return {
    now: () => now,
    pass(ms) {
      now += ms;
    },
  };
}
