import { createHash } from 'node:crypto';
import { Fault } from '../../../kernel/errors.ts';
import type { EventMeta, Position, StoredEvent } from '../../event-store.ts';
import type { NewRow } from '../../rows.ts';
import type { EsdbProposed, EsdbResolved } from './client.ts';

/**
 * Our events in the store's terms. What EventStoreDB has no place for (our id, the version and time of the event, which
 * append wrote it) lies in the custom metadata beside ours.
 *
 *   stream  task-tsk_…  ↔  <namespace>.task-tsk_…        id  evt_…  →  a UUID made from it
 */
interface Envelope {
  id: string;
  v: number;
  at: number;
  /** Names the append; a repetition finds another one's. */
  write: string;
  meta: EventMeta;
}

export interface Codec {
  streamName(stream: string): string;
  propose(row: NewRow, write: string): EsdbProposed;
  /** Nothing for an event that is not of this log. */
  stored(resolved: EsdbResolved): Written | undefined;
}

export interface Written {
  event: StoredEvent;
  write: string;
}

export function createCodec(namespace: string): Codec {
  const prefix = `${namespace}.`;
  return {
    streamName: (stream) => prefix + stream,
    propose(row, write) {
      const { data, meta } = JSON.parse(row.body) as { data: unknown; meta: EventMeta };
      const metadata: Envelope = { id: row.id, v: row.v, at: row.at, write, meta };
      return { id: uuidOf(row.id), type: row.type, contentType: 'application/json', data, metadata };
    },
    stored(resolved) {
      const { event } = resolved;
      const envelope = event?.metadata as Envelope | undefined;
      if (!event?.streamId.startsWith(prefix) || typeof envelope?.write !== 'string') return undefined;
      const { id, v, at, meta, write } = envelope;
      const stream = event.streamId.slice(prefix.length);
      const data = event.data as Record<string, unknown>;
      const revision = Number(event.revision);
      return {
        write,
        event: { id, type: event.type, v, at, data, meta, stream, revision, position: positionOf(resolved) },
      };
    },
  };
}

// What an old server says where it does not know the position: the largest number there is.
const UNKNOWN_FROM = 2n ** 63n;

/** Throws Fault `log.refused` when the server does not tell positions. */
export function positionOf({ event, commitPosition }: EsdbResolved): Position {
  const position = event?.position?.commit ?? commitPosition;
  if (position === undefined || position >= UNKNOWN_FROM)
    throw new Fault('log.refused', 'the event store does not tell the positions of events: it is too old', {
      retryable: false,
    });
  return position;
}

const NAMESPACE_BYTES = Buffer.from('8f9d5b1c6c1e4f0e9a53d1a7c0f3e621', 'hex');

/** A version 5 UUID: the same id gives the same one, always. */
export function uuidOf(id: string): string {
  const bytes = createHash('sha1').update(NAMESPACE_BYTES).update(id).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
