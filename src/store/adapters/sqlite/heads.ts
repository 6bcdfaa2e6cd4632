import type { DatabaseSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import type { Known } from '../../append-rules.ts';
import { recordInBody } from '../../hiding.ts';
import type { MetadataRecord } from '../../stream-metadata.ts';
import type { Kinds } from './catalogue.ts';

/** Where a stream ends, as the writer knows it, its own open transaction included. */
export interface Head {
  /** 0 until the stream's first event is written. */
  streamId: number;
  /** −1: no stream. */
  revision: number;
  /** The greatest id in the stream. Ids sort by time, so a new one is greater and need not be looked up. */
  greatestId: string;
  /** What hides events of the stream, if anything was ever set. */
  metadata: MetadataRecord | undefined;
}

export interface Heads {
  of(stream: string): Head;
  find(head: Head, id: string): Known | undefined;
  /** Forgets all: they are read from disk again. */
  clear(): void;
}

const HEADS_KEPT_MAX = 20_000;

export function createHeads(db: DatabaseSync, kinds: Kinds): Heads {
  const kept = new LRUCache<string, Head>({ max: HEADS_KEPT_MAX });
  const selectHead = db.prepare(
    "SELECT s.id AS streamId, (SELECT max(revision) FROM events WHERE stream = s.id) AS revision, (SELECT max(id) FROM events WHERE stream = s.id) AS greatestId, (SELECT body FROM events WHERE stream = m.id ORDER BY revision DESC LIMIT 1) AS metadata FROM (SELECT ? AS name) n LEFT JOIN streams s ON s.name = n.name LEFT JOIN streams m ON m.name = '$$' || n.name",
  );
  const selectKnown = db.prepare('SELECT revision, position, kind, v, body FROM events WHERE stream = ? AND id = ?');

  return {
    of(stream) {
      const known = kept.get(stream);
      if (known) return known;
      const head = headIn(selectHead.get(stream) as unknown as HeadRow);
      kept.set(stream, head);
      return head;
    },
    find(head, id) {
      if (id > head.greatestId) return undefined;
      const row = selectKnown.get(head.streamId, id);
      return row && ({ ...row, type: kinds.type(row.kind as number) } as unknown as Known);
    },
    clear: () => kept.clear(),
  };
}

interface HeadRow {
  streamId: number | null;
  revision: number | null;
  greatestId: string | null;
  metadata: string | null;
}

function headIn({ streamId, revision, greatestId, metadata: body }: HeadRow): Head {
  return {
    streamId: streamId ?? 0,
    revision: revision ?? -1,
    greatestId: greatestId ?? '',
    metadata: body === null ? undefined : recordInBody(body),
  };
}
