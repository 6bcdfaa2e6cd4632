import type { DatabaseSync } from 'node:sqlite';
import { HephError } from '../../../kernel/errors.ts';
import { decideAppend, type StreamState } from '../../append-rules.ts';
import { type Appended, categoryOf } from '../../event-store.ts';
import { chainHash } from '../../hash-chain.ts';
import { type AskedAppend, recordInBody, withRecords } from '../../hiding.ts';
import type { NewRow, Row } from '../../rows.ts';
import { describedBy, nextRevision, TOMBSTONE_REVISION } from '../../stream-metadata.ts';
import type { Anchor } from './anchor.ts';
import type { Kind, Kinds } from './catalogue.ts';
import { fencedFault } from './failures.ts';
import { createHeads } from './heads.ts';

/**
 * One transaction for a group of appends. Each is decided before its own insert and sees those before it, so a refused
 * one costs its neighbours nothing. When the transaction fails, all of it is undone and what was believed of the streams
 * is read from disk again.
 */
export type Asked = AskedAppend;

/** What one append got: its answer, or the Conflict it is refused with. */
export type Outcome = Accepted | { refused: HephError };

interface Accepted {
  appended: Appended;
  /** What was written, where it is not just what was asked: the store's own records came with it. */
  stored?: Row[];
}

export interface Group {
  outcomes: Outcome[];
  /** The kinds of event that came into the log with it. */
  kinds: Kind[];
  /** How many events were written, and how long their bodies are together. */
  written: number;
  chars: number;
  /** The last committed event. */
  head: Anchor;
}

export interface GroupWriter {
  /** Throws Fault `log.fenced`, or SQLite's own error; nothing of the group was written then, as far as SQLite knows. */
  commit(asked: readonly Asked[]): Group;
}

export function createGroupWriter(db: DatabaseSync, epoch: number, kinds: Kinds, start: Anchor): GroupWriter {
  const heads = createHeads(db, kinds);
  const selectEpoch = db.prepare("SELECT value FROM settings WHERE key = 'epoch'");
  const insertStream = db.prepare('INSERT INTO streams (name) VALUES (?)');
  const insertKind = db.prepare('INSERT INTO kinds (category, type) VALUES (?, ?)');
  const insertEvent = db.prepare(
    'INSERT INTO events (position, stream, revision, id, kind, v, at, workflow, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  let committed = start;
  let position = start.position;
  let hash = start.hash;
  let chars = 0;
  let added: Kind[] = [];

  function commit(asked: readonly Asked[]): Group {
    chars = 0;
    added = [];
    try {
      db.exec('BEGIN IMMEDIATE');
      if (selectEpoch.get()?.value !== epoch) throw fencedFault();
      const outcomes = asked.map(decideAndWrite);
      db.exec('COMMIT');
      const written = position - committed.position;
      committed = { position, hash };
      return { outcomes, kinds: added, written, chars, head: committed };
    } catch (error) {
      undo();
      throw error;
    }
  }

  function undo(): void {
    ({ position, hash } = committed);
    heads.clear();
    try {
      if (db.isTransaction) db.exec('ROLLBACK');
      kinds.reload();
    } catch {
      // The first error tells more; after one that breaks even this, the writer stops anyway.
    }
  }

  function decideAndWrite({ stream, expected, rows, given }: Asked): Outcome {
    try {
      if (given) decideAppend(given.stream, given.expected, [], stateOf(given.stream));
      const repeated = decideAppend(stream, expected, rows, stateOf(stream));
      if (repeated) return { appended: repeated };
    } catch (error) {
      if (error instanceof HephError) return { refused: error };
      throw error;
    }
    const stored = withRecords(stream, rows, heads.of).map((one) => write(one.stream, one.row));
    const asAsked = stored.length === rows.length && stored.every((row, n) => row.body === rows[n]?.body);
    const appended = { revision: heads.of(stream).revision, position: BigInt(position), repeated: false };
    return asAsked ? { appended } : { appended, stored };
  }

  function stateOf(stream: string): StreamState {
    const head = heads.of(stream);
    const described = describedBy(stream);
    // Metadata ends with the stream that it is about.
    const ended = described !== undefined && heads.of(described).revision === TOMBSTONE_REVISION;
    const { revision, metadata } = head;
    return { revision: ended ? TOMBSTONE_REVISION : revision, metadata, find: (id) => heads.find(head, id) };
  }

  function write(stream: string, row: NewRow): Row {
    const head = heads.of(stream);
    if (head.streamId === 0) head.streamId = Number(insertStream.run(stream).lastInsertRowid);
    position += 1;
    head.revision = nextRevision(head.revision, row.type) as number;
    if (row.id > head.greatestId) head.greatestId = row.id;
    const { id, type, v, at, body, workflow } = row;
    chars += body.length;
    const stored: Row = { position, stream, revision: head.revision, id, type, v, at, body, workflow };
    hash = chainHash(hash, stored);
    const kind = kindOf(stream, type);
    insertEvent.run(position, head.streamId, head.revision, id, kind, v, at, workflow, body, hash);
    noteMetadata(stream, row);
    return stored;
  }

  function noteMetadata(stream: string, row: NewRow): void {
    const described = describedBy(stream);
    if (described !== undefined) heads.of(described).metadata = recordInBody(row.body);
  }

  function kindOf(stream: string, type: string): number {
    const category = categoryOf(stream);
    const known = kinds.find(category, type);
    if (known !== undefined) return known;
    const id = Number(insertKind.run(category, type).lastInsertRowid);
    const kind = { id, category, type };
    kinds.add(kind);
    added.push(kind);
    return id;
  }

  return { commit };
}

/** The events that a group wrote, in order, as readers get them. */
export function writtenBy(asked: readonly Asked[], { outcomes }: Group): Row[] {
  const written: Row[] = [];
  asked.forEach(({ stream, rows }, n) => {
    const outcome = outcomes[n];
    if (!outcome || 'refused' in outcome || outcome.appended.repeated) return;
    if (outcome.stored) {
      written.push(...outcome.stored);
      return;
    }
    let revision = outcome.appended.revision - rows.length;
    let position = Number(outcome.appended.position) - rows.length;
    for (const { id, type, v, at, body, workflow } of rows) {
      revision += 1;
      position += 1;
      written.push({ position, stream, revision, id, type, v, at, body, workflow });
    }
  });
  return written;
}
