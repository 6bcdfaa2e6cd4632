import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { NewEvent } from '../src/store/event-store.ts';

/** What SQLite does with the same events and nothing around them: one table, the two indices no event store lacks. */
export const RAW_INSERT =
  'INSERT INTO events (position, stream, revision, id, type, v, at, data, meta) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';

export function openRaw(directory: string): DatabaseSync {
  const db = new DatabaseSync(join(directory, 'raw.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec(
    'CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT, revision INTEGER, id TEXT, type TEXT, v INTEGER, at INTEGER, data TEXT, meta TEXT); CREATE UNIQUE INDEX by_revision ON events (stream, revision); CREATE UNIQUE INDEX by_id ON events (stream, id)',
  );
  return db;
}

const PAYLOAD = 'x'.repeat(256 - '{"text":""}'.length);

/** An event with 256 bytes of data. */
export function benchEvent(n: number): NewEvent {
  return {
    id: `evt_01k0000000${String(n).padStart(18, '0')}`,
    type: 'TaskProgressed',
    v: 1,
    at: 1_700_000_000_000 + n,
    data: { text: PAYLOAD },
    meta: { actor: 'agent:agt_1', correlationId: 'cmd_1', scope: { workflowId: 'wfl_1', taskId: 'tsk_1' } },
  };
}

export async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'heph-bench-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
