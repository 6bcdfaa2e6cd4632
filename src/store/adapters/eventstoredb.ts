import { systemRandom } from '../../kernel/adapters/system.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Fault, HephError } from '../../kernel/errors.ts';
import { createIds } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import type { AllRead, EventFilter, EventStore, Position, StoredEvent, StreamRead } from '../event-store.ts';
import type { EventStoreWithGroups } from '../persistent-subscriptions.ts';
import { type SubscriptionPage, subscribeTo } from '../subscription.ts';
import { startBell } from './eventstoredb/bell.ts';
import { type Calls, type CallTimes, createCalls } from './eventstoredb/calls.ts';
import { loadDriver } from './eventstoredb/client.ts';
import { createCodec } from './eventstoredb/codec.ts';
import { createEsdbGroups } from './eventstoredb/groups.ts';
import { createHeads } from './eventstoredb/heads.ts';
import { createHiding } from './eventstoredb/hiding.ts';
import { logIdOf } from './eventstoredb/identity.ts';
import { createReader } from './eventstoredb/reader.ts';
import { createWriter } from './eventstoredb/writer.ts';
import { deferred } from './eventstoredb/deferred.ts';

export { isEsdbUrl } from './eventstoredb/client.ts';

export interface EventStoreDbOptions {
  /** `esdb://…` or `kurrentdb://…`, with everything that the client's connection strings may say. */
  url: string;
  /** One event store keeps many logs; this names ours. Lower-case letters and digits. Default `heph`. */
  namespace?: string;
  clock: Clock;
  random?: Random;
  times?: CallTimes;
}

export interface EventStoreDb extends EventStoreWithGroups {
  /** Of the log in this namespace; made when it is opened for the first time. */
  readonly logId: string;
  /** `reason`: why nothing is heard of the event store at this moment, or null. */
  health(): { position: Position; reason: string | null };
}

// Both clients notice a silent connection after twenty seconds: giving up earlier would make a hiccup a failure.
const TIMES: CallTimes = { callMs: 10_000, giveUpMs: 45_000 };
const NAMESPACE_PATTERN = /^[a-z][a-z0-9]{0,39}$/;
const PAGE_EVENTS_MAX = 500;

/**
 * The log in an EventStoreDB or KurrentDB. Positions are the store's, with gaps; it hashes nothing; a known id is taken
 * for a repetition whatever its payload, and is not looked for at all when the expected revision is the exact one.
 * Throws Invalid `store.bad_url`, Fault `store.no_client`, `log.timeout` when nobody answers, `log.refused`.
 */
export async function openEventStoreDb(options: EventStoreDbOptions): Promise<EventStoreDb> {
  const { url, namespace = 'heph', clock, random = systemRandom, times = TIMES } = options;
  if (!NAMESPACE_PATTERN.test(namespace))
    throw new HephError('store.bad_url', `${JSON.stringify(namespace)} is no name for a log: use letters and digits`);
  const driver = await loadDriver(url);
  const calls = createCalls(driver, clock, times);
  const ids = createIds(clock, random);
  try {
    const logId = await logIdOf(calls, namespace, ids);
    return assemble(calls, driver.filtersReads, namespace, clock, ids, logId);
  } catch (error) {
    await calls.close();
    throw error;
  }
}

function assemble(
  calls: Calls,
  filtersReads: boolean,
  namespace: string,
  clock: Clock,
  ids: ReturnType<typeof createIds>,
  logId: string,
): EventStoreDb {
  const codec = createCodec(namespace);
  const reader = createReader(calls, codec, filtersReads);
  const writer = createWriter(calls, codec, reader, ids);
  const listeners = new Set<() => void>();
  const ring = () => {
    for (const listener of listeners) listener();
  };
  const heads = createHeads(reader, ring);
  const bell = startBell(calls, codec, heads, clock);
  const underWay = new Set<Promise<unknown>>();
  const closed = new AbortController();
  let closing: Promise<void> | undefined;

  const hiding = createHiding({
    calls,
    codec,
    append: writer.append,
    readStream: (stream, options = {}) => readStream(stream, options),
    head: () => heads.refresh(),
    clock,
    ids,
  });

  /** `close` waits for it. */
  async function writing<T>(begin: () => Promise<T>, positionOf: (done: T) => Position): Promise<T> {
    assertOpen();
    const begun = begin();
    underWay.add(begun);
    try {
      const done = await begun;
      heads.raise(positionOf(done));
      return done;
    } finally {
      underWay.delete(begun);
    }
  }

  function assertOpen(): void {
    if (closing) throw new Fault('log.closed', 'the store is closed', { retryable: false });
  }

  async function* readStream(stream: string, options: StreamRead): AsyncGenerator<StoredEvent> {
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY } = options;
    const step = direction === 'forwards' ? 1 : -1;
    let from = options.from ?? (direction === 'forwards' ? 0 : Number.MAX_SAFE_INTEGER);
    for (let left = limit; left > 0 && from >= 0; ) {
      assertOpen();
      const max = Math.min(left, PAGE_EVENTS_MAX);
      const events = await reader.streamPage(stream, { from, direction, limit: max });
      yield* events;
      if (events.length < max) return;
      left -= events.length;
      from = (events.at(-1) as StoredEvent).revision + step;
    }
  }

  async function* readAll(options: AllRead): AsyncGenerator<StoredEvent> {
    assertOpen();
    const { direction = 'forwards', filter, until, limit = Number.POSITIVE_INFINITY } = options;
    const head = await heads.refresh();
    const high = until === undefined || until > head ? head : until;
    let after =
      direction === 'backwards' && options.after !== undefined && options.after > head ? undefined : options.after;
    if (direction === 'forwards' && (after ?? 0n) >= high) return;
    for (let left = limit; left > 0; ) {
      assertOpen();
      const page = await reader.logPage(filter, {
        direction,
        limit: PAGE_EVENTS_MAX,
        ...(after !== undefined && { after }),
      });
      for (const event of page.events) {
        if (event.position > high) {
          if (direction === 'forwards') return;
          continue;
        }
        if (left-- <= 0) return;
        yield event;
        assertOpen();
      }
      if (!page.full || page.last === undefined || (direction === 'forwards' && page.last >= high)) return;
      after = page.last;
    }
  }

  async function subscriptionPage(after: Position, filter: EventFilter | undefined): Promise<SubscriptionPage> {
    const high = heads.known();
    while (!closing) {
      try {
        const read = { after, limit: PAGE_EVENTS_MAX };
        const { events, last, full } = await reader.logPage(filter, read, closed.signal);
        const through = full && last !== undefined ? last : (events.at(-1)?.position ?? after);
        return { events, through: through > high ? through : full ? through : high };
      } catch (error) {
        // However long the event store is away, a subscription goes on where it was.
        if (!closing && !(error instanceof Fault && error.retryable)) throw error;
      }
    }
    return { events: [], through: after };
  }

  async function close(): Promise<void> {
    closed.abort();
    calls.stopRetrying();
    ring();
    await Promise.allSettled([...underWay]);
    bell.stop();
    await calls.close();
  }

  const store: EventStore & Pick<EventStoreDb, 'logId' | 'health'> = {
    logId,
    capabilities: {
      gapFreePositions: false,
      hashChain: false,
      payloadCheckedIdempotency: false,
      durable: true,
      otherWriters: true,
    },
    append: (stream, expected, events) =>
      writing(
        () => hiding.append(stream, expected, events),
        (appended) => appended.position,
      ),
    readStream: (stream, options = {}) => readStream(stream, options),
    readStreamMetadata: hiding.readStreamMetadata,
    setStreamMetadata: (stream, metadata, expected) =>
      writing(
        () => hiding.setStreamMetadata(stream, metadata, expected),
        (appended) => appended.position,
      ),
    deleteStream: (stream, expected) => writing(() => hiding.deleteStream(stream, expected), itself),
    tombstoneStream: (stream, expected) => writing(() => hiding.tombstoneStream(stream, expected), itself),
    readAll: (options = {}) => readAll(options),
    subscribe(options = {}) {
      assertOpen();
      const source = {
        head: heads.known,
        closed: () => closing !== undefined,
        page: subscriptionPage,
        watch(listener: () => void) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      };
      const ends = [closed.signal, ...(options.signal ? [options.signal] : [])];
      return deferred(ends, async (signal) => {
        await heads.refresh(signal);
        return subscribeTo(source, { ...options, signal });
      });
    },
    head: () => heads.refresh(),
    health: () => ({ position: heads.known(), reason: bell.trouble() }),
    close: () => (closing ??= close()),
  };
  const groups = createEsdbGroups({ calls, codec, clock, log: store, closed: closed.signal, assertOpen });
  return { ...store, groups };
}

const itself = (position: Position) => position;
