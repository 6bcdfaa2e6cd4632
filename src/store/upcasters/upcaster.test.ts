import { describe, expect, it } from 'vitest';
import { openMemoryStore } from '../adapters/memory.ts';
import type { NewEvent, StoredEvent } from '../event-store.ts';
import { createUpcaster, UPCASTS, type Upcast, withUpcasters } from './index.ts';

const named = (type: string, v: number, data: NewEvent['data']): NewEvent => ({
  id: `${type}${v}`,
  type,
  v,
  at: 1,
  data,
  meta: { actor: 'operator', correlationId: 'c' },
});
const stored = (event: NewEvent): StoredEvent => ({ ...event, stream: 'task-a', revision: 0, position: 1n });

const titleBecameGoal: Upcast = { type: 'Made', from: 1, up: ({ title, ...rest }) => ({ ...rest, goal: title }) };
const goalBecameList: Upcast = { type: 'Made', from: 2, up: ({ goal, ...rest }) => ({ ...rest, goals: [goal] }) };
const upcaster = createUpcaster([goalBecameList, titleBecameGoal]);

describe('an upcaster', () => {
  it('brings an old event up, step by step', () => {
    expect(upcaster(stored(named('Made', 1, { title: 't', n: 1 })))).toMatchObject({
      v: 3,
      data: { goals: ['t'], n: 1 },
    });
    expect(upcaster(stored(named('Made', 2, { goal: 't' })))).toMatchObject({ v: 3, data: { goals: ['t'] } });
  });

  it('keeps today’s, newer and unknown events as they are', () => {
    for (const event of [named('Made', 3, { goals: [] }), named('Made', 9, { x: 1 }), named('Else', 1, { title: 't' })])
      expect(upcaster(stored(event))).toEqual(stored(event));
  });

  it('gives the same for the same and leaves the event alone', () => {
    const event = stored(named('Made', 1, { title: 't' }));
    expect(upcaster(event)).toEqual(upcaster(event));
    expect(event).toEqual(stored(named('Made', 1, { title: 't' })));
  });

  it.each([
    ['a missing step', [titleBecameGoal, { ...goalBecameList, from: 3 }]],
    ['a step that comes twice', [titleBecameGoal, titleBecameGoal]],
  ])('refuses %s', (_name, list) => {
    expect(() => createUpcaster(list)).toThrow(expect.objectContaining({ kind: 'defect' }));
  });

  it('takes the steps that are shipped', () => {
    expect(() => createUpcaster(UPCASTS)).not.toThrow();
  });
});

describe('a store with upcasters', () => {
  it('shows newest versions on every way out and stores what it was given', async () => {
    const inner = openMemoryStore();
    const store = withUpcasters(inner, upcaster);
    await store.append('task-a', 'no_stream', [named('Made', 1, { title: 't' })]);
    const want = { v: 3, data: { goals: ['t'] } };
    for await (const event of store.readStream('task-a')) expect(event).toMatchObject(want);
    for await (const event of store.readAll()) expect(event).toMatchObject(want);
    const items = store.subscribe()[Symbol.asyncIterator]();
    expect((await items.next()).value).toMatchObject({ events: [want] });
    expect((await items.next()).value).toMatchObject({ kind: 'caught_up' });
    const waiting = items.next();
    await items.return?.();
    expect((await waiting).done).toBe(true);
    await store.groups.create({ name: 'readers' });
    const message = (await store.groups.subscribe({ name: 'readers' }).next()).value;
    expect(message).toMatchObject({ event: want, retries: 0 });
    await message.ack();
    expect(await inner.groups.info({ name: 'readers' })).toMatchObject({ inFlight: 0, checkpoint: 1n });
    for await (const event of inner.readAll()) expect(event).toMatchObject({ v: 1, data: { title: 't' } });
    expect(await store.head()).toBe(1n);
    await store.close();
    await expect(inner.append('task-a', 'any', [named('Made', 1, {})])).rejects.toMatchObject({ code: 'log.closed' });
  });
});
