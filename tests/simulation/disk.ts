import { Fault } from '../../src/kernel/errors.ts';
import type { Appended, EventStore, Expected, NewEvent, SubscriptionItem } from '../../src/store/event-store.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import type { EventStoreWithGroups } from '../../src/store/persistent-subscriptions.ts';
import type { Chance } from './chance.ts';
import type { Life } from './life.ts';
import type { Loop } from './loop.ts';
import type { Options } from './options.ts';
import type { Plants } from './plants.ts';

/**
 * The log's disk. An append waits for the next sync, and is in the log for everybody in that moment; its answer comes a
 * little later. So a kill loses what has not been synced, or loses the answer only. Several owners may have it open, each
 * with its epoch: all but the last are refused when they write.
 */
export interface Disk {
  /** What survives everything. */
  readonly log: EventStoreWithGroups;
  /** What was answered to an owner: the ids must be in the log at that position, for ever. */
  readonly acknowledged: readonly Acknowledged[];
  /** Commits of an owner that somebody had succeeded already. */
  readonly stale: readonly string[];
  open(life: Life): EventStore & { assertOwner(): void };
  /** Until cleared: `full` refuses appends, `broken` fails the next sync and makes its owner read-only. */
  fail(how: 'full' | 'broken' | null): void;
}

export interface Acknowledged {
  stream: string;
  ids: readonly string[];
  revision: number;
  position: bigint;
}

interface Waiting {
  stream: string;
  expected: Expected;
  events: readonly NewEvent[];
  resolve(answer: Appended): void;
  reject(error: unknown): void;
}

export interface DiskParts {
  loop: Loop;
  chance: Chance;
  options: Options;
  plants: Plants;
  /** Called after each commit, before anybody hears of it. */
  committed(life: Life): void;
}

export function createDisk({ loop, chance, options, plants, committed }: DiskParts): Disk {
  const log = openMemoryStore();
  const acknowledged: Acknowledged[] = [];
  const stale: string[] = [];
  let epoch = 0;
  let failing: 'full' | 'broken' | null = null;

  function open(life: Life): ReturnType<Disk['open']> {
    const mine = ++epoch;
    let waiting: Waiting[] = [];
    let stopped: Fault | null = null;
    let syncing = false;

    function append(stream: string, expected: Expected, events: readonly NewEvent[]): Promise<Appended> {
      if (stopped) return Promise.reject(stopped);
      return new Promise((resolve, reject) => {
        waiting.push({ stream, expected, events, resolve, reject });
        if (plants.has('acknowledge_before_sync')) answerEarly(stream, events, resolve);
        if (syncing) return;
        syncing = true;
        loop.after(chance.int(1, options.syncMs), sync, life);
      });
    }

    function sync(): void {
      syncing = false;
      const group = waiting;
      waiting = [];
      if (failing === 'full')
        return refuse(group, () => new Fault('log.disk_full', 'there is no room', { retryable: true }));
      if (failing === 'broken') {
        // What a failed fsync has written nobody knows.
        if (chance.hit(0.5)) void write(group, () => {});
        failing = null;
        const fault = new Fault('log.read_only', 'fsync failed', { retryable: false });
        stopped = fault;
        return refuse(group, () => fault);
      }
      void write(group, (how) => loop.after(chance.int(0, 2), how, life));
    }

    function refuse(group: Waiting[], why: () => Fault): void {
      for (const one of group) one.reject(why());
    }

    /** In order, each decided against what the ones before it have written. */
    async function write(group: Waiting[], answer: (how: () => void) => void): Promise<void> {
      for (const { stream, expected, events, resolve, reject } of group) {
        if (mine < epoch && !plants.has('stale_epoch_writes')) {
          const fault = fenced();
          stopped = fault;
          answer(() => reject(fault));
          continue;
        }
        try {
          const appended = await log.append(stream, expected, events);
          if (mine < epoch && !appended.repeated) stale.push(`${life.name} wrote ${events[0]?.type} to ${stream}`);
          if (!appended.repeated)
            loop.trace(`+${appended.position} ${stream} ${events.map(({ type }) => type).join()}`);
          answer(() => {
            acknowledge(stream, events, appended);
            resolve(appended);
          });
        } catch (error) {
          answer(() => reject(error));
        }
      }
      committed(life);
    }

    function acknowledge(stream: string, events: readonly NewEvent[], { revision, position }: Appended): void {
      acknowledged.push({ stream, ids: events.map(({ id }) => id), revision, position });
    }

    /** The planted mistake: the answer is guessed from what is waiting, and given before anything is safe. */
    function answerEarly(stream: string, events: readonly NewEvent[], resolve: (answer: Appended) => void): void {
      const before = waiting.slice(0, -1);
      void Promise.all([log.head(), revisionOf(stream)]).then(([head, last]) => {
        const ahead = before.reduce((sum, one) => sum + one.events.length, 0);
        const ahead1 = before.filter((one) => one.stream === stream).reduce((sum, one) => sum + one.events.length, 0);
        const position = head + BigInt(ahead + events.length);
        const appended = { revision: last + ahead1 + events.length, position, repeated: false };
        acknowledge(stream, events, appended);
        life.run(() => resolve(appended));
      });
    }

    async function revisionOf(stream: string): Promise<number> {
      for await (const { revision } of log.readStream(stream, { direction: 'backwards', limit: 1 })) return revision;
      return -1;
    }

    // A commit that was under way when its server was killed may have reached the disk.
    life.onDeath(() => {
      if (waiting.length > 0 && mine === epoch && chance.hit(0.3)) void write(waiting, () => {});
      waiting = [];
    });

    return {
      ...log,
      append,
      assertOwner() {
        if (mine < epoch && !plants.has('stale_epoch_writes')) throw fenced();
      },
      readStream: (stream, given) => slowly(() => log.readStream(stream, given), life),
      readAll: (given) => slowly(() => log.readAll(given), life),
      subscribe: (given) => follow(given ?? {}, life),
      close: async () => {},
    };
  }

  async function* slowly<T>(read: () => AsyncIterable<T>, life: Life): AsyncGenerator<T> {
    if (chance.hit(0.2)) await loop.pause(chance.int(0, 3), life);
    yield* read();
  }

  /** Readers lag behind the writer by a little, each by its own. */
  async function* follow(
    given: Parameters<EventStore['subscribe']>[0] & object,
    life: Life,
  ): AsyncGenerator<SubscriptionItem> {
    const gone = new AbortController();
    life.onDeath(() => gone.abort());
    given.signal?.addEventListener('abort', () => gone.abort(), { once: true });
    if (given.signal?.aborted) gone.abort();
    const items = log.subscribe({ ...given, signal: gone.signal })[Symbol.asyncIterator]();
    try {
      for (;;) {
        const item = await life.hears(items.next());
        if (item.done) return;
        if (chance.hit(0.3)) await loop.pause(chance.int(0, 8), life);
        if (given.signal?.aborted) return;
        yield item.value;
      }
    } finally {
      gone.abort();
    }
  }

  return { log, acknowledged, stale, open, fail: (how) => void (failing = how) };
}

function fenced(): Fault {
  return new Fault('log.fenced', 'a later server has taken over', { retryable: false });
}
