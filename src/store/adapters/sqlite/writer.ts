import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../../kernel/errors.ts';
import type { Appended } from '../../event-store.ts';
import type { Row } from '../../rows.ts';
import type { Anchor } from './anchor.ts';
import { classify, closedFault, faultOf } from './failures.ts';
import type { Asked, Group, GroupWriter } from './group.ts';

/**
 * Group commit: appends that arrive in one turn of the event loop share one transaction and one flush.
 *
 *     append ─► queue ─► next turn: BEGIN · still the owner? · decide, insert … · COMMIT ─► anchor ─► promises
 *
 * No promise resolves before COMMIT. The first failure of the storage ends writing through this handle for good: after a
 * failed flush the system may have dropped the pages, so that trying again would succeed and mean nothing.
 */
export interface Writer {
  append(asked: Asked): Promise<Appended>;
  state(): WriterState;
  /** Refuses what comes, waits for what is under way, moves the write-ahead log into the database. The handle stays open. */
  close(): Promise<void>;
}

export interface WriterState {
  state: 'open' | 'read_only' | 'fenced' | 'closed';
  /** Why it takes no events; null while it does. */
  reason: string | null;
  /** The last group did not fit on the disk. */
  diskFull: boolean;
}

interface Waiting {
  asked: Asked;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

const GROUP_APPENDS_MAX = 128;
const APPENDS_WAITING_MAX = 10_000;
// About 8 MiB of write-ahead log: pages that change again and again are then copied once.
const CHECKPOINT_PAGES = 2000;
const PAGES_PER_GROUP = 6;
const PAGE_CHARS = 2048;

/** `committed` is told of each group after COMMIT; an error of it counts as one of the storage. */
export function createWriter(
  db: DatabaseSync,
  groups: GroupWriter,
  committed: (written: Row[], head: Anchor) => void,
): Writer {
  let queue: Waiting[] = [];
  let drainScheduled = false;
  let pagesWritten = 0;
  let stopped: Fault | undefined;
  let diskFull = false;
  let closing: Promise<void> | undefined;
  let emptied = () => {};

  function append(asked: Asked): Promise<Appended> {
    if (closing) return Promise.reject(closedFault());
    if (stopped) return Promise.reject(stopped);
    if (queue.length >= APPENDS_WAITING_MAX)
      return Promise.reject(new Fault('log.busy', `${APPENDS_WAITING_MAX} appends wait already`));
    return new Promise((resolve, reject) => {
      queue.push({ asked, resolve, reject });
      scheduleDrain();
    });
  }

  function scheduleDrain(): void {
    if (drainScheduled) return;
    drainScheduled = true;
    setImmediate(drain);
  }

  function drain(): void {
    drainScheduled = false;
    const waiting = queue.slice(0, GROUP_APPENDS_MAX);
    queue = queue.slice(GROUP_APPENDS_MAX);
    const group = write(waiting);
    if (group) settle(waiting, group);
    if (pagesWritten >= CHECKPOINT_PAGES) checkpoint('PASSIVE');
    if (queue.length > 0) scheduleDrain();
    else emptied();
  }

  /** Undefined when the group failed; its promises are rejected then. */
  function write(waiting: Waiting[]): Group | undefined {
    try {
      if (stopped) throw stopped;
      const group = groups.commit(waiting.map((one) => one.asked));
      diskFull = false;
      if (group.written.length > 0) committed(group.written, group.head);
      pagesWritten += group.written.reduce((pages, row) => pages + row.body.length / PAGE_CHARS, PAGES_PER_GROUP);
      return group;
    } catch (error) {
      const fault = noteFailure(error);
      for (const one of waiting) one.reject(fault);
      return undefined;
    }
  }

  function settle(waiting: Waiting[], group: Group): void {
    waiting.forEach((one, n) => {
      const outcome = group.outcomes[n];
      if (outcome && 'appended' in outcome) one.resolve(outcome.appended);
      else one.reject(outcome?.refused);
    });
  }

  function noteFailure(error: unknown): Fault {
    const fault = error instanceof Fault ? error : faultOf(error);
    if (fault.code === 'log.disk_full') diskFull = true;
    else if (fault.code !== 'log.busy') stopped ??= fault;
    return fault;
  }

  function checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    pagesWritten = 0;
    try {
      db.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
    } catch (error) {
      // The events are safe in the write-ahead log. Without room, or beside another process, the next time will do.
      if (classify(error) === 'broken') noteFailure(error);
    }
  }

  async function finish(): Promise<void> {
    if (queue.length > 0 || drainScheduled) await new Promise<void>((resolve) => (emptied = resolve));
    if (!stopped) checkpoint('TRUNCATE');
  }

  return {
    append,
    state() {
      const state = stopped ? (stopped.code === 'log.fenced' ? 'fenced' : 'read_only') : closing ? 'closed' : 'open';
      return { state, reason: stopped?.message ?? null, diskFull };
    },
    close: () => (closing ??= finish()),
  };
}
