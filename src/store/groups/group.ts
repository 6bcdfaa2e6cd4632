import type { Clock } from '../../kernel/clock.ts';
import type { GroupSettings } from '../persistent-subscriptions.ts';
import { createInbox, type Handed, type Inbox, type Message } from './consumer.ts';
import { createLedger, type ProgressChange, type SavedProgress } from './ledger.ts';
import { createWaiting } from './waiting.ts';

/**
 * One group at work, whatever its events are and wherever they lie. Events are known by a key that grows along the log.
 *
 *     feed ─ page ─► waiting (by key) ─ in turn ─► a consumer's hands ─ ack, skip, park ─► settled
 *                       ▲                               │
 *                       └──── retry · time-out · left ──┘
 *
 * The checkpoint is just before the oldest event that waits or is in somebody's hands.
 */
export interface Feed<E> {
  keyOf(event: E): bigint;
  /** At most `limit` events behind `after`, and how far it looked; `more`: there may be others at once. */
  page(after: bigint, limit: number): Promise<{ events: E[]; through: bigint; more: boolean }>;
  /** Undefined when it can no longer be read. */
  at(key: bigint): Promise<E | undefined>;
}

export interface Delivery<E> {
  event: E;
  retries: number;
  /** Without effect when the consumer has it no more. Rejects when it could not be recorded. */
  settle(answer: Answer, reason: string): Promise<void>;
}

export type Answer = 'ack' | 'retry' | 'park' | 'skip';

export interface Consumer<E> {
  /** Undefined when the group has ended it, or it has left. */
  next(): Promise<Delivery<E> | undefined>;
  /** What it holds goes to the others. Safe twice. */
  leave(): void;
}

export interface Counts {
  consumers: number;
  inFlight: number;
  parked: number;
  checkpoint: bigint | null;
}

export interface Group<E> {
  /** Throws nothing; a feed that fails ends the consumers with its error. */
  join(inFlightMax: number): Consumer<E>;
  /** To be called when something was appended. */
  wake(): void;
  configure(settings: GroupSettings): void;
  /** What is parked at this moment is read and handed out as there is room. */
  replayParked(): void;
  counts(): Counts;
  /** Ends all consumers of this moment: with the error, or as if there were nothing more. */
  dismiss(error?: Error): void;
  /** Resolves when the progress is saved. */
  flush(): Promise<void>;
}

export interface GroupParts<E> {
  feed: Feed<E>;
  /** Begins behind this key when there is no checkpoint. */
  after: bigint;
  settings: GroupSettings;
  saved: SavedProgress;
  save: (change: ProgressChange) => void;
  clock: Clock;
}

const PAGE_EVENTS_MAX = 100;
const WAITING_MAX = 200;
const REASON_CHARS_MAX = 1000;
/** So far may reading what does not concern the group run ahead before the checkpoint follows. */
const PASSED_OVER_MAX = 1000n;

export function createGroup<E>({ feed, after, settings: initial, saved, save, clock }: GroupParts<E>): Group<E> {
  const ledger = createLedger(saved, save);
  const waiting = createWaiting<E>();
  const replaying = new Set<bigint>();
  let toReplay: bigint[] = [];
  let inboxes: Inbox<E>[] = [];
  let settings = initial;
  let through = saved.checkpoint ?? after;
  let more = true;
  let filling = false;

  /** Reads while somebody consumes and not too much waits. */
  async function fill(): Promise<void> {
    if (filling) return;
    filling = true;
    try {
      while (inboxes.length > 0 && waiting.size() < WAITING_MAX && (more || toReplay.length > 0)) {
        if (toReplay.length > 0) await readParked(toReplay[0] as bigint);
        else await readPage();
        dispatch();
      }
    } catch (error) {
      dismiss(inboxes, error as Error);
    } finally {
      filling = false;
    }
  }

  async function readPage(): Promise<void> {
    more = false;
    try {
      const page = await feed.page(through, PAGE_EVENTS_MAX);
      through = page.through;
      more ||= page.more;
      for (const event of page.events) {
        const key = feed.keyOf(event);
        // Parked already, and the checkpoint had not passed it when the store ended.
        if (!ledger.isParked(key)) waiting.put({ key, event, retries: 0, replayed: false });
      }
    } catch (error) {
      more = true;
      throw error;
    }
    passOver();
  }

  async function readParked(key: bigint): Promise<void> {
    const event = await feed.at(key);
    toReplay = toReplay.slice(1);
    if (event !== undefined) waiting.put({ key, event, retries: 0, replayed: true });
    else forget(key);
  }

  function dispatch(): void {
    while (waiting.size() > 0) {
      const inbox = inboxes.find((one) => one.hasRoom());
      if (!inbox) return;
      // To the end of the line: the next event is another's.
      inboxes = [...inboxes.filter((one) => one !== inbox), inbox];
      hand(waiting.shift() as Message<E>, inbox);
    }
  }

  function hand(message: Message<E>, inbox: Inbox<E>): void {
    const stopTimer = clock.after(settings.messageTimeoutMs, () => {
      if (inbox.remove(handed)) giveBack([handed], 'it took too long');
    });
    const handed: Handed<E> = { message, taken: false, stopTimer };
    inbox.put(handed);
  }

  function giveBack(list: readonly Handed<E>[], reason: string): void {
    for (const { message, taken } of list) {
      // Whoever never saw an event has not failed with it.
      if (taken) retry(message, reason);
      else waiting.put(message);
    }
    // What cannot be recorded now is recorded with the next answer, which tells.
    goOn().catch(() => {});
  }

  function retry(message: Message<E>, reason: string): void {
    if (message.retries >= settings.retriesMax) park(message, `given up after ${message.retries} retries: ${reason}`);
    else waiting.put({ ...message, retries: message.retries + 1 });
  }

  function park({ key }: Message<E>, reason: string): void {
    replaying.delete(key);
    ledger.park(key, reason.slice(0, REASON_CHARS_MAX));
  }

  function forget(key: bigint): void {
    replaying.delete(key);
    ledger.unpark(key);
  }

  function settle(handed: Handed<E>, inbox: Inbox<E>, answer: Answer, reason: string): Promise<void> {
    if (!inbox.remove(handed)) return Promise.resolve();
    const { message } = handed;
    if (answer === 'retry') retry(message, reason);
    else if (answer === 'park') park(message, reason);
    else if (message.replayed) forget(message.key);
    return goOn();
  }

  /** Something left a consumer's hands. */
  function goOn(): Promise<void> {
    const settled = beforeOldest();
    if (settled > after) ledger.reach(settled);
    dispatch();
    void fill();
    return ledger.flush();
  }

  function beforeOldest(): bigint {
    const oldest = waiting.oldest();
    let least = oldest === undefined ? through : oldest - 1n;
    for (const { hands } of inboxes)
      for (const { message } of hands) if (!message.replayed && message.key <= least) least = message.key - 1n;
    return least;
  }

  /** A group that is concerned by little of the log comes along in strides. */
  function passOver(): void {
    const passed = beforeOldest();
    if (passed - (ledger.checkpoint() ?? after) < PASSED_OVER_MAX) return;
    ledger.reach(passed);
    ledger.flush().catch(() => {});
  }

  /** All at once: while somebody's hands were left out, the checkpoint would pass what is in them. */
  function dismiss(gone: readonly Inbox<E>[], error?: Error): void {
    inboxes = inboxes.filter((one) => !gone.includes(one));
    const left = gone.flatMap((inbox) => {
      inbox.end(error);
      return [...inbox.hands].filter((handed) => inbox.remove(handed));
    });
    giveBack(left, 'its consumer went away');
  }

  return {
    join(inFlightMax) {
      const inbox = createInbox<E>(inFlightMax);
      inboxes = [inbox, ...inboxes];
      dispatch();
      void fill();
      return {
        async next() {
          const handed = await inbox.take();
          if (!handed) return undefined;
          const { event, retries } = handed.message;
          return { event, retries, settle: (answer, reason) => settle(handed, inbox, answer, reason) };
        },
        leave: () => dismiss([inbox]),
      };
    },
    wake() {
      more = true;
      void fill();
    },
    configure(changed) {
      settings = changed;
    },
    replayParked() {
      for (const key of ledger.parkedKeys()) {
        if (replaying.has(key)) continue;
        replaying.add(key);
        toReplay.push(key);
      }
      void fill();
    },
    counts: () => ({
      consumers: inboxes.length,
      inFlight: inboxes.reduce((sum, { hands }) => sum + hands.size, 0),
      parked: ledger.parkedCount() - replaying.size,
      checkpoint: ledger.checkpoint(),
    }),
    dismiss: (error) => dismiss(inboxes, error),
    flush: () => ledger.flush(),
  };
}
