import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { Fault, messageOf } from '../../../kernel/errors.ts';
import type { EventFilter, StreamRead } from '../../event-store.ts';
import type { Row } from '../../rows.ts';
import type { Kinds } from './catalogue.ts';
import { classify, faultOf } from './failures.ts';
import { endOf, type Page, planPage, planUnfiltered } from './plan.ts';

export type ReadRow = Omit<Row, 'workflow'>;

/** Pages out of `log.db`, over a connection of its own. Throws Fault `log.damaged` for what cannot be read. */
export interface Reader {
  streamPage(stream: string, page: Required<StreamRead> & { first: number }): ReadRow[];
  extent(stream: string): Extent | undefined;
  /** The revision of the stream's first event recorded at that time or later; undefined when there is none. */
  firstSince(stream: string, time: number): number | undefined;
  logPage(filter: EventFilter | undefined, page: Page): ReadRow[];
  close(): void;
}

/** Where a stream ends, and the record of what hides its events; undefined when there is no stream. */
export interface Extent {
  last: number;
  /** The body of the record. */
  metadata: string | null;
}

const STATEMENTS_KEPT_MAX = 128;

export function createReader(db: DatabaseSync, kinds: Kinds): Reader {
  const statements = new LRUCache<string, StatementSync>({ max: STATEMENTS_KEPT_MAX });
  const selectStreams = db.prepare('SELECT id FROM streams WHERE name >= ? AND name < ? LIMIT ?');
  const selectExtent = db.prepare(
    "SELECT (SELECT max(revision) FROM events WHERE stream = s.id) AS last, (SELECT body FROM events WHERE stream = (SELECT id FROM streams WHERE name = '$$' || s.name) ORDER BY revision DESC LIMIT 1) AS metadata FROM streams s WHERE s.name = ?",
  );
  const selectSince = db.prepare(
    'SELECT min(revision) AS first FROM events WHERE stream = (SELECT id FROM streams WHERE name = ?) AND at >= ?',
  );
  const selectStream = {
    forwards: streamStatement(db, '>=', 'ASC'),
    backwards: streamStatement(db, '<=', 'DESC'),
  };

  function statement(sql: string): StatementSync {
    const known = statements.get(sql);
    if (known) return known;
    const made = db.prepare(sql);
    statements.set(sql, made);
    return made;
  }

  function streamsIn(prefix: string, max: number): number[] {
    return selectStreams.all(prefix, endOf(prefix), max).map((row) => row.id as number);
  }

  return {
    streamPage(stream, { from, direction, limit, first }) {
      return reading(() => {
        const rows = selectStream[direction].all(stream, from, first, limit);
        for (const row of rows) {
          row.stream = stream;
          row.type = kinds.type(row.kind as number);
        }
        return rows as unknown as ReadRow[];
      });
    },
    extent: (stream) => reading(() => selectExtent.get(stream) as unknown as Extent | undefined),
    firstSince: (stream, time) => reading(() => (selectSince.get(stream, time)?.first as number | null) ?? undefined),
    logPage(filter, page) {
      return reading(() => {
        const query = isOpen(filter) ? planUnfiltered(page) : planPage(filter, page, kinds.all(), streamsIn);
        if (!query) return [];
        const rows = statement(query.sql).all(...query.params);
        for (const row of rows) row.type = kinds.type(row.kind as number);
        return rows as unknown as ReadRow[];
      });
    },
    close: () => db.close(),
  };
}

function streamStatement(db: DatabaseSync, comparison: string, order: string): StatementSync {
  return db.prepare(
    `SELECT position, revision, id, kind, v, at, body FROM events WHERE stream = (SELECT id FROM streams WHERE name = ?) AND revision ${comparison} ? AND revision >= ? ORDER BY revision ${order} LIMIT ?`,
  );
}

function isOpen(filter: EventFilter | undefined): boolean {
  return !filter?.streamPrefixes && !filter?.types && filter?.workflowId === undefined;
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (classify(error) === 'busy') throw faultOf(error);
    throw new Fault('log.damaged', `the log cannot be read: ${messageOf(error)}`, { cause: error, retryable: false });
  }
}
