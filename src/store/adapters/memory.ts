import { systemClock } from '../../kernel/adapters/system.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Fault } from '../../kernel/errors.ts';
import { decideAppend, prepareRows } from '../append-rules.ts';
import type { AllRead, Appended, EventStore, Expected, NewEvent, StoredEvent, StreamRead } from '../event-store.ts';
import { createEmbeddedGroups } from '../groups/embedded.ts';
import { forgetfulStates } from '../groups/states.ts';
import type { EventStoreWithGroups } from '../persistent-subscriptions.ts';
import { matcherOf } from '../row-filter.ts';
import { type NewRow, type Row, toEvent } from '../rows.ts';
import { subscribeTo } from '../subscription.ts';
import { boundsOf, pageOfRows } from './row-log.ts';

/**
 * The log in memory, for tests and simulation: the same answers as the embedded one, in an order that depends on the
 * calls alone (no chance, no turn of the event loop; the clock is for the time-outs of groups). Not durable, of course,
 * and not hashed: nobody but this process can reach it, so a chain would find nothing.
 */
export function openMemoryStore(clock: Clock = systemClock): EventStoreWithGroups {
  const log: Row[] = [];
  const streams = new Map<string, { rows: Row[]; byId: Map<string, Row> }>();
  const listeners = new Set<() => void>();
  let closed = false;

  const rowsOf = (stream: string) => streams.get(stream)?.rows ?? [];

  function append(stream: string, expected: Expected, events: readonly NewEvent[]): Appended {
    assertOpen();
    const rows = prepareRows(stream, events);
    const kept = streams.get(stream);
    const state = { revision: (kept?.rows.length ?? 0) - 1, find: (id: string) => kept?.byId.get(id) };
    const repeated = decideAppend(stream, expected, rows, state);
    if (repeated) return repeated;
    for (const row of rows) keep(stream, row);
    for (const listener of listeners) listener();
    return { revision: rowsOf(stream).length - 1, position: BigInt(log.length), repeated: false };
  }

  function keep(stream: string, row: NewRow): void {
    const kept = streams.get(stream) ?? { rows: [], byId: new Map<string, Row>() };
    const stored: Row = { ...row, stream, revision: kept.rows.length, position: log.length + 1 };
    log.push(stored);
    kept.rows.push(stored);
    kept.byId.set(row.id, stored);
    streams.set(stream, kept);
  }

  function* readStream(stream: string, options: StreamRead = {}): Generator<StoredEvent> {
    assertOpen();
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY } = options;
    const rows = [...rowsOf(stream)];
    const passing =
      direction === 'forwards'
        ? rows.filter((row) => row.revision >= (options.from ?? 0))
        : rows.filter((row) => row.revision <= (options.from ?? rows.length)).reverse();
    yield* eventsOf(passing, limit);
  }

  function* readAll(options: AllRead = {}): Generator<StoredEvent> {
    assertOpen();
    const { low, high } = boundsOf(log.length, options);
    const matches = matcherOf(options.filter) ?? (() => true);
    const passing = log.slice(Math.max(low, 0), Math.max(high, 0)).filter(matches);
    yield* eventsOf(options.direction === 'backwards' ? passing.reverse() : passing, options.limit);
  }

  function* eventsOf(rows: Row[], limit = rows.length): Generator<StoredEvent> {
    for (const row of rows.slice(0, Math.max(limit, 0))) {
      assertOpen();
      yield toEvent(row);
    }
  }

  function assertOpen(): void {
    if (closed) throw new Fault('log.closed', 'the store is closed', { retryable: false });
  }

  const source = {
    head: () => BigInt(log.length),
    closed: () => closed,
    page: (after: bigint, filter: AllRead['filter']) => pageOfRows(log, 1, Number(after), filter),
    watch(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  const store: EventStore = {
    capabilities: {
      gapFreePositions: true,
      hashChain: false,
      payloadCheckedIdempotency: true,
      durable: false,
      otherWriters: false,
    },
    append: async (stream, expected, events) => append(stream, expected, events),
    readStream: (stream, options) => asyncOf(() => readStream(stream, options)),
    readAll: (options) => asyncOf(() => readAll(options)),
    subscribe(options) {
      assertOpen();
      return subscribeTo(source, options);
    },
    head: async () => source.head(),
    async close() {
      closed = true;
      for (const listener of listeners) listener();
      await groups.close();
    },
  };
  const groups = createEmbeddedGroups({ log: store, openStates: () => forgetfulStates, clock, assertOpen });
  listeners.add(groups.wake);
  return { ...store, groups };
}

async function* asyncOf<T>(values: () => Iterable<T>): AsyncGenerator<T> {
  yield* values();
}
