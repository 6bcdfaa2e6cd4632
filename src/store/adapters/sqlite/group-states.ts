import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Fault, isFailure, messageOf } from '../../../kernel/errors.ts';
import type { ProgressChange } from '../../groups/ledger.ts';
import type { GroupStates, SavedGroup } from '../../groups/states.ts';
import type { GroupFilter, GroupId } from '../../persistent-subscriptions.ts';
import { fencedFault } from './failures.ts';
import type { Connect } from './schema.ts';

/**
 * `groups.db`, beside the log: how far its groups of consumers have come. It is what readers have done and not what
 * happened, so it is no part of the log; who deletes it makes the groups anew, and they are given everything again.
 *
 * Commits are not flushed. A power cut takes the last of them together, which brings events again and loses none.
 */
const SCHEMA = [
  'CREATE TABLE owner (epoch INTEGER NOT NULL) STRICT',
  'INSERT INTO owner VALUES (0)',
  'CREATE TABLE groups (id INTEGER PRIMARY KEY, name TEXT NOT NULL, stream TEXT NOT NULL, retries_max INTEGER NOT NULL, message_timeout_ms INTEGER NOT NULL, filter TEXT, after INTEGER NOT NULL, checkpoint INTEGER, UNIQUE (stream, name)) STRICT',
  'CREATE TABLE parked (owner INTEGER NOT NULL, key INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (owner, key)) STRICT, WITHOUT ROWID',
  'PRAGMA user_version = 1',
];
const VERSION = 1n;
/** The whole log, where a stream's name would be. */
const WHOLE_LOG = '';

export const groupsPathOf = (directory: string) => join(directory, 'groups.db');

/** `epoch` is the owner's: a later one keeps this one from writing. Throws Fault `group.not_recorded`, `log.fenced`. */
export function openGroupStates(directory: string, epoch: number, open: Connect): GroupStates {
  return orNotRecorded(() => {
    const path = groupsPathOf(directory);
    if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
    const db = open(path, { readOnly: false });
    try {
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      return statesIn(db, BigInt(epoch));
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

function statesIn(db: DatabaseSync, epoch: bigint): GroupStates {
  const version = prepare(db, 'PRAGMA user_version').get()?.user_version;
  if (version === 0n) db.exec(`BEGIN IMMEDIATE; ${SCHEMA.join('; ')}; COMMIT`);
  else if (version !== VERSION) throw new Error(`groups.db has version ${version}; this program knows ${VERSION}`);
  const selectEpoch = prepare(db, 'SELECT epoch FROM owner');
  transact(
    () => db.exec(`UPDATE owner SET epoch = ${epoch}`),
    (found) => found <= epoch,
  );

  const insert = prepare(
    db,
    'INSERT INTO groups (name, stream, retries_max, message_timeout_ms, filter, after) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const configure = prepare(
    db,
    'UPDATE groups SET retries_max = ?, message_timeout_ms = ? WHERE name = ? AND stream = ?',
  );
  const advance = prepare(db, 'UPDATE groups SET checkpoint = ? WHERE name = ? AND stream = ? RETURNING id');
  const remove = prepare(db, 'DELETE FROM groups WHERE name = ? AND stream = ? RETURNING id');
  const park = prepare(db, 'INSERT OR REPLACE INTO parked (owner, key, reason) VALUES (?, ?, ?)');
  const unpark = prepare(db, 'DELETE FROM parked WHERE owner = ? AND key = ?');
  const unparkAll = prepare(db, 'DELETE FROM parked WHERE owner = ?');
  const selectGroups = prepare(db, 'SELECT * FROM groups');
  const selectParked = prepare(db, 'SELECT key, reason FROM parked WHERE owner = ? ORDER BY key');

  function transact(act: () => void, isMine = (found: bigint) => found === epoch): void {
    orNotRecorded(() => {
      try {
        db.exec('BEGIN IMMEDIATE');
        if (!isMine(selectEpoch.get()?.epoch as bigint)) throw fencedFault();
        act();
        db.exec('COMMIT');
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  return {
    all: () =>
      orNotRecorded(() =>
        selectGroups.all().map((row) => {
          const parked = new Map(selectParked.all(row.id as bigint).map(({ key, reason }) => [key, reason] as const));
          return savedGroup(row as unknown as GroupRow, parked as Map<bigint, string>);
        }),
      ),
    create({ group, settings: { retriesMax, messageTimeoutMs }, filter, after }) {
      const kept = filter ? JSON.stringify(filter) : null;
      transact(() => insert.run(...keyOf(group), retriesMax, messageTimeoutMs, kept, after));
    },
    configure(group, { retriesMax, messageTimeoutMs }) {
      transact(() => configure.run(retriesMax, messageTimeoutMs, ...keyOf(group)));
    },
    advance(group, { checkpoint, parked, unparked }: ProgressChange) {
      transact(() => {
        const id = advance.get(checkpoint, ...keyOf(group))?.id as bigint;
        for (const [key, reason] of parked) park.run(id, key, reason);
        for (const key of unparked) unpark.run(id, key);
      });
    },
    remove(group) {
      transact(() => unparkAll.run(remove.get(...keyOf(group))?.id as bigint));
    },
    close: () => db.close(),
  };
}

interface GroupRow {
  name: string;
  stream: string;
  retries_max: bigint;
  message_timeout_ms: bigint;
  filter: string | null;
  after: bigint;
  checkpoint: bigint | null;
}

function savedGroup(row: GroupRow, parked: Map<bigint, string>): SavedGroup {
  return {
    group: { name: row.name, ...(row.stream !== WHOLE_LOG && { stream: row.stream }) },
    settings: { retriesMax: Number(row.retries_max), messageTimeoutMs: Number(row.message_timeout_ms) },
    ...(row.filter !== null && { filter: JSON.parse(row.filter) as GroupFilter }),
    after: row.after,
    checkpoint: row.checkpoint,
    parked,
  };
}

/** Positions and revisions are read as they are used. */
function prepare(db: DatabaseSync, sql: string) {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  return statement;
}

function keyOf({ name, stream = WHOLE_LOG }: GroupId): [string, string] {
  return [name, stream];
}

function orNotRecorded<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (isFailure(error)) throw error;
    throw new Fault('group.not_recorded', `groups.db: ${messageOf(error)}`, { cause: error });
  }
}
