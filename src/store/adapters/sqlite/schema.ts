import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HephError } from '../../../kernel/errors.ts';
import { syncDirectory } from '../durable-file.ts';

/**
 * `log.db`. An event's stream and kind (category and type) are numbers into two small tables, which keeps a row and its
 * indices short; everything the hash covers is in `events` or named by those two. `workflow` repeats a part of `body`.
 */
export const SCHEMA = [
  'CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT',
  'CREATE TABLE kinds (id INTEGER PRIMARY KEY, category TEXT NOT NULL, type TEXT NOT NULL) STRICT',
  'CREATE TABLE events (position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, kind INTEGER NOT NULL, v INTEGER NOT NULL, at INTEGER NOT NULL, workflow TEXT, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT',
  'CREATE TABLE settings (key TEXT PRIMARY KEY, value INTEGER NOT NULL, hash TEXT NOT NULL) STRICT, WITHOUT ROWID',
  'CREATE UNIQUE INDEX streams_name ON streams (name)',
  'CREATE UNIQUE INDEX events_revision ON events (stream, revision)',
  'CREATE UNIQUE INDEX events_id ON events (stream, id)',
  'CREATE INDEX events_kind ON events (kind)',
  'CREATE INDEX events_workflow ON events (workflow) WHERE workflow IS NOT NULL',
] as const;

export const SCHEMA_VERSION = 1;
const BUSY_WAIT_MS = 1000;

export const logPathOf = (directory: string) => join(directory, 'log.db');

/** Opens one connection to a database file; tests replace it to make the disk fail. */
export type Connect = (path: string, options: { readOnly: boolean }) => DatabaseSync;

export const connect: Connect = (path, { readOnly }) =>
  new DatabaseSync(path, { readOnly, timeout: BUSY_WAIT_MS, defensive: true, enableForeignKeyConstraints: false });

/** The connection that writes, the tables made where they are missing. */
export function openWriter(directory: string, open: Connect): DatabaseSync {
  const path = logPathOf(directory);
  // SQLite gives its side files the mode of the database file, so that one must have it first.
  if (!existsSync(path)) {
    closeSync(openSync(path, 'wx', 0o600));
    syncDirectory(directory);
  }
  const db = open(path, { readOnly: false });
  try {
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    // SQLite would drop the error of a checkpoint that it runs by itself; the writer runs its own and looks at it.
    db.exec('PRAGMA wal_autocheckpoint = 0');
    createTables(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function createTables(db: DatabaseSync): void {
  const version = versionOf(db);
  if (version > SCHEMA_VERSION)
    throw new HephError('data.newer_format', `log.db has version ${version}; this program knows ${SCHEMA_VERSION}`);
  if (version === SCHEMA_VERSION) return;
  db.exec(`BEGIN IMMEDIATE; ${SCHEMA.join('; ')}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}

export function versionOf(db: DatabaseSync): number {
  return db.prepare('PRAGMA user_version').get()?.user_version as number;
}
