import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../../kernel/clock.ts';
import { Fault } from '../../../kernel/errors.ts';
import { writeFileDurably } from '../durable-file.ts';
import { classify } from './failures.ts';

/**
 * One living owner per data directory. The lock is the kernel's, taken through SQLite on `owner.lock`: it goes when the
 * owner's process dies, however it dies, so no stale one can stay. `owner.json` only tells who it is.
 *
 * Who takes over from an owner that lives but is stopped cannot have its lock: it replaces the file and locks the new
 * one. What keeps the old owner from writing when it wakes is the epoch inside the log, never this lock.
 */
export interface Owner {
  pid: number;
  host: string;
  /** Milliseconds since the Unix epoch. */
  started: number;
  epoch: number;
  /** What the server added about itself, such as its port. */
  [more: string]: unknown;
}

export interface Ownership {
  /** Writes `owner.json`; called again, it adds to what is there. */
  announce(more: Partial<Owner>): void;
  release(): void;
}

// Long enough for somebody who only looks who the owner is, far shorter than the two seconds we promise.
const LOCK_WAIT_MS = 250;
const lockPathOf = (directory: string) => join(directory, 'owner.lock');
const ownerPathOf = (directory: string) => join(directory, 'owner.json');

/** Throws Fault `data.owned`, naming the holder, unless `takeOver`. */
export function takeOwnership(directory: string, clock: Clock, takeOver: boolean): Ownership {
  const lock = lockOwner(directory) ?? (takeOver ? replaceLock(directory) : undefined);
  if (!lock) throw ownedFault(directory);
  let owner: Owner = { pid: process.pid, host: hostname(), started: clock.now(), epoch: 0 };
  return {
    announce(more) {
      owner = { ...owner, ...more };
      writeFileDurably(ownerPathOf(directory), `${JSON.stringify(owner)}\n`);
    },
    release() {
      // After a take-over the file speaks of another.
      if (readOwner(directory)?.epoch === owner.epoch) rmSync(ownerPathOf(directory), { force: true });
      lock.close();
    },
  };
}

/** The owner that lives now; null when nobody holds the directory. */
export function findOwner(directory: string): Owner | null {
  if (!existsSync(lockPathOf(directory))) return null;
  const lock = new DatabaseSync(lockPathOf(directory), { timeout: 0 });
  try {
    lock.prepare('SELECT count(*) FROM sqlite_schema').get();
    return null;
  } catch (error) {
    if (classify(error) !== 'busy') throw error;
    return readOwner(directory) ?? { pid: 0, host: '', started: 0, epoch: 0 };
  } finally {
    lock.close();
  }
}

export function ownedFault(directory: string): Fault {
  const owner = readOwner(directory);
  const who = owner ? `process ${owner.pid} on ${owner.host}` : 'a process that has not said who it is';
  return new Fault('data.owned', `${directory} is owned by ${who}`, { details: { ...owner }, retryable: false });
}

function readOwner(directory: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(ownerPathOf(directory), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

function lockOwner(directory: string): DatabaseSync | undefined {
  const path = lockPathOf(directory);
  // Only when it is missing: closing a file drops every lock that this process holds on it (POSIX).
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  const inode = statSync(path).ino;
  const lock = new DatabaseSync(path, { timeout: LOCK_WAIT_MS });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    // Somebody took over while we waited: what we hold is no longer the lock.
    if (statSync(path, { throwIfNoEntry: false })?.ino === inode) return lock;
  } catch (error) {
    if (classify(error) !== 'busy') {
      lock.close();
      throw error;
    }
  }
  lock.close();
  return undefined;
}

function replaceLock(directory: string): DatabaseSync | undefined {
  rmSync(lockPathOf(directory), { force: true });
  return lockOwner(directory);
}
