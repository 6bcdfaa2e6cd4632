import { Fault } from '../kernel/errors.ts';
import type { EventMeta, NewEvent, StoredEvent } from './event-store.ts';

/**
 * An event as the embedded adapters keep it. `body` is the JSON of `{data, meta}`, made once when the event is
 * appended: what is hashed, stored and parsed is the same text, and no reader shares an object with the writer.
 */
export interface NewRow {
  id: string;
  type: string;
  v: number;
  at: number;
  body: string;
  /** `meta.scope.workflowId`, kept apart for the index. */
  workflow: string | null;
}

export interface Row extends NewRow {
  /** A safe integer: an embedded log does not reach 2^53. */
  position: number;
  stream: string;
  revision: number;
}

export function toRow(event: NewEvent): NewRow {
  const body = JSON.stringify({ data: event.data, meta: event.meta });
  const workflow = event.meta.scope?.workflowId ?? null;
  return { id: event.id, type: event.type, v: event.v, at: event.at, body, workflow };
}

/** Throws Fault `log.damaged` when the stored text is no JSON. */
export function toEvent(row: Omit<Row, 'workflow'>): StoredEvent {
  const { data, meta } = parseBody(row);
  return {
    id: row.id,
    type: row.type,
    v: row.v,
    at: row.at,
    data,
    meta,
    stream: row.stream,
    revision: row.revision,
    position: BigInt(row.position),
  };
}

function parseBody(row: Pick<Row, 'position' | 'body'>): { data: Record<string, unknown>; meta: EventMeta } {
  try {
    return JSON.parse(row.body);
  } catch (cause) {
    throw new Fault('log.damaged', `the event at position ${row.position} cannot be read`, {
      cause,
      details: { position: row.position },
      retryable: false,
    });
  }
}
