import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../kernel/canonical.ts';
import type { Position } from '../../store/event-store.ts';
import { type ProjectionCache, type Snapshot, type SnapshotKey, SNAPSHOTS_KEPT_MAX } from '../cache.ts';
import { createMemoryCache } from './memory-cache.ts';

const SCHEMA_VERSION = 1;
const SCHEMA =
  'CREATE TABLE snapshots (log TEXT NOT NULL, projection TEXT NOT NULL, v INTEGER NOT NULL, position TEXT NOT NULL, event TEXT NOT NULL, at INTEGER NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (log, projection, v, position)) STRICT, WITHOUT ROWID';

export interface SqliteCacheOptions {
  path: string;
  /** Told once for each thing that is set aside, in a sentence. */
  warn?: (message: string) => void;
}

/**
 * Saved states in `cache.db`. Nothing here is worth a flush: a file that a crash tore, that somebody altered or that is
 * no database is set aside as `cache.db.damaged` and a new one begun; when even that fails, memory serves.
 */
export function openSqliteCache({ path, warn = () => {} }: SqliteCacheOptions): ProjectionCache {
  let cache: ProjectionCache;
  try {
    cache = tables(openOrReplace(path, warn));
  } catch (error) {
    warn(`the cache ${path} cannot be used: ${String(error)}`);
    return createMemoryCache();
  }

  /** A cache may fail at any moment; then it is empty, and only time is lost. */
  function trying<T>(attempt: (cache: ProjectionCache) => T, otherwise: T): T {
    try {
      return attempt(cache);
    } catch (error) {
      warn(`the cache ${path} failed and is not used any more: ${String(error)}`);
      closeQuietly(cache);
      cache = createMemoryCache();
      return otherwise;
    }
  }

  return {
    latest: (key, until) => trying((one) => one.latest(key, until), null),
    put: (key, snapshot) => trying((one) => one.put(key, snapshot), undefined),
    forget: (key) => trying((one) => one.forget(key), undefined),
    close: () => closeQuietly(cache),
  };
}

function openOrReplace(path: string, warn: (message: string) => void): DatabaseSync {
  try {
    return open(path);
  } catch (error) {
    warn(`the cache ${path} is set aside: ${String(error)}`);
    renameSync(path, `${path}.damaged`);
    // Side files of the old one must not be taken for the new one's.
    for (const suffix of ['-wal', '-shm', '-journal']) rmSync(`${path}${suffix}`, { force: true });
    return open(path);
  }
}

function open(path: string): DatabaseSync {
  // SQLite gives its side files the mode of the database file.
  closeSync(openSync(path, 'a', 0o600));
  const db = new DatabaseSync(path, { timeout: 1000, defensive: true });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    const version = db.prepare('PRAGMA user_version').get()?.user_version;
    if (version !== SCHEMA_VERSION) {
      const tablesFound = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      if (version !== 0 || tablesFound.length > 0) throw new Error(`it has version ${version}, not ${SCHEMA_VERSION}`);
      db.exec(`${SCHEMA}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    db.prepare('SELECT log, projection, v, position, event, at, hash, state FROM snapshots LIMIT 0').all();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function tables(db: DatabaseSync): ProjectionCache {
  const select = db.prepare(
    'SELECT position, event, at, hash, state FROM snapshots WHERE log = ? AND projection = ? AND v = ? AND position <= ? ORDER BY position DESC LIMIT 1',
  );
  const insert = db.prepare('INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const trim = db.prepare(
    'DELETE FROM snapshots WHERE log = ? AND projection = ? AND (v <> ? OR position NOT IN (SELECT position FROM snapshots WHERE log = ? AND projection = ? AND v = ? ORDER BY position DESC LIMIT ?))',
  );
  const removal = db.prepare('DELETE FROM snapshots WHERE log = ? AND projection = ? AND v = ?');
  const named = ({ logId, projection, v }: SnapshotKey) => [logId, projection, v] as const;
  return {
    latest(key, until) {
      const row = select.get(...named(key), until === undefined ? '9'.repeat(20) : padded(until));
      if (!row) return null;
      const snapshot: Snapshot = {
        position: BigInt(row.position as string),
        eventId: row.event as string,
        at: row.at as number,
        state: row.state as string,
      };
      if (hashOf(snapshot) === row.hash) return snapshot;
      // One altered state says nothing good of the others.
      removal.run(...named(key));
      return null;
    },
    put(key, snapshot) {
      const { position, eventId, at, state } = snapshot;
      insert.run(...named(key), padded(position), eventId, at, hashOf(snapshot), state);
      trim.run(...named(key), ...named(key), SNAPSHOTS_KEPT_MAX);
    },
    forget: (key) => void removal.run(...named(key)),
    close: () => db.close(),
  };
}

function hashOf({ position, eventId, at, state }: Snapshot): string {
  return sha256(`${position} ${eventId} ${at}\n${state}`);
}

/** Text sorts as the number does. */
function padded(position: Position): string {
  return position.toString().padStart(20, '0');
}

function closeQuietly(cache: ProjectionCache): void {
  try {
    cache.close();
  } catch {
    // What cannot be closed is left to the end of the process.
  }
}
