import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type {
  Appended,
  EventFilter,
  EventStore,
  Expected,
  NewEvent,
  StoredEvent,
  SubscribeOptions,
  SubscriptionItem,
} from '../../src/store/event-store.ts';

/** What every event store must do, whatever keeps the events. `open` gives an empty one; the suite closes it. */
/** `histories`: with how many random stories the store is compared to a model; each opens one anew. */
export function eventStoreContract(name: string, open: () => Promise<EventStore>, histories = 40): void {
  describe(`${name} keeps the contract of an event store`, () => {
    const opened: EventStore[] = [];
    async function empty(): Promise<EventStore> {
      const store = await open();
      opened.push(store);
      return store;
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });

    describe('expectations', () => {
      it('starts a stream that is expected not to be there', async () => {
        const store = await empty();
        const appended = await store.append('task-a', 'no_stream', [event('e1'), event('e2')]);
        expect(appended).toEqual({ revision: 1, position: await store.head(), repeated: false });
        expect(await revisionsOf(store, 'task-a')).toEqual([0, 1]);
      });

      const wrong: [string, Expected, number][] = [
        ['no_stream on a stream', 'no_stream', 1],
        ['a revision before the last', 0, 1],
        ['a revision behind the last', 2, 1],
      ];
      it.each(wrong)('refuses %s', async (_name, expected, actual) => {
        const store = await empty();
        await store.append('task-a', 'no_stream', [event('e1'), event('e2')]);
        await expect(store.append('task-a', expected, [event('e3')])).rejects.toMatchObject({
          kind: 'conflict',
          code: 'log.wrong_revision',
          details: { stream: 'task-a', expected, actual },
        });
        expect(await revisionsOf(store, 'task-a')).toEqual([0, 1]);
      });

      it.each(['stream_exists', 0] as const)('refuses %s where there is no stream', async (expected) => {
        const store = await empty();
        await expect(store.append('task-a', expected, [event('e1')])).rejects.toMatchObject({
          code: 'log.wrong_revision',
          details: { actual: -1 },
        });
        expect(await store.head()).toBe(0n);
      });

      it('appends behind the exact revision, to any stream, and to one that exists', async () => {
        const store = await empty();
        await store.append('task-a', 'any', [event('e1')]);
        await store.append('task-a', 0, [event('e2')]);
        await store.append('task-a', 'any', [event('e3')]);
        const last = await store.append('task-a', 'stream_exists', [event('e4')]);
        expect(last.revision).toBe(3);
        expect(await idsOf(store.readStream('task-a'))).toEqual(['e1', 'e2', 'e3', 'e4']);
      });

      it('lets one of many writers win a revision', async () => {
        const store = await empty();
        const tries = Array.from({ length: 20 }, (_, n) => store.append('task-a', 'no_stream', [event(`e${n}`)]));
        const results = await Promise.allSettled(tries);
        expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
        expect(await idsOf(store.readStream('task-a'))).toHaveLength(1);
      });
    });

    describe('repetitions', () => {
      async function three(): Promise<{ store: EventStore; first: Appended }> {
        const store = await empty();
        await store.append('task-a', 'no_stream', [event('e0')]);
        const first = await store.append('task-a', 0, [event('e1'), event('e2')]);
        await store.append('task-b', 'no_stream', [event('x')]);
        await store.append('task-a', 2, [event('e3')]);
        return { store, first };
      }
      const refusals: [string, Expected, string[], string][] = [
        ['no_stream, the first id new', 'no_stream', ['n', 'e0'], 'log.wrong_revision'],
        ['no_stream, the ids elsewhere', 'no_stream', ['e1', 'e2'], 'log.wrong_revision'],
        ['an early revision, the first id new', 0, ['n'], 'log.wrong_revision'],
        ['an early revision, the ids elsewhere', 0, ['e2'], 'log.wrong_revision'],
        ['an early revision, a known beginning and a new end', 0, ['e1', 'n'], 'log.corrupted_idempotency'],
        [
          'an early revision, a known beginning and an end from elsewhere',
          0,
          ['e1', 'e3'],
          'log.corrupted_idempotency',
        ],
        ['no_stream, a known beginning and a new end', 'no_stream', ['e0', 'n'], 'log.corrupted_idempotency'],
        ['any, a known beginning and a new end', 'any', ['e1', 'n'], 'log.corrupted_idempotency'],
        ['stream_exists, a known beginning and a new end', 'stream_exists', ['e3', 'n'], 'log.corrupted_idempotency'],
      ];
      it.each(refusals)('refuses %s', async (_name, expected, ids, code) => {
        const { store } = await three();
        const before = await store.head();
        await expect(
          store.append(
            'task-a',
            expected,
            ids.map((id) => event(id)),
          ),
        ).rejects.toMatchObject({ kind: 'conflict', code });
        expect(await store.head()).toBe(before);
      });

      it('tells a wrong revision from a repetition by what was there when it was refused', async () => {
        for (let round = 0; round < 20; round++) {
          const { store } = await three();
          const early = store
            .append('task-a', 5, [event('n'), event('m')])
            .catch((error: { code: string }) => error.code);
          const filling = ['f1', 'f2', 'n'].map((id) => event(id));
          expect(await store.append('task-a', 3, filling)).toMatchObject({ revision: 6 });
          expect(await early).toBe('log.wrong_revision');
          await store.close();
        }
      });

      it.each([0, 'any', 'stream_exists'] as const)('answers as the first time for %s', async (expected) => {
        const { store, first } = await three();
        const before = await store.head();
        const again = await store.append('task-a', expected, [event('e1'), event('e2')]);
        expect(again).toEqual({ ...first, repeated: true });
        expect(await store.head()).toBe(before);
      });

      it('answers a repeated creation as the first time', async () => {
        const { store } = await three();
        const again = await store.append('task-a', 'no_stream', [event('e0'), event('e1')]);
        expect(again).toMatchObject({ revision: 1, repeated: true });
      });

      it('takes the same id in two streams for two events', async () => {
        const { store } = await three();
        const appended = await store.append('task-b', 0, [event('e1')]);
        expect(appended).toMatchObject({ revision: 1, repeated: false });
      });

      it('takes another time or author for the same event, and keeps the first recording', async () => {
        const { store, first } = await three();
        const later = { ...event('e1'), at: 99, meta: { actor: 'server', correlationId: 'c' } };
        expect(await store.append('task-a', 0, [later, event('e2')])).toEqual({ ...first, repeated: true });
        const kept = await all(store.readStream('task-a', { from: 1, limit: 1 }));
        expect(kept[0]).toMatchObject({ at: event('e1').at, meta: event('e1').meta });
      });

      it('sees a repetition among appends that arrive together', async () => {
        const store = await empty();
        const [one, two] = await Promise.all([
          store.append('task-a', 'no_stream', [event('e1')]),
          store.append('task-a', 'no_stream', [event('e1')]),
        ]);
        expect(one.repeated).toBe(false);
        expect(two).toEqual({ ...one, repeated: true });
      });

      it('appends a known id once more or never, as the capability says', async () => {
        const { store } = await three();
        if (!store.capabilities.payloadCheckedIdempotency) {
          expect((await store.append('task-a', 3, [event('e1')])).repeated).toBe(false);
          return;
        }
        expect(await store.append('task-a', 3, [event('e1')])).toMatchObject({ revision: 1, repeated: true });
        await expect(store.append('task-a', 3, [event('n'), event('e1')])).rejects.toMatchObject({
          code: 'log.corrupted_idempotency',
        });
        await expect(store.append('task-a', 'any', [event('n'), event('e1')])).rejects.toMatchObject({
          code: 'log.corrupted_idempotency',
        });
      });

      it.each([0, 'any'] as const)('checks the payload where it can, for %s', async (expected) => {
        const { store, first } = await three();
        const other = { ...event('e1'), data: { other: true } };
        const append = store.append('task-a', expected, [other, event('e2')]);
        if (!store.capabilities.payloadCheckedIdempotency) expect((await append).repeated).toBe(true);
        else await expect(append).rejects.toMatchObject({ code: 'log.id_reused', details: { id: 'e1' } });
        const sameInOtherOrder = { ...event('e1'), data: { list: [1, { b: 2 }], id: 'e1' } };
        expect(await store.append('task-a', expected, [sameInOtherOrder, event('e2')])).toMatchObject({
          revision: first.revision,
          repeated: true,
        });
      });
    });

    describe('what is refused as input', () => {
      const badStreams = [
        '',
        'task',
        'task-',
        '-a',
        'Task-a',
        'task-A',
        'a b-c',
        'task-a/../b',
        `task-${'a'.repeat(81)}`,
        'task-a\n',
      ];
      it.each(badStreams)('refuses the stream name %j', async (stream) => {
        const store = await empty();
        await expect(store.append(stream, 'any', [event('e1')])).rejects.toMatchObject({
          kind: 'invalid',
          code: 'log.bad_stream',
        });
      });

      const cyclic: Record<string, unknown> = {};
      cyclic.self = cyclic;
      const badEvents: [string, NewEvent[]][] = [
        ['no event at all', []],
        ['an id that comes twice', [event('e1'), event('e1')]],
        ['an empty id', [event('')]],
        ['an id with a line break', [event('a\nb')]],
        ['an empty type', [{ ...event('e1'), type: '' }]],
        ['a version that is none', [{ ...event('e1'), v: 0 }]],
        ['a time that is none', [{ ...event('e1'), at: Number.NaN }]],
        ['data that is no object', [{ ...event('e1'), data: [] as unknown as NewEvent['data'] }]],
        ['data that is no JSON', [{ ...event('e1'), data: cyclic }]],
        ['data with a bigint', [{ ...event('e1'), data: { n: 1n } }]],
        ['more events than an append takes', Array.from({ length: 1025 }, (_, n) => event(`e${n}`))],
      ];
      it.each(badEvents)('refuses %s', async (_name, events) => {
        const store = await empty();
        await expect(store.append('task-a', 'any', events)).rejects.toMatchObject({ code: 'log.bad_event' });
        expect(await store.head()).toBe(0n);
      });

      it('takes an event of 256 KiB and refuses one a byte larger, whatever the characters', async () => {
        const store = await empty();
        for (const char of ['x', 'é', '€']) {
          const frame = Buffer.byteLength(JSON.stringify({ data: { text: '' }, meta: event('e').meta }));
          const room = 256 * 1024 - frame;
          const text = char.repeat(Math.floor(room / Buffer.byteLength(char)));
          const filled = text + 'x'.repeat(room - Buffer.byteLength(text));
          const stream = `task-s${Buffer.byteLength(char)}`;
          await store.append(stream, 'no_stream', [{ ...event('fits'), data: { text: filled } }]);
          await expect(
            store.append(stream, 0, [event('small'), { ...event('large'), data: { text: `${filled}x` } }]),
          ).rejects.toMatchObject({ kind: 'invalid', code: 'log.event_too_large' });
          expect(await idsOf(store.readStream(stream))).toEqual(['fits']);
        }
      });
    });

    describe('batches', () => {
      it('keeps a refused batch out as a whole, and its neighbours in', async () => {
        const store = await empty();
        const results = await Promise.allSettled([
          store.append('task-a', 'no_stream', [event('a1'), event('a2')]),
          store.append('task-a', 'no_stream', [event('a3'), event('a4')]),
          store.append('task-a', 1, [event('a5')]),
          store.append('Bad', 'any', [event('b')]),
          store.append('task-c', 'no_stream', [event('c1'), event('c2'), event('c3')]),
        ]);
        expect(results.map((result) => result.status)).toEqual([
          'fulfilled',
          'rejected',
          'fulfilled',
          'rejected',
          'fulfilled',
        ]);
        expect(await idsOf(store.readAll())).toEqual(['a1', 'a2', 'a5', 'c1', 'c2', 'c3']);
      });

      it('keeps what was given at the moment of the call, and lends it to nobody', async () => {
        const store = await empty();
        const given = event('e1');
        const appended = store.append('task-a', 'any', [given]);
        given.data.id = 'changed';
        await appended;
        const [read] = await all(store.readStream('task-a'));
        expect(read?.data.id).toBe('e1');
        (read as StoredEvent).data.id = 'changed too';
        expect((await all(store.readAll()))[0]?.data.id).toBe('e1');
      });

      it('gives back every kind of JSON as it came', async () => {
        const store = await empty();
        await fc.assert(
          fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.integer({ min: 1 }), async (data, n) => {
            const stream = `task-j${n}`;
            const before = (await all(store.readStream(stream))).length;
            await store.append(stream, 'any', [{ ...event(`j${before}`), data }]);
            const [read] = await all(store.readStream(stream, { direction: 'backwards', limit: 1 }));
            expect(read?.data).toEqual(JSON.parse(JSON.stringify(data)));
          }),
          { numRuns: 50 },
        );
      });
    });

    describe('reading', () => {
      async function filled(): Promise<{ store: EventStore; positions: bigint[] }> {
        const store = await empty();
        const events: [string, string, string | undefined][] = [
          ['task-tsk_1', 'TaskCreated', 'wfl_1'],
          ['task-tsk_2', 'TaskCreated', 'wfl_2'],
          ['agent-agt_1', 'AgentRequested', 'wfl_1'],
          ['task-tsk_1', 'TaskAssigned', 'wfl_1'],
          ['taskforce-x', 'TaskCreated', undefined],
          ['task-tsk_11', 'TaskAssigned', 'wfl_1'],
          ['fleet-main', 'SlotGranted', undefined],
        ];
        const positions: bigint[] = [];
        for (const [n, [stream, type, workflowId]] of events.entries()) {
          const meta = { actor: 'server', correlationId: 'c', ...(workflowId && { scope: { workflowId } }) };
          positions.push((await store.append(stream, 'any', [{ ...event(`e${n}`), type, meta }])).position);
        }
        return { store, positions };
      }

      it('gives each event whole', async () => {
        const store = await empty();
        const given = event('e1');
        const { position } = await store.append('task-a', 'any', [given]);
        expect(await all(store.readStream('task-a'))).toEqual([{ ...given, stream: 'task-a', revision: 0, position }]);
        expect(await all(store.readAll())).toEqual([{ ...given, stream: 'task-a', revision: 0, position }]);
      });

      it('finds nothing in a stream that is not there', async () => {
        const store = await empty();
        expect(await all(store.readStream('task-none'))).toEqual([]);
        expect(await all(store.readStream('no name at all'))).toEqual([]);
        expect(await all(store.readAll())).toEqual([]);
      });

      it('reads a stream in both directions, from a revision, up to a limit', async () => {
        const store = await empty();
        await store.append(
          'task-a',
          'any',
          ['e0', 'e1', 'e2', 'e3'].map((id) => event(id)),
        );
        const read = (options: Parameters<EventStore['readStream']>[1]) => idsOf(store.readStream('task-a', options));
        expect(await read({ from: 2 })).toEqual(['e2', 'e3']);
        expect(await read({ limit: 2 })).toEqual(['e0', 'e1']);
        expect(await read({ direction: 'backwards' })).toEqual(['e3', 'e2', 'e1', 'e0']);
        expect(await read({ direction: 'backwards', from: 1 })).toEqual(['e1', 'e0']);
        expect(await read({ direction: 'backwards', from: 9, limit: 1 })).toEqual(['e3']);
        expect(await read({ from: 4 })).toEqual([]);
        expect(await read({ limit: 0 })).toEqual([]);
      });

      it('reads the log in both directions, between two positions, up to a limit', async () => {
        const { store, positions } = await filled();
        const at = (n: number) => positions[n] as bigint;
        const read = (options: Parameters<EventStore['readAll']>[0]) => idsOf(store.readAll(options));
        expect(await read({ after: at(4) })).toEqual(['e5', 'e6']);
        expect(await read({ until: at(1) })).toEqual(['e0', 'e1']);
        expect(await read({ after: at(1), until: at(3) })).toEqual(['e2', 'e3']);
        expect(await read({ limit: 2 })).toEqual(['e0', 'e1']);
        expect(await read({ after: at(6) })).toEqual([]);
        expect(await read({ after: at(6) + 100n })).toEqual([]);
        expect(await read({ direction: 'backwards', limit: 2 })).toEqual(['e6', 'e5']);
        expect(await read({ direction: 'backwards', after: at(2) })).toEqual(['e1', 'e0']);
        expect(await read({ direction: 'backwards', until: at(1) })).toEqual(['e1', 'e0']);
        expect(await read({ direction: 'backwards', after: at(0) })).toEqual([]);
      });

      const filters: [string, EventFilter, string[]][] = [
        ['a category', { streamPrefixes: ['task-'] }, ['e0', 'e1', 'e3', 'e5']],
        ['the beginning of categories', { streamPrefixes: ['task'] }, ['e0', 'e1', 'e3', 'e4', 'e5']],
        ['the beginning of streams', { streamPrefixes: ['task-tsk_1'] }, ['e0', 'e3', 'e5']],
        [
          'several prefixes that overlap',
          { streamPrefixes: ['fleet-', 'task-tsk_1', 'task-tsk_11'] },
          ['e0', 'e3', 'e5', 'e6'],
        ],
        ['whole streams', { streamPrefixes: ['agent-agt_1', 'task-tsk_2'] }, ['e1', 'e2']],
        ['types', { types: ['TaskAssigned', 'SlotGranted'] }, ['e3', 'e5', 'e6']],
        ['a type and a prefix', { types: ['TaskCreated'], streamPrefixes: ['task-'] }, ['e0', 'e1']],
        ['a type and one stream', { types: ['TaskAssigned'], streamPrefixes: ['task-tsk_1'] }, ['e3', 'e5']],
        ['a workflow', { workflowId: 'wfl_1' }, ['e0', 'e2', 'e3', 'e5']],
        [
          'a workflow, a type and a prefix',
          { workflowId: 'wfl_1', types: ['TaskAssigned'], streamPrefixes: ['task-tsk_11', 'agent'] },
          ['e5'],
        ],
        ['what nothing has', { types: ['Never'] }, []],
        ['a prefix that nothing has', { streamPrefixes: ['task-tsk_3', 'nobody'] }, []],
        ['a workflow that nothing has', { workflowId: 'wfl_3' }, []],
        ['no type', { types: [] }, []],
        ['no prefix', { streamPrefixes: [] }, []],
        ['an empty prefix', { streamPrefixes: [''] }, ['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6']],
        ['nothing', {}, ['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6']],
      ];
      it.each(filters)('filters by %s', async (_name, filter, ids) => {
        const { store, positions } = await filled();
        expect(await idsOf(store.readAll({ filter }))).toEqual(ids);
        expect(await idsOf(store.readAll({ filter, direction: 'backwards' }))).toEqual([...ids].reverse());
        expect(await idsOf(store.readAll({ filter, limit: 1 }))).toEqual(ids.slice(0, 1));
        expect(
          await idsOf(store.readAll({ filter, after: positions[0] as bigint, until: positions[5] as bigint })),
        ).toEqual(ids.filter((id) => id > 'e0' && id < 'e6'));
        expect(await idsOf(live(store, { filter }))).toEqual(ids);
      });

      it('reads on over the end of a page', async () => {
        const store = await empty();
        const ids = await fill(store, 2345);
        expect(await idsOf(store.readAll())).toEqual(ids);
        expect(await idsOf(store.readAll({ direction: 'backwards' }))).toEqual([...ids].reverse());
        expect(await idsOf(store.readAll({ filter: { types: ['Noted'] } }))).toEqual(ids);
        expect(await idsOf(store.readAll({ filter: { streamPrefixes: ['task-'] }, limit: 1500 }))).toEqual(
          ids.slice(0, 1500),
        );
        const stream = ids.filter((_id, n) => n % 2 === 0);
        expect(await idsOf(store.readStream('task-s0'))).toEqual(stream);
        expect(await idsOf(store.readStream('task-s0', { direction: 'backwards' }))).toEqual([...stream].reverse());
      });

      it('reads the log up to where it was when reading began', async () => {
        const { store } = await filled();
        const ids: string[] = [];
        for await (const { id } of store.readAll()) {
          ids.push(id);
          if (ids.length < 20) await store.append('task-late', 'any', [event(`late${ids.length}`)]);
        }
        expect(ids).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6']);
      });
    });

    it('numbers positions upwards, without a gap where it says so', async () => {
      const store = await empty();
      const appends = Array.from({ length: 50 }, (_, n) =>
        store.append(`task-s${n % 7}`, n % 3 === 0 ? 'no_stream' : 'any', [event(`a${n}`), event(`b${n}`)]),
      );
      await Promise.allSettled(appends);
      const positions = (await all(store.readAll())).map(({ position }) => position);
      positions.forEach((position, n) => {
        if (n > 0) expect(position > (positions[n - 1] as bigint)).toBe(true);
        if (store.capabilities.gapFreePositions) expect(position).toBe(BigInt(n + 1));
      });
      expect(positions.at(-1)).toBe(await store.head());
    });

    describe('subscriptions', () => {
      it('says once that it has caught up, and goes on live', async () => {
        const store = await empty();
        await store.append('task-a', 'any', [event('e1'), event('e2')]);
        const subscription = store.subscribe()[Symbol.asyncIterator]();
        expect(await flat(subscription, 2)).toEqual(['e1', 'e2', 'caught_up']);
        const waiting = flat(subscription, 1);
        await store.append('task-a', 'any', [event('e3')]);
        expect(await waiting).toEqual(['e3']);
        await store.append('task-b', 'any', [event('e4')]);
        expect(await flat(subscription, 1)).toEqual(['e4']);
        await subscription.return?.();
      });

      it('has caught up with an empty log at once', async () => {
        const store = await empty();
        const subscription = store.subscribe()[Symbol.asyncIterator]();
        expect((await subscription.next()).value).toEqual({ kind: 'caught_up', position: 0n });
        await subscription.return?.();
      });

      it('has caught up when nothing old passes the filter', async () => {
        const store = await empty();
        const { position } = await store.append('task-a', 'any', [event('e1')]);
        const subscription = store.subscribe({ filter: { streamPrefixes: ['agent-'] } })[Symbol.asyncIterator]();
        expect((await subscription.next()).value).toEqual({ kind: 'caught_up', position });
        const waiting = flat(subscription, 1);
        await store.append('task-a', 'any', [event('e2')]);
        await store.append('agent-a', 'any', [event('e3')]);
        expect(await waiting).toEqual(['e3']);
        await subscription.return?.();
      });

      it('goes on from any position without gap or repeat, while many append', async () => {
        const store = await empty();
        await fill(store, 300);
        const head = await store.head();
        const seen = new Map<bigint, Promise<string[]>>();
        const until = new AbortController();
        const starts = [0n, 1n, head / 2n, head - 1n, head];
        for (const after of starts) seen.set(after, idsUntil(store, { after, signal: until.signal }, 'last'));
        const writers = Array.from({ length: 5 }, async (_, writer) => {
          for (let n = 0; n < 60; n++) await store.append(`task-w${writer}`, 'any', [event(`w${writer}_${n}`)]);
        });
        await Promise.all(writers);
        await store.append('task-z', 'any', [event('last')]);
        const log = await all(store.readAll());
        for (const after of starts) {
          const expected = log.filter(({ position }) => position > after).map(({ id }) => id);
          expect(await seen.get(after)).toEqual(expected);
        }
        until.abort();
      });

      it('keeps a slow reader’s place and lets appends pass it', async () => {
        const store = await empty();
        const subscription = store.subscribe()[Symbol.asyncIterator]();
        await subscription.next();
        const ids = await fill(store, 1500);
        const seen: string[] = [];
        while (seen.length < ids.length) seen.push(...(await flat(subscription, 1)));
        expect(seen).toEqual(ids);
        await subscription.return?.();
      });

      it('refuses a position that the log has not reached', async () => {
        const store = await empty();
        await store.append('task-a', 'any', [event('e1')]);
        const subscription = store.subscribe({ after: (await store.head()) + 1n })[Symbol.asyncIterator]();
        await expect(subscription.next()).rejects.toMatchObject({ kind: 'invalid', code: 'position.ahead' });
      });

      it('ends when its signal aborts, also while it waits', async () => {
        const store = await empty();
        const abort = new AbortController();
        const subscription = store.subscribe({ signal: abort.signal })[Symbol.asyncIterator]();
        await subscription.next();
        const waiting = subscription.next();
        abort.abort();
        expect(await waiting).toEqual({ value: undefined, done: true });
        const never = store.subscribe({ signal: AbortSignal.abort() })[Symbol.asyncIterator]();
        expect((await never.next()).done).toBe(true);
      });

      it('can be left while it waits', async () => {
        const store = await empty();
        const subscription = store.subscribe()[Symbol.asyncIterator]();
        await subscription.next();
        const waiting = subscription.next();
        await subscription.return?.();
        expect((await waiting).done).toBe(true);
      });

      it('ends when the store closes', async () => {
        const store = await empty();
        const subscription = store.subscribe()[Symbol.asyncIterator]();
        await subscription.next();
        const waiting = subscription.next();
        await store.close();
        expect((await waiting).done).toBe(true);
      });
    });

    describe('closing', () => {
      it('ends a subscription that is still catching up', async () => {
        const store = await empty();
        await fill(store, 6000, 100);
        const items = all(store.subscribe());
        await store.close();
        expect((await items).filter(({ kind }) => kind === 'caught_up').length).toBeLessThanOrEqual(1);
      });

      it('waits for appends under way, refuses later ones, and may be asked twice', async () => {
        const store = await empty();
        const underWay = store.append('task-a', 'any', [event('e1')]);
        const closed = store.close();
        expect((await underWay).revision).toBe(0);
        await closed;
        await store.close();
        await expect(store.append('task-a', 'any', [event('e2')])).rejects.toMatchObject({ code: 'log.closed' });
        await expect(all(store.readAll())).rejects.toMatchObject({ code: 'log.closed' });
        await expect(all(store.readStream('task-a'))).rejects.toMatchObject({ code: 'log.closed' });
        expect(() => store.subscribe()).toThrow(expect.objectContaining({ code: 'log.closed' }));
      });
    });

    it('does what a simple model does, whatever comes', { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
          const store = await open();
          try {
            await runAgainstModel(store, actions);
          } finally {
            await store.close();
          }
        }),
        { numRuns: histories },
      );
    });
  });
}

/** An append of events with the given ids to one of three streams; `together`: before the previous one has answered. */
interface Action {
  stream: string;
  expected: Expected;
  ids: string[];
  together: boolean;
}

const action: fc.Arbitrary<Action> = fc.record({
  stream: fc.constantFrom('task-a', 'task-b', 'agent-a'),
  expected: fc.oneof(fc.constantFrom<Expected[]>('any', 'no_stream', 'stream_exists'), fc.integer({ min: 0, max: 6 })),
  ids: fc.uniqueArray(
    fc.integer({ min: 0, max: 12 }).map((n) => `e${n}`),
    { minLength: 1, maxLength: 3 },
  ),
  together: fc.boolean(),
});

async function runAgainstModel(store: EventStore, actions: Action[]): Promise<void> {
  const model: { stream: string; id: string }[] = [];
  const answers: Promise<void>[] = [];
  for (const { stream, expected, ids, together } of actions) {
    const predict = store.capabilities.payloadCheckedIdempotency ? predictStrict : predictLikeEventStoreDb;
    const predicted = predict(model, stream, expected, ids);
    const asked = store
      .append(
        stream,
        expected,
        ids.map((id) => event(id)),
      )
      .then(
        ({ revision, repeated }) => ({ revision, repeated }),
        (error: { code: string }) => error.code,
      );
    answers.push(asked.then((answer) => expect(answer).toEqual(predicted)));
    if (!together) await Promise.all(answers.splice(0));
  }
  await Promise.all(answers);
  expect((await all(store.readAll())).map(({ stream, id }) => ({ stream, id }))).toEqual(model);
  for (const stream of ['task-a', 'task-b', 'agent-a']) {
    const ids = model.filter((one) => one.stream === stream).map(({ id }) => id);
    expect(await idsOf(store.readStream(stream))).toEqual(ids);
    expect(await idsOf(store.readAll({ filter: { streamPrefixes: [stream] }, direction: 'backwards' }))).toEqual(
      ids.reverse(),
    );
  }
}

/** EventStoreDB's own rules, over a plain list: with the exact revision no id is looked for. */
function predictLikeEventStoreDb(
  model: { stream: string; id: string }[],
  stream: string,
  expected: Expected,
  ids: string[],
) {
  const kept = model.filter((one) => one.stream === stream).map(({ id }) => id);
  const last = kept.length - 1;
  const exact = expected === 'no_stream' ? -1 : typeof expected === 'number' ? expected : undefined;
  if (exact !== undefined && exact !== last) {
    if (kept[exact + 1] !== ids[0]) return 'log.wrong_revision';
    const same = ids.every((id, n) => kept[exact + 1 + n] === id);
    return same ? { revision: exact + ids.length, repeated: true } : 'log.corrupted_idempotency';
  }
  if (exact === undefined && kept.includes(ids[0] as string)) {
    if (ids.some((id) => !kept.includes(id))) return 'log.corrupted_idempotency';
    return { revision: kept.lastIndexOf(ids.at(-1) as string), repeated: true };
  }
  if (expected === 'stream_exists' && last < 0) return 'log.wrong_revision';
  model.push(...ids.map((id) => ({ stream, id })));
  return { revision: last + ids.length, repeated: false };
}

/** The rules of `append-rules.ts` once more, over a plain list; what is to be appended is added to it. */
function predictStrict(model: { stream: string; id: string }[], stream: string, expected: Expected, ids: string[]) {
  const kept = model.filter((one) => one.stream === stream).map(({ id }) => id);
  const last = kept.length - 1;
  const exact = expected === 'no_stream' ? -1 : typeof expected === 'number' ? expected : undefined;
  const places = ids.map((id) => kept.indexOf(id));
  if (exact !== undefined && exact !== last) {
    if (places[0] !== exact + 1) return 'log.wrong_revision';
    const inOrder = places.every((place, n) => place === exact + 1 + n);
    return inOrder ? { revision: places.at(-1), repeated: true } : 'log.corrupted_idempotency';
  }
  if (places.every((place) => place >= 0)) return { revision: places.at(-1), repeated: true };
  if (places.some((place) => place >= 0)) return 'log.corrupted_idempotency';
  if (expected === 'stream_exists' && last < 0) return 'log.wrong_revision';
  model.push(...ids.map((id) => ({ stream, id })));
  return { revision: last + ids.length, repeated: false };
}

/** A made-up event; the same id gives an equal one. */
export function event(id: string): NewEvent {
  return {
    id,
    type: 'Noted',
    v: 1,
    at: 1_700_000_000_000,
    data: { id, list: [1, { b: 2 }] },
    meta: { actor: 'operator', correlationId: 'cmd_1' },
  };
}

/** Appends `count` events by turns to `task-s0` and `task-s1`, `each` at a time; answers their ids in order of the log. */
async function fill(store: EventStore, count: number, each = 1): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, n) => `f${String(n).padStart(6, '0')}`);
  const appends = Array.from({ length: Math.ceil(count / each) }, (_, n) =>
    store.append(
      `task-s${n % 2}`,
      'any',
      ids.slice(n * each, (n + 1) * each).map((id) => event(id)),
    ),
  );
  await Promise.all(appends);
  return ids;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export async function idsOf(events: AsyncIterable<{ id: string }>): Promise<string[]> {
  return (await all(events)).map(({ id }) => id);
}

async function revisionsOf(store: EventStore, stream: string): Promise<number[]> {
  return (await all(store.readStream(stream))).map(({ revision }) => revision);
}

/** The events of a subscription up to where it has caught up. */
async function* live(store: EventStore, options: SubscribeOptions): AsyncGenerator<StoredEvent> {
  for await (const item of store.subscribe(options)) {
    if (item.kind === 'caught_up') return;
    yield* item.events;
  }
}

/** The ids in the next `count` items, `caught_up` where it comes. */
async function flat(subscription: AsyncIterator<SubscriptionItem>, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const { value, done } = await subscription.next();
    if (done) break;
    const item: SubscriptionItem = value;
    if (item.kind === 'events') ids.push(...item.events.map(({ id }) => id));
    else ids.push(item.kind);
  }
  return ids;
}

/** What a subscription delivers up to the event `last`, that included; fails when it catches up twice. */
async function idsUntil(store: EventStore, options: SubscribeOptions, last: string): Promise<string[]> {
  const ids: string[] = [];
  let caughtUp = 0;
  for await (const item of store.subscribe(options)) {
    if (item.kind === 'caught_up') expect(++caughtUp).toBe(1);
    else ids.push(...item.events.map(({ id }) => id));
    if (ids.includes(last)) break;
  }
  return ids;
}
