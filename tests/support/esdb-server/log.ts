import { randomUUID } from 'node:crypto';

/**
 * What an EventStoreDB keeps and how it decides, in memory. It is a log of its own and not one of ours, because it must
 * allow what ours refuse: system streams, bytes that are no JSON, the same id twice in a stream.
 */
export interface Proposed {
  /** A UUID. */
  id: string;
  type: string;
  contentType: string;
  data: Uint8Array;
  metadata: Uint8Array;
}

export interface Recorded extends Proposed {
  stream: string;
  /** Of a tombstone `TOMBSTONE_REVISION`. */
  revision: number;
  position: number;
  /** Milliseconds since the Unix epoch. */
  created: number;
}

export type Expectation = number | 'no_stream' | 'stream_exists' | 'any';

/** `actual` −1: no stream. */
export type Outcome =
  | { kind: 'success'; revision: number; position: number }
  | { kind: 'wrong'; expected: Expectation; actual: number }
  | { kind: 'deleted' };

/** 2^63 − 1 as near as a number comes to it: the revision of a tombstone, and `$tb` of a stream deleted softly. */
export const TOMBSTONE_REVISION = 2 ** 63;
const DELETED = '9223372036854775807';

interface Metadata {
  $tb?: number;
  $maxCount?: number;
  $maxAge?: number;
}

export interface EsdbLog {
  readonly events: readonly Recorded[];
  append(stream: string, expected: Expectation, events: readonly Proposed[]): Outcome;
  /** Hides what is there; the next append goes on behind it. */
  remove(stream: string, expected: Expectation): Outcome;
  /** The end of the stream and of its name. */
  tombstone(stream: string, expected: Expectation): Outcome;
  /** What is not hidden, oldest first. */
  visible(stream: string): readonly Recorded[] | 'not_found' | 'deleted';
  watch(listener: () => void): () => void;
}

// Positions are offsets into a file: they have gaps, and the file begins with records of the server's own.
const FIRST_POSITION = 153;
const RECORD_BYTES = 100;

export function createEsdbLog(now: () => number): EsdbLog {
  const log: Recorded[] = [];
  const streams = new Map<string, Recorded[]>();
  const listeners = new Set<() => void>();
  let end = FIRST_POSITION;

  const eventsOf = (name: string) => streams.get(name) ?? [];
  const lastOf = (name: string) => eventsOf(name).at(-1)?.revision ?? -1;
  /** A stream of metadata ends with the one that it is about. */
  const hasEnded = (name: string) => lastOf(describedBy(name) ?? name) === TOMBSTONE_REVISION;
  const isDeleted = (name: string) => (metadataOf(name)?.$tb ?? 0) >= TOMBSTONE_REVISION;

  function metadataOf(name: string): Metadata | undefined {
    const last = eventsOf(`$$${name}`).at(-1);
    return last && (JSON.parse(Buffer.from(last.data).toString()) as Metadata);
  }

  function record(name: string, event: Proposed, revision: number): Recorded {
    const recorded = { ...event, stream: name, revision, position: end, created: now() };
    if (!streams.has(name)) streams.set(name, []);
    eventsOf(name).push(recorded);
    log.push(recorded);
    end += RECORD_BYTES + event.data.length + event.metadata.length;
    return recorded;
  }

  function write(name: string, events: readonly Proposed[]): Outcome {
    const subject = describedBy(name) ?? name;
    const beginsAgain = isDeleted(subject);
    const from = lastOf(subject) + 1;
    const written = events.map((event) => record(name, event, lastOf(name) + 1));
    // Whatever is written to a deleted stream or its metadata begins it again, behind what it held.
    if (beginsAgain) setMetadata(subject, JSON.stringify({ ...metadataOf(subject), $tb: from }));
    return announced(written.at(-1));
  }

  function setMetadata(name: string, json: string): Recorded {
    return record(`$$${name}`, ownRecord('$metadata', json), lastOf(`$$${name}`) + 1);
  }

  function announced(last: Recorded | undefined): Outcome {
    for (const listener of listeners) listener();
    return success(last);
  }

  function refusal(name: string, expected: Expectation): Outcome | undefined {
    if (hasEnded(name)) return { kind: 'deleted' };
    const actual = lastOf(name);
    const deleted = isDeleted(name);
    const fits =
      expected === 'any' ||
      (expected === 'stream_exists' && (actual >= 0 || metadataOf(name) !== undefined) && !deleted) ||
      (expected === 'no_stream' && (actual < 0 || deleted)) ||
      expected === actual;
    return fits ? undefined : { kind: 'wrong', expected, actual };
  }

  return {
    events: log,
    append(name, expected, events) {
      const refused = refusal(name, expected);
      if (refused?.kind === 'deleted') return refused;
      if (refused && expected === 'stream_exists') return refused;
      return repetition(eventsOf(name), expected, events) ?? refused ?? write(name, events);
    },
    remove: (name, expected) => refusal(name, expected) ?? announced(setMetadata(name, `{"$tb":${DELETED}}`)),
    tombstone: (name, expected) =>
      refusal(name, expected) ?? announced(record(name, ownRecord('$streamDeleted', ''), TOMBSTONE_REVISION)),
    visible(name) {
      if (hasEnded(name)) return 'deleted';
      const events = eventsOf(name);
      if (events.length === 0 || isDeleted(name)) return 'not_found';
      if (describedBy(name) !== undefined) return events.slice(-1);
      const metadata = metadataOf(name);
      const first = Math.max(metadata?.$tb ?? 0, events.length - (metadata?.$maxCount ?? events.length));
      const oldest = now() - (metadata?.$maxAge ?? Number.POSITIVE_INFINITY) * 1000;
      return events.filter((event) => event.revision >= first && event.created >= oldest);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function ownRecord(type: string, json: string): Proposed {
  const contentType = json === '' ? 'application/octet-stream' : 'application/json';
  return { id: randomUUID(), type, contentType, data: Buffer.from(json), metadata: new Uint8Array() };
}

/** The stream whose metadata this one holds. */
function describedBy(name: string): string | undefined {
  return name.startsWith('$$') ? name.slice(2) : undefined;
}

function success(last: Recorded | undefined): Outcome {
  return { kind: 'success', revision: last?.revision ?? -1, position: last?.position ?? 0 };
}

/**
 * The server's rules for ids that it knows. With the exact revision nothing is looked up; a beginning that is known with
 * an end that is not is answered like a wrong revision, as the server does over the wire.
 */
function repetition(
  kept: readonly Recorded[],
  expected: Expectation,
  events: readonly Proposed[],
): Outcome | undefined {
  const actual = kept.length - 1;
  const exact = expected === 'no_stream' ? -1 : typeof expected === 'number' ? expected : undefined;
  if (exact === actual) return undefined;
  const found = events.map((event, n) =>
    exact === undefined
      ? kept.findLast((one) => one.id === event.id)
      : [kept[exact + 1 + n]].find((one) => one?.id === event.id),
  );
  if (!found[0]) return undefined;
  return found.includes(undefined) ? { kind: 'wrong', expected, actual } : success(found.at(-1));
}
