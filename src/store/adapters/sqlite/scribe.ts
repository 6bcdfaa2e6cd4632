import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../../kernel/errors.ts';
import { type AnchorFile, openAnchorFile, readAnchor } from './anchor.ts';
import { createKinds } from './catalogue.ts';
import { classify, faultOf } from './failures.ts';
import { type Asked, createGroupWriter, type Group } from './group.ts';
import { type Connect, openWriter } from './schema.ts';
import { raiseEpoch } from './settings.ts';
import { checkTail, readHead } from './verify.ts';

/**
 * Everything of the log that writes, in one piece, so that it can live in a thread of its own: the connection, the
 * group's transaction, the anchor, the checkpoints. It waits for the disk, and whoever calls it waits too.
 *
 * The first failure of the storage ends writing for good: after a failed flush the system may have dropped the pages, so
 * that trying again would succeed and mean nothing.
 */
export interface Scribe {
  readonly epoch: number;
  /** The last position when it was opened. */
  readonly position: number;
  /** Returns after COMMIT. Throws Fault; nothing of the group was written then, as far as SQLite knows. */
  write(asked: readonly Asked[]): Group;
  /** Moves the write-ahead log into the database where it has grown enough; to be called when the answer is out. */
  tidy(): void;
  /** Moves all of it. The connection stays open. */
  finish(): void;
  /** Throws Fault when the anchor cannot be flushed; the events are on the disk all the same. */
  close(): void;
  /** Why nothing is written any more. */
  stopped(): Fault | undefined;
}

const TAIL_CHECKED_MAX = 1000;
// About 4 MiB of write-ahead log, SQLite's own measure: a file that is written over again is flushed sooner than one that grows.
const CHECKPOINT_PAGES = 1000;
const PAGES_PER_GROUP = 6;
// Each event has a place in the two indices by stream; where streams are many, no two share a page.
const PAGES_PER_EVENT = 2;
const PAGE_CHARS = 2048;

/**
 * Opens the log for writing and raises its epoch. Throws Fault `log.damaged` when the log's end does not verify,
 * `data.newer_format`, or SQLite's own error.
 */
export function openScribe(directory: string, open: Connect): Scribe {
  using failed = new DisposableStack();
  const db = failed.adopt(openWriter(directory, open), (opened) => opened.close());
  const epoch = raiseEpoch(db);
  refuseDamage(db, directory);
  const anchor = failed.adopt(openAnchorFile(directory), (opened) => opened.close());
  const scribe = createScribe(db, anchor, epoch);
  failed.move();
  return scribe;
}

function refuseDamage(db: DatabaseSync, directory: string): void {
  const damage = checkTail(db, readAnchor(directory), TAIL_CHECKED_MAX);
  if (damage)
    throw new Fault('log.damaged', `the log does not verify at position ${damage.position}: ${damage.reason}`, {
      details: { position: String(damage.position) },
      retryable: false,
    });
}

function createScribe(db: DatabaseSync, anchor: AnchorFile, epoch: number): Scribe {
  const start = readHead(db);
  const groups = createGroupWriter(db, epoch, createKinds(db), start);
  let stopped: Fault | undefined;
  let pagesWritten = 0;
  anchor.write(start);

  function write(asked: readonly Asked[]): Group {
    if (stopped) throw stopped;
    try {
      const group = groups.commit(asked);
      if (group.written > 0) anchor.write(group.head);
      pagesWritten += PAGES_PER_GROUP + PAGES_PER_EVENT * group.written + group.chars / PAGE_CHARS;
      return group;
    } catch (error) {
      throw noteFailure(error);
    }
  }

  function noteFailure(error: unknown): Fault {
    const fault = error instanceof Fault ? error : faultOf(error);
    if (fault.code !== 'log.disk_full' && fault.code !== 'log.busy') stopped ??= fault;
    return fault;
  }

  function checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    if (stopped) return;
    pagesWritten = 0;
    try {
      db.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
    } catch (error) {
      // The events are safe in the write-ahead log. Without room, or beside another process, the next time will do.
      if (classify(error) === 'broken') noteFailure(error);
    }
  }

  return {
    epoch,
    position: start.position,
    write,
    tidy() {
      if (pagesWritten >= CHECKPOINT_PAGES) checkpoint('PASSIVE');
    },
    finish: () => checkpoint('TRUNCATE'),
    close() {
      try {
        db.close();
        anchor.close();
      } catch (error) {
        throw faultOf(error);
      }
    },
    stopped: () => stopped,
  };
}
