/**
 * What hides events of a stream, and how the log records it: EventStoreDB's names and meaning.
 *
 *     $$task-tsk_1   ─ $metadata {"$maxCount": 20} ─ $metadata {"$tb": 9007199254740991}      the last one is in force
 *     task-tsk_1     ─ event 0 ─ event 1 ─ … ─ $streamDeleted                                 the end of the stream
 *
 * These are events of the log like all others: chained, exported, verified, and seen by whoever reads the whole log.
 */
export interface StreamMetadata {
  /** Only so many events, the last ones, are visible; 1 or more. */
  maxCount?: number;
  /**
   * Only events from the first on that is at most so old, in milliseconds (whole seconds), are visible. Age is the
   * store's present time less the time of recording: `at` in an embedded log, the server's own in an EventStoreDB.
   */
  maxAgeMs?: number;
  /** Only events from this revision on are visible; 0 hides none. */
  truncateBefore?: number;
}

export interface StreamMetadataRead {
  metadata: StreamMetadata;
  /** The stream was deleted and not begun again; no event of it is visible. */
  deleted: boolean;
  /** Of the metadata, for `expected` of the next; −1 when none was ever set. */
  revision: number;
}

export const METADATA_TYPE = '$metadata';
export const TOMBSTONE_TYPE = '$streamDeleted';
/** The revision of a tombstone: behind it nothing can be appended. */
export const TOMBSTONE_REVISION = Number.MAX_SAFE_INTEGER;
/** `$tb` of a deleted stream: it hides everything, and the next append moves it to where the stream begins again. */
const DELETED = Number.MAX_SAFE_INTEGER;
const PREFIX = '$$';

/** The data of a `$metadata` event; other settings of an EventStoreDB may lie beside ours. */
export type MetadataRecord = Record<string, unknown>;

/** Where the metadata of the stream is recorded. */
export function metadataStreamOf(stream: string): string {
  return PREFIX + stream;
}

/** The stream whose metadata this one records; undefined for every other stream. */
export function describedBy(stream: string): string | undefined {
  return stream.startsWith(PREFIX) ? stream.slice(PREFIX.length) : undefined;
}

/** Whether the event is a record of the store, and no fact of an actor. */
export function isStoreRecord({ type }: { type: string }): boolean {
  return type.startsWith('$');
}

export function recordOf({ maxCount, maxAgeMs, truncateBefore }: StreamMetadata): MetadataRecord {
  return {
    ...(maxCount !== undefined && { $maxCount: maxCount }),
    ...(maxAgeMs !== undefined && { $maxAge: maxAgeMs / 1000 }),
    ...(truncateBefore !== undefined && { $tb: truncateBefore }),
  };
}

export const DELETION: MetadataRecord = { $tb: DELETED };

/** What the record says; a setting that is not there hides nothing. */
export function metadataIn(record: MetadataRecord): StreamMetadata {
  const { $maxCount, $maxAge, $tb } = record;
  return {
    ...(typeof $maxCount === 'number' && { maxCount: $maxCount }),
    ...(typeof $maxAge === 'number' && { maxAgeMs: $maxAge * 1000 }),
    ...(typeof $tb === 'number' && !isDeletion(record) && { truncateBefore: $tb }),
  };
}

/** EventStoreDB's own number, 2^63 − 1, is one that JSON does not keep exactly. */
export function isDeletion({ $tb }: MetadataRecord): boolean {
  return typeof $tb === 'number' && $tb >= DELETED;
}

/** What is wrong with a record that is no deletion; undefined when nothing is. */
export function faultInRecord({ $maxCount, $maxAge, $tb }: MetadataRecord): string | undefined {
  if ($maxCount !== undefined && !isWhole($maxCount, 1)) return 'maxCount is a whole number, at least 1';
  if ($maxAge !== undefined && !isWhole($maxAge, 1)) return 'maxAgeMs is a number of whole seconds, at least 1000';
  if ($tb !== undefined && !isWhole($tb, 0)) return 'truncateBefore is a revision';
  return undefined;
}

function isWhole(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) < DELETED;
}

/**
 * The first revision that a reader of the stream sees; none when it is beyond `last`. `firstSince` tells the revision
 * of the first event recorded at that time or later, `last` + 1 when there is none.
 */
export function firstVisible(
  record: MetadataRecord | undefined,
  last: number,
  now: number,
  firstSince: (time: number) => number,
): number {
  if (!record) return 0;
  if (isDeletion(record)) return DELETED;
  const { maxCount, maxAgeMs, truncateBefore = 0 } = metadataIn(record);
  const counted = maxCount === undefined ? 0 : last - maxCount + 1;
  const young = maxAgeMs === undefined ? 0 : firstSince(now - maxAgeMs);
  return Math.max(truncateBefore, counted, young);
}

/** The revision of an event of this type behind `last`; undefined when nothing follows. */
export function nextRevision(last: number, type: string): number | undefined {
  if (last === TOMBSTONE_REVISION) return undefined;
  return type === TOMBSTONE_TYPE ? TOMBSTONE_REVISION : last + 1;
}
