import { createHash } from 'node:crypto';
import { Fault } from '../../../kernel/errors.ts';
import type { EventMeta, Position, StoredEvent } from '../../event-store.ts';
import { storeRecord } from '../../hiding.ts';
import type { NewRow } from '../../rows.ts';
import {
  DELETION,
  describedBy,
  isDeletion,
  METADATA_TYPE,
  type MetadataRecord,
  metadataStreamOf,
  TOMBSTONE_REVISION,
  TOMBSTONE_TYPE,
} from '../../stream-metadata.ts';
import type { EsdbAppended, EsdbProposed, EsdbRemoved, EsdbResolved } from './client.ts';

/**
 * Our events in the store's terms. What EventStoreDB has no place for (our id, the version and time of the event, which
 * append wrote it) lies in the custom metadata beside ours.
 *
 *   stream  task-tsk_…  ↔  <namespace>.task-tsk_…        id  evt_…  →  a UUID made from it
 *           $$task-tsk_…  ↔  $$<namespace>.task-tsk_…
 *
 * The store's own records of deletions and tombstones have none of that: what it knows of them takes the place.
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
  /** The beginnings, in the store's names, of the streams of this log that begin so. */
  prefixesOf(prefix: string): string[];
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
  const ofMetadata = metadataStreamOf(prefix);
  const streamName = (stream: string) => {
    const described = describedBy(stream);
    return described === undefined ? prefix + stream : ofMetadata + described;
  };
  const ourName = (name: string) => {
    if (name.startsWith(prefix)) return name.slice(prefix.length);
    return name.startsWith(ofMetadata) ? metadataStreamOf(name.slice(ofMetadata.length)) : undefined;
  };
  return {
    streamName,
    prefixesOf(text) {
      if (describedBy(text) !== undefined) return [streamName(text)];
      return metadataStreamOf('').startsWith(text) ? [prefix + text, ofMetadata] : [prefix + text];
    },
    propose(row, write) {
      const { data, meta } = JSON.parse(row.body) as { data: unknown; meta: EventMeta };
      const metadata: Envelope = { id: row.id, v: row.v, at: row.at, write, meta };
      return { id: uuidOf(row.id), type: row.type, contentType: 'application/json', data, metadata };
    },
    stored(resolved) {
      const { event } = resolved;
      const stream = event && ourName(event.streamId);
      if (!event || stream === undefined) return undefined;
      const envelope = event.metadata as Partial<Envelope> | undefined;
      if (typeof envelope?.write !== 'string') return recordIn(event, stream, positionOf(resolved));
      const { id, v, at, meta, write } = envelope as Envelope;
      const data = event.data as Record<string, unknown>;
      const revision = Number(event.revision);
      return {
        write,
        event: { id, type: event.type, v, at, data, meta, stream, revision, position: positionOf(resolved) },
      };
    },
  };
}

/** What the store recorded of itself; nothing for an event that somebody else wrote. */
function recordIn(
  { id, type, created, data, revision }: NonNullable<EsdbResolved['event']>,
  stream: string,
  position: Position,
): Written | undefined {
  const placed = { stream, position };
  if (type === TOMBSTONE_TYPE)
    return { write: '', event: { ...storeRecord(id, type, {}, +created), ...placed, revision: TOMBSTONE_REVISION } };
  if (type !== METADATA_TYPE || describedBy(stream) === undefined) return undefined;
  const record = isDeletion(data as MetadataRecord) ? DELETION : (data as MetadataRecord);
  return { write: '', event: { ...storeRecord(id, type, record, +created), ...placed, revision: Number(revision) } };
}

// What an old server says where it does not know the position: the largest number there is.
const UNKNOWN_FROM = 2n ** 63n;

/** Throws Fault `log.refused` when the server does not tell positions. */
export function positionOf({ event, commitPosition }: EsdbResolved): Position {
  return known(event?.position?.commit ?? commitPosition);
}

/** Of what a call has written or found. Throws as `positionOf` does. */
export function positionOfAnswer({ position }: EsdbAppended | EsdbRemoved): Position {
  return known(position?.commit);
}

function known(position: bigint | undefined): Position {
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
