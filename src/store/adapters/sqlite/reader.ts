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
  streamPage(stream: string, page: Required<StreamRead>): ReadRow[];
  logPage(filter: EventFilter | undefined, page: Page): ReadRow[];
  close(): void;
}

const STATEMENTS_KEPT_MAX = 128;

export function createReader(db: DatabaseSync, kinds: Kinds): Reader {
  const statements = new LRUCache<string, StatementSync>({ max: STATEMENTS_KEPT_MAX });
  const selectStreams = db.prepare('SELECT id FROM streams WHERE name >= ? AND name < ? LIMIT ?');
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
    streamPage(stream, { from, direction, limit }) {
      return reading(() => {
        const rows = selectStream[direction].all(stream, from, limit);
        for (const row of rows) {
          row.stream = stream;
          row.type = kinds.type(row.kind as number);
        }
        return rows as unknown as ReadRow[];
      });
    },
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
    `SELECT position, revision, id, kind, v, at, body FROM events WHERE stream = (SELECT id FROM streams WHERE name = ?) AND revision ${comparison} ? ORDER BY revision ${order} LIMIT ?`,
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
