import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { DeleteExpected, EventStore, Expected } from '../../src/store/event-store.ts';
import type { StreamMetadata } from '../../src/store/stream-metadata.ts';
import { event, idsOf } from './event-store.contract.ts';

export type HidingAction =
  | { kind: 'append'; expected: Expected; count: number }
  | { kind: 'set'; metadata: StreamMetadata }
  | { kind: 'delete' | 'tombstone'; expected: DeleteExpected }
  | { kind: 'pass'; ms: number };

const revision = fc.integer({ min: 0, max: 5 });
const words = ['any', 'any', 'no_stream', 'stream_exists'] as const;

/** Something that is done to a stream, or time that passes. */
export const hidingAction: fc.Arbitrary<HidingAction> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      expected: fc.oneof(fc.constantFrom(...words), revision),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      metadata: fc.record(
        {
          maxCount: fc.integer({ min: 1, max: 4 }),
          maxAgeMs: fc.integer({ min: 1, max: 3 }).map((seconds) => seconds * 1000),
          truncateBefore: fc.integer({ min: 0, max: 8 }),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('delete' as const, 'delete' as const, 'delete' as const, 'tombstone' as const),
      expected: fc.oneof(fc.constantFrom('any' as const, 'no_stream' as const), revision),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 2500 }) }),
  },
);

/** A stream as plain lists: the rules once more, told in another way. */
interface Model {
  events: { id: string; at: number }[];
  metadata: StreamMetadata | null;
  deleted: boolean;
  ended: boolean;
}

/** Does each to the store and to the model, and compares answers, what a reader sees, and the log at the end. */
export async function runHiding(
  store: EventStore,
  stream: string,
  actions: readonly HidingAction[],
  time: { now(): number; pass(ms: number): void },
): Promise<void> {
  const model: Model = { events: [], metadata: null, deleted: false, ended: false };
  let ids = 0;
  for (const action of actions) {
    if (action.kind === 'pass') time.pass(action.ms);
    else {
      const fresh = action.kind === 'append' ? Array.from({ length: action.count }, () => `m${ids++}`) : [];
      const predicted = predict(model, action, fresh, time.now());
      expect(await perform(store, stream, action, fresh, time.now())).toEqual(predicted);
    }
    await compare(store, stream, model, time.now());
  }
  const log = await idsOf(store.readAll({ filter: { streamPrefixes: [stream], types: ['Noted'] } }));
  expect(log).toEqual(model.events.map(({ id }) => id));
}

type Deed = Exclude<HidingAction, { kind: 'pass' }>;

async function perform(store: EventStore, stream: string, action: Deed, ids: string[], at: number): Promise<unknown> {
  try {
    switch (action.kind) {
      case 'append': {
        const events = ids.map((id) => ({ ...event(id), at }));
        return (await store.append(stream, action.expected, events)).revision;
      }
      case 'set':
        await store.setStreamMetadata(stream, action.metadata);
        return 'done';
      case 'delete':
        await store.deleteStream(stream, action.expected);
        return 'done';
      case 'tombstone':
        await store.tombstoneStream(stream, action.expected);
        return 'done';
    }
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function predict(model: Model, action: Deed, ids: string[], at: number): unknown {
  if (model.ended) return 'log.stream_deleted';
  if (action.kind !== 'set' && !isExpected(model, action.expected)) return 'log.wrong_revision';
  const here = model.events.length;
  switch (action.kind) {
    case 'append':
      if (model.deleted) model.metadata = { truncateBefore: here };
      model.deleted = false;
      model.events.push(...ids.map((id) => ({ id, at })));
      return model.events.length - 1;
    case 'set':
      model.metadata = { ...action.metadata, ...(model.deleted && { truncateBefore: here }) };
      model.deleted = false;
      return 'done';
    case 'delete':
      model.metadata = {};
      model.deleted = true;
      return 'done';
    case 'tombstone':
      model.ended = true;
      return 'done';
  }
}

function isExpected({ events, deleted, metadata }: Model, expected: Expected): boolean {
  if (expected === 'any') return true;
  if (expected === 'no_stream') return deleted || events.length === 0;
  if (expected === 'stream_exists') return !deleted && (events.length > 0 || metadata !== null);
  return expected === events.length - 1;
}

async function compare(store: EventStore, stream: string, model: Model, now: number): Promise<void> {
  if (model.ended) {
    await expect(idsOf(store.readStream(stream))).rejects.toMatchObject({ code: 'log.stream_deleted' });
    return;
  }
  const { maxCount = Number.POSITIVE_INFINITY, maxAgeMs, truncateBefore = 0 } = model.metadata ?? {};
  const visible = model.events
    .filter((_one, n) => !model.deleted && n >= truncateBefore && model.events.length - n <= maxCount)
    .filter(({ at }) => maxAgeMs === undefined || now - at <= maxAgeMs)
    .map(({ id }) => id);
  expect(await idsOf(store.readStream(stream))).toEqual(visible);
  expect(await idsOf(store.readStream(stream, { direction: 'backwards' }))).toEqual([...visible].reverse());
  const { metadata, deleted } = await store.readStreamMetadata(stream);
  expect({ metadata, deleted }).toEqual({ metadata: model.metadata ?? {}, deleted: model.deleted });
}
