import type { DatabaseSync } from 'node:sqlite';
import { systemRandom } from '../../kernel/adapters/system.ts';
import type { Clock } from '../../kernel/clock.ts';
import { isFailure } from '../../kernel/errors.ts';
import { createIds } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { prepareRows } from '../append-rules.ts';
import type { EventFilter, Position, StoredEvent, StreamRead } from '../event-store.ts';
import { createEmbeddedGroups } from '../groups/embedded.ts';
import { hideByAppends } from '../hiding.ts';
import type { EventStoreWithGroups } from '../persistent-subscriptions.ts';
import { toEvent } from '../rows.ts';
import { type SubscriptionPage, subscribeTo } from '../subscription.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { boundsOf, PAGE_EVENTS_MAX } from './row-log.ts';
import { createKinds } from './sqlite/catalogue.ts';
import { classify, closedFault, faultOf, fencedFault } from './sqlite/failures.ts';
import { writtenBy } from './sqlite/group.ts';
import { openGroupStates } from './sqlite/group-states.ts';
import { type Owner, type Ownership, ownedFault, takeOwnership } from './sqlite/owner.ts';
import { createReader, type ReadRow } from './sqlite/reader.ts';
import { dropReserve, openReserve, RESERVE_BYTES, type Reserve } from './sqlite/reserve.ts';
import { type Connect, connect, logPathOf } from './sqlite/schema.ts';
import { openScribe } from './sqlite/scribe.ts';
import { inlineLink, type ScribeLink } from './sqlite/scribe-link.ts';
import { createTail } from './sqlite/tail.ts';
import { openThreadLink } from './sqlite/thread-link.ts';
import { firstVisibleIn } from './sqlite/visible.ts';
import { createWriter, type WriterState } from './sqlite/writer.ts';

export { type Anchor, readAnchor } from './sqlite/anchor.ts';
export { findOwner, type Owner } from './sqlite/owner.ts';
export { type Damage, type Verification, verifyLog } from './sqlite/verify.ts';

export interface SqliteStoreOptions {
  /** Made when it is absent; see `openDataDirectory` for what is refused. */
  directory: string;
  clock: Clock;
  random?: Random;
  /** Becomes the owner although another process holds the directory, and keeps that one from writing ever after. */
  takeOver?: boolean;
  /** Room kept on the disk for the last events; 0 for none. Default 64 MiB. */
  reserveBytes?: number;
  /**
   * The program that serves the scribe as a thread (`serveScribe`), so that nobody but the writer waits for the disk.
   * Without one it works in this thread: right for a tool, and for whoever hands in a `connect`.
   */
  writerThread?: string;
  /** Opens the connections that are used in this thread. */
  connect?: Connect;
}

export interface StoreHealth extends WriterState {
  position: Position;
  epoch: number;
  reserve: 'held' | 'absent';
}

export interface SqliteStore extends EventStoreWithGroups {
  readonly data: DataDirectory;
  health(): StoreHealth;
  /** Throws Fault `log.fenced` when a later owner has raised the epoch; a look at the disk's cache, some microseconds. */
  assertOwner(): void;
  /** Adds to what others read about the owner of the directory, such as the port it listens on. */
  announce(more: Partial<Owner>): void;
  /** Gives up the room that was kept, so that the events of an orderly stop fit on a full disk. */
  releaseReserve(): void;
  /** Resolves when the room is kept, or is known not to be there. */
  reserveSettled: Promise<void>;
}

/**
 * The embedded log. Throws Fault `data.owned` within two seconds when another process owns the directory, Fault
 * `log.damaged` when the end of the log does not verify, and what `openDataDirectory` throws.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { data, ownership } = own(options);
  try {
    return await openWithRoom(data, ownership, options);
  } catch (error) {
    ownership.release();
    throw openingFault(data.path, error);
  }
}

function own(options: SqliteStoreOptions): { data: DataDirectory; ownership: Ownership } {
  try {
    const data = openDataDirectory(options.directory, options);
    return { data, ownership: takeOwnership(data.path, options.clock, options.takeOver ?? false) };
  } catch (error) {
    throw openingFault(options.directory, error);
  }
}

/** On a full disk the log is opened with the room that was kept, so that it can be read and the server can say so. */
async function openWithRoom(
  data: DataDirectory,
  ownership: Ownership,
  options: SqliteStoreOptions,
): Promise<SqliteStore> {
  try {
    return await openOwned(data, ownership, options);
  } catch (error) {
    if (classify(error) !== 'full' || !dropReserve(data.path)) throw error;
    return openOwned(data, ownership, { ...options, reserveBytes: 0 });
  }
}

async function openOwned(data: DataDirectory, ownership: Ownership, options: SqliteStoreOptions): Promise<SqliteStore> {
  const open = options.connect ?? connect;
  await using failed = new AsyncDisposableStack();
  const scribe = failed.adopt(await openLink(data.path, open, options.writerThread), (opened) => opened.close());
  ownership.announce({ epoch: scribe.epoch });
  const reading = failed.adopt(open(logPathOf(data.path), { readOnly: true }), (opened) => opened.close());
  const reserve = openReserve(data.path, options.reserveBytes ?? RESERVE_BYTES);
  const { clock, random = systemRandom } = options;
  const store = assemble({ data, ownership, scribe, reading, reserve, clock, random, open });
  failed.move();
  return store;
}

async function openLink(directory: string, open: Connect, thread: string | undefined): Promise<ScribeLink> {
  return thread === undefined ? inlineLink(openScribe(directory, open)) : openThreadLink(thread, directory);
}

/** Another process in the middle of a write is an owner that was stopped there: only its end helps. */
function openingFault(directory: string, error: unknown): unknown {
  if (isFailure(error)) return error;
  return classify(error) === 'busy' ? ownedFault(directory) : faultOf(error);
}

interface Parts {
  data: DataDirectory;
  ownership: Ownership;
  scribe: ScribeLink;
  reading: DatabaseSync;
  reserve: Reserve;
  clock: Clock;
  random: Random;
  open: Connect;
}

function assemble({ data, ownership, scribe, reading, reserve, clock, random, open }: Parts): SqliteStore {
  const kinds = createKinds(reading);
  const reader = createReader(reading, kinds);
  const tail = createTail();
  const ids = createIds(clock, random);
  const listeners = new Set<() => void>();
  let closing: Promise<void> | undefined;
  let position = scribe.position;

  const writer = createWriter(scribe, (asked, group) => {
    if (group.written === 0) return;
    for (const kind of group.kinds) kinds.add(kind);
    position = group.head.position;
    tail.push(writtenBy(asked, group));
    for (const listener of listeners) listener();
  });

  const head = () => position;
  const assertOpen = () => {
    if (closing) throw closedFault();
  };

  async function* events(limit: number, nextPage: (max: number, last: ReadRow | undefined) => ReadRow[]) {
    let last: ReadRow | undefined;
    for (let left = limit; left > 0; ) {
      assertOpen();
      const max = Math.min(left, PAGE_EVENTS_MAX);
      const rows = nextPage(max, last);
      for (const row of rows) yield toEvent(row);
      if (rows.length < max) return;
      left -= rows.length;
      last = rows.at(-1);
      await breath();
    }
  }

  async function* readStream(stream: string, options: StreamRead = {}): AsyncGenerator<StoredEvent> {
    assertOpen();
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY } = options;
    const forwards = direction === 'forwards';
    const first = firstVisibleIn(reader, stream, () => clock.now());
    const start = forwards ? Math.max(options.from ?? 0, first) : (options.from ?? Number.MAX_SAFE_INTEGER);
    yield* events(limit, (max, last) => {
      const from = last ? last.revision + (forwards ? 1 : -1) : start;
      return reader.streamPage(stream, { from, direction, limit: max, first });
    });
  }

  async function subscriptionPage(after: Position, filter: EventFilter | undefined): Promise<SubscriptionPage> {
    const kept = tail.page(Number(after), filter);
    if (kept) return kept;
    await breath();
    // Closed meanwhile: the subscription sees it and ends.
    if (closing) return { events: [], through: after };
    const high = head();
    const rows = reader.logPage(filter, { low: Number(after), high, limit: PAGE_EVENTS_MAX });
    const full = rows.length === PAGE_EVENTS_MAX;
    return { events: rows.map(toEvent), through: BigInt(full ? (rows.at(-1) as ReadRow).position : high) };
  }

  async function close(): Promise<void> {
    const closed = writer.close();
    for (const listener of listeners) listener();
    try {
      await consumers.close();
      await closed;
      await reserve.close();
      // After a failure the connection that only reads goes last: closing the last writing one would write again.
      const stopped = scribe.stopped() !== undefined;
      if (!stopped) reader.close();
      await scribe.close();
      if (stopped) reader.close();
    } finally {
      ownership.release();
    }
  }

  const selectEpoch = reading.prepare("SELECT value FROM settings WHERE key = 'epoch'");

  const store: Omit<SqliteStore, 'groups'> = {
    data,
    capabilities: {
      gapFreePositions: true,
      hashChain: true,
      payloadCheckedIdempotency: true,
      durable: true,
      otherWriters: false,
    },
    async append(stream, expected, newEvents) {
      return writer.append({ stream, expected, rows: prepareRows(stream, newEvents) });
    },
    readStream,
    ...hideByAppends({
      append: (asked) => writer.append(asked),
      readStream,
      newId: () => ids.next('evt'),
      now: () => clock.now(),
    }),
    readAll(read = {}) {
      const { low, high } = boundsOf(head(), read);
      const backwards = read.direction === 'backwards';
      return events(read.limit ?? Number.POSITIVE_INFINITY, (max, last) => {
        const rest = last && (backwards ? { high: last.position - 1 } : { low: last.position });
        return reader.logPage(read.filter, { low, high, backwards, limit: max, ...rest });
      });
    },
    subscribe(subscription) {
      assertOpen();
      const source = {
        head: () => BigInt(head()),
        closed: () => closing !== undefined,
        page: subscriptionPage,
        watch(listener: () => void) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      };
      return subscribeTo(source, subscription);
    },
    head: async () => BigInt(head()),
    health: () => ({ ...writer.state(), position: BigInt(head()), epoch: scribe.epoch, reserve: reserve.state() }),
    assertOwner() {
      assertOpen();
      if (selectEpoch.get()?.value !== scribe.epoch) throw fencedFault();
    },
    announce: (more) => ownership.announce(more),
    releaseReserve: () => reserve.release(),
    reserveSettled: reserve.settled,
    close: () => (closing ??= close()),
  };
  const openStates = () => openGroupStates(data.path, scribe.epoch, open);
  const consumers = createEmbeddedGroups({ log: store, openStates, clock, assertOpen });
  listeners.add(consumers.wake);
  return { ...store, groups: consumers };
}

/** Lets the event loop turn between two pages. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
