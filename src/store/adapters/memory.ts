import { systemClock } from '../../kernel/adapters/system.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Fault } from '../../kernel/errors.ts';
import { decideAppend, prepareRows, type StreamState, streamDeleted } from '../append-rules.ts';
import type { AllRead, Appended, EventStore, StoredEvent, StreamRead } from '../event-store.ts';
import { createEmbeddedGroups } from '../groups/embedded.ts';
import { forgetfulStates } from '../groups/states.ts';
import { type AskedAppend, hideByAppends, recordInBody, withRecords } from '../hiding.ts';
import type { EventStoreWithGroups } from '../persistent-subscriptions.ts';
import { matcherOf } from '../row-filter.ts';
import { type NewRow, type Row, toEvent } from '../rows.ts';
import {
  describedBy,
  firstVisible,
  type MetadataRecord,
  metadataStreamOf,
  nextRevision,
  TOMBSTONE_REVISION,
} from '../stream-metadata.ts';
import { subscribeTo } from '../subscription.ts';
import { boundsOf, pageOfRows } from './row-log.ts';

/**
 * The log in memory, for tests and simulation: the same answers as the embedded one, in an order that depends on the
 * calls alone (no chance, no turn of the event loop; the clock is for the time-outs of groups and where events are
 * hidden by age). Not durable, of course, and not hashed: nobody but this process can reach it, so a chain would find
 * nothing.
 */
export function openMemoryStore(clock: Clock = systemClock): EventStoreWithGroups {
  const log: Row[] = [];
  const streams = new Map<string, { rows: Row[]; byId: Map<string, Row> }>();
  const listeners = new Set<() => void>();
  let closed = false;

  const rowsOf = (stream: string) => streams.get(stream)?.rows ?? [];

  function append({ stream, expected, rows, given }: AskedAppend): Appended {
    assertOpen();
    if (given) decideAppend(given.stream, given.expected, [], stateOf(given.stream));
    const repeated = decideAppend(stream, expected, rows, stateOf(stream));
    if (repeated) return repeated;
    for (const one of withRecords(stream, rows, stateOf)) keep(one.stream, one.row);
    for (const listener of listeners) listener();
    return { revision: lastOf(stream), position: BigInt(log.length), repeated: false };
  }

  function stateOf(stream: string): StreamState {
    return {
      revision: hasEnded(stream) ? TOMBSTONE_REVISION : lastOf(stream),
      metadata: metadataIn(stream),
      find: (id) => streams.get(stream)?.byId.get(id),
    };
  }

  const lastOf = (stream: string) => rowsOf(stream).at(-1)?.revision ?? -1;

  /** Metadata ends with the stream that it is about. */
  const hasEnded = (stream: string) => lastOf(describedBy(stream) ?? stream) === TOMBSTONE_REVISION;

  function metadataIn(stream: string): MetadataRecord | undefined {
    const last = rowsOf(metadataStreamOf(stream)).at(-1);
    return last && recordInBody(last.body);
  }

  function keep(stream: string, row: NewRow): void {
    const kept = streams.get(stream) ?? { rows: [], byId: new Map<string, Row>() };
    const revision = nextRevision(lastOf(stream), row.type) as number;
    const stored: Row = { ...row, stream, revision, position: log.length + 1 };
    log.push(stored);
    kept.rows.push(stored);
    kept.byId.set(row.id, stored);
    streams.set(stream, kept);
  }

  function* readStream(stream: string, options: StreamRead = {}): Generator<StoredEvent> {
    assertOpen();
    if (hasEnded(stream)) throw streamDeleted(stream);
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY } = options;
    const visible = visibleOf(stream);
    const passing =
      direction === 'forwards'
        ? visible.filter((row) => row.revision >= (options.from ?? 0))
        : visible.filter((row) => row.revision <= (options.from ?? row.revision)).reverse();
    yield* eventsOf(passing, limit);
  }

  function visibleOf(stream: string): Row[] {
    const rows = rowsOf(stream);
    // Of metadata, the last record is in force, and no other is shown.
    if (describedBy(stream) !== undefined) return rows.slice(-1);
    const firstSince = (time: number) => rows.find((row) => row.at >= time)?.revision ?? rows.length;
    const first = firstVisible(metadataIn(stream), lastOf(stream), () => clock.now(), firstSince);
    return rows.filter((row) => row.revision >= first);
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

  const readEvents: EventStore['readStream'] = (stream, options) => asyncOf(() => readStream(stream, options));
  const store: EventStore = {
    capabilities: {
      gapFreePositions: true,
      hashChain: false,
      payloadCheckedIdempotency: true,
      durable: false,
      otherWriters: false,
    },
    append: async (stream, expected, events) => append({ stream, expected, rows: prepareRows(stream, events) }),
    readStream: readEvents,
    ...hideByAppends({
      append: async (asked) => append(asked),
      readStream: readEvents,
      newId: () => `evt_${log.length + 1}`,
      now: () => clock.now(),
    }),
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
