import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { HephError } from '../kernel/errors.ts';
import { createIds, type Ids } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import { openDataDirectory } from '../store/adapters/data-directory.ts';
import { writeFileDurably } from '../store/adapters/durable-file.ts';
import { refuseUnfinishedImport } from '../store/adapters/import-mark.ts';
import { type EventStoreDb, isEsdbUrl, openEventStoreDb } from '../store/adapters/eventstoredb.ts';
import { type Owner, takeOwnership } from '../store/adapters/sqlite/owner.ts';
import { logPathOf } from '../store/adapters/sqlite/schema.ts';
import { openSqliteStore } from '../store/adapters/sqlite.ts';
import { programFile } from './installation.ts';
import type { EventStoreWithGroups } from '../store/persistent-subscriptions.ts';

/** The log that a server runs on, and the data directory that goes with it: blobs, repositories, caches, the token. */
export interface LogStore {
  store: EventStoreWithGroups;
  /** The data directory's real path. */
  path: string;
  /** What caches of the log's views belong to. */
  logId: string;
  /** Higher than of any server that had the directory before. */
  epoch: number;
  /** Which of the runners that share the log this data directory is; null where nobody shares it. */
  runnerId: string | null;
  /** Throws Fault `log.fenced` once another server has taken over. A log that several share has its leases for that. */
  assertOwner(): void;
  check(): { status: 'ok' | 'degraded' | 'failed'; detail: string };
  /** What the log’s files take; null where they are not ours. */
  bytes(): number | null;
  /** Adds to what others read about the owner of the directory. */
  announce(more: Partial<Owner>): void;
  /** Gives up what was kept for the events of an orderly stop. */
  prepareStop(): void;
}

export interface LogStoreOptions {
  directory: string;
  /** `sqlite`, or the URL of an EventStoreDB. */
  where: string;
  clock: Clock;
  random: Random;
  takeOver: boolean;
  /** The directory is to be filled: one in which that was broken off is opened too. */
  importing?: boolean;
}

/**
 * Opens the log that `where` names. A data directory belongs to one log for good: throws Invalid `data.other_store` when
 * it belongs to another one than that, `data.import_unfinished`, and `server.unknown_store`.
 */
export async function openLogStore(options: LogStoreOptions): Promise<LogStore> {
  if (!options.importing) refuseUnfinishedImport(options.directory);
  if (options.where === 'sqlite') return openEmbedded(options);
  if (isEsdbUrl(options.where)) return openRemote(options);
  throw unknownStore(options.where);
}

export function unknownStore(where: string): HephError {
  return new HephError('server.unknown_store', `There is no store ${JSON.stringify(withoutPassword(where))}.`);
}

async function openEmbedded(options: LogStoreOptions): Promise<LogStore> {
  const bound = readBinding(options.directory);
  if (bound) throw otherStore(options.directory, bound.where);
  const sqlite = await openSqliteStore({ ...options, writerThread: programFile('log-writer') });
  return {
    store: sqlite,
    path: sqlite.data.path,
    logId: sqlite.data.logId,
    epoch: sqlite.health().epoch,
    assertOwner: () => sqlite.assertOwner(),
    runnerId: null,
    check() {
      const { state, reason, position } = sqlite.health();
      if (state === 'open') return { status: 'ok', detail: `at position ${position}` };
      return { status: 'failed', detail: reason ?? state };
    },
    bytes: () => bytesOf(sqlite.data.path),
    announce: (more) => sqlite.announce(more),
    prepareStop: () => sqlite.releaseReserve(),
  };
}

function bytesOf(directory: string): number {
  const log = logPathOf(directory);
  const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return size(log) + size(`${log}-wal`);
}

async function openRemote({ directory, where, clock, random, takeOver }: LogStoreOptions): Promise<LogStore> {
  const { path } = openDataDirectory(directory, { clock, random });
  if (existsSync(logPathOf(path))) throw otherStore(path, 'sqlite');
  const ownership = takeOwnership(path, clock, takeOver);
  try {
    const store = await openEventStoreDb({ url: where, clock, random });
    const { epoch, runnerId } = await bind(path, store, withoutPassword(where), createIds(clock, random));
    ownership.announce({ epoch });
    return {
      store: { ...store, close: () => store.close().then(() => ownership.release()) },
      path,
      logId: store.logId,
      epoch,
      assertOwner() {},
      runnerId,
      check() {
        const { position, reason } = store.health();
        if (reason === null) return { status: 'ok', detail: `at position ${position}` };
        return { status: 'degraded', detail: `${reason}; last heard of at position ${position}` };
      },
      bytes: () => null,
      announce: (more) => ownership.announce(more),
      prepareStop() {},
    };
  } catch (error) {
    ownership.release();
    throw error;
  }
}

/** Which log the directory belongs to, where that is not the one inside it. */
interface Binding {
  /** For a person; without credentials. */
  where: string;
  logId: string;
  epoch: number;
  /** Made at the first start, and kept. */
  runnerId: string;
}

/** Writes down that the directory belongs to this log, under the next epoch. */
async function bind(path: string, store: EventStoreDb, where: string, ids: Ids): Promise<Binding> {
  try {
    const bound = readBinding(path);
    if (bound && bound.logId !== store.logId) throw otherStore(path, bound.where);
    const { epoch = 0, runnerId = ids.next('rnr') } = bound ?? {};
    const binding: Binding = { where, logId: store.logId, epoch: epoch + 1, runnerId };
    writeFileDurably(bindingPathOf(path), `${JSON.stringify(binding)}\n`);
    return binding;
  } catch (error) {
    await store.close();
    throw error;
  }
}

const bindingPathOf = (directory: string) => join(directory, 'store.json');

export function readBinding(directory: string): Binding | undefined {
  if (!existsSync(bindingPathOf(directory))) return undefined;
  try {
    return JSON.parse(readFileSync(bindingPathOf(directory), 'utf8')) as Binding;
  } catch (cause) {
    throw new HephError('data.not_ours', `${bindingPathOf(directory)} is not one of ours, or was damaged`, { cause });
  }
}

/** The runner that a data directory is; null where it is none on a shared log. */
export function runnerOf(directory: string): string | null {
  return readBinding(directory)?.runnerId ?? null;
}

export function otherStore(directory: string, where: string): HephError {
  return new HephError('data.other_store', `the log of ${directory} is in ${where}`, { details: { where } });
}

/** The scheme and the hosts. */
function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//').replace(/\?.*$/, '');
}

/** The password of a store's URL, to be taken out of everything that is kept. */
export function passwordsOf(url: string): string[] {
  const password = /\/\/[^:/@]*:([^@]+)@/.exec(url)?.[1];
  return password ? [password, decodeURIComponent(password)] : [];
}
