import { Fault } from '../../../kernel/errors.ts';
import type { Appended } from '../../event-store.ts';
import { closedFault } from './failures.ts';
import type { Asked, Group } from './group.ts';
import type { ScribeLink } from './scribe-link.ts';

/**
 * Group commit: appends that arrive in one turn of the event loop, or while another group is being written, share one
 * transaction and one flush.
 *
 *     append ─► queue ─► next turn ─► scribe: BEGIN · still the owner? · decide, insert … · COMMIT · anchor ─► promises
 *
 * No promise resolves before COMMIT. When the scribe has stopped, what waits is refused.
 */
export interface Writer {
  append(asked: Asked): Promise<Appended>;
  state(): WriterState;
  /** Refuses what comes, waits for what is under way, moves the write-ahead log into the database. The link stays open. */
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

/** `committed` is told of each group after COMMIT, before anybody who waits for it. */
export function createWriter(scribe: ScribeLink, committed: (asked: readonly Asked[], group: Group) => void): Writer {
  let queue: Waiting[] = [];
  let writing = false;
  let diskFull = false;
  let closing: Promise<void> | undefined;
  let emptied = () => {};

  function append(asked: Asked): Promise<Appended> {
    if (closing) return Promise.reject(closedFault());
    const stopped = scribe.stopped();
    if (stopped) return Promise.reject(stopped);
    if (queue.length >= APPENDS_WAITING_MAX)
      return Promise.reject(new Fault('log.busy', `${APPENDS_WAITING_MAX} appends wait already`));
    return new Promise((resolve, reject) => {
      queue.push({ asked, resolve, reject });
      if (writing) return;
      writing = true;
      setImmediate(() => void drain());
    });
  }

  async function drain(): Promise<void> {
    const waiting = queue.slice(0, GROUP_APPENDS_MAX);
    queue = queue.slice(GROUP_APPENDS_MAX);
    await write(waiting);
    writing = queue.length > 0;
    if (writing) setImmediate(() => void drain());
    else emptied();
  }

  /** Settles every promise of the group. */
  async function write(waiting: readonly Waiting[]): Promise<void> {
    const asked = waiting.map((one) => one.asked);
    let group: Group;
    try {
      group = await scribe.write(asked);
    } catch (error) {
      diskFull ||= error instanceof Fault && error.code === 'log.disk_full';
      for (const one of waiting) one.reject(error);
      return;
    }
    diskFull = false;
    committed(asked, group);
    settle(waiting, group);
  }

  function settle(waiting: readonly Waiting[], group: Group): void {
    waiting.forEach((one, n) => {
      const outcome = group.outcomes[n];
      if (outcome && 'appended' in outcome) one.resolve(outcome.appended);
      else one.reject(outcome?.refused);
    });
  }

  async function finish(): Promise<void> {
    if (writing) await new Promise<void>((resolve) => (emptied = resolve));
    if (!scribe.stopped()) await scribe.finish();
  }

  return {
    append,
    state() {
      const stopped = scribe.stopped();
      const state = stopped ? (stopped.code === 'log.fenced' ? 'fenced' : 'read_only') : closing ? 'closed' : 'open';
      return { state, reason: stopped?.message ?? null, diskFull };
    },
    close: () => (closing ??= finish()),
  };
}
