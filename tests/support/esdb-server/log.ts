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

interface Stream {
  events: Recorded[];
  tombstoned: boolean;
  /** Revisions below are hidden; infinity when the stream was deleted softly. */
  truncatedBefore: number;
  maxCount: number;
  maxAgeMs: number;
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
  const streams = new Map<string, Stream>();
  const listeners = new Set<() => void>();
  let end = FIRST_POSITION;

  function write(name: string, events: readonly Proposed[]): Outcome {
    const stream = streams.get(name) ?? fresh();
    streams.set(name, stream);
    if (stream.truncatedBefore === Number.POSITIVE_INFINITY) stream.truncatedBefore = stream.events.length;
    for (const event of events) {
      const recorded = { ...event, stream: name, revision: stream.events.length, position: end, created: now() };
      stream.events.push(recorded);
      log.push(recorded);
      end += RECORD_BYTES + event.data.length + event.metadata.length;
      if (event.type === '$metadata' && name.startsWith('$$')) applyMetadata(name.slice(2), event.data);
    }
    for (const listener of listeners) listener();
    return success(stream.events.at(-1));
  }

  function applyMetadata(name: string, bytes: Uint8Array): void {
    const metadata = JSON.parse(Buffer.from(bytes).toString()) as Record<string, number>;
    const stream = streams.get(name) ?? fresh();
    stream.truncatedBefore = metadata.$tb === DELETED ? Number.POSITIVE_INFINITY : (metadata.$tb ?? 0);
    stream.maxCount = metadata.$maxCount ?? Number.POSITIVE_INFINITY;
    stream.maxAgeMs = (metadata.$maxAge ?? Number.POSITIVE_INFINITY) * 1000;
    streams.set(name, stream);
  }

  function refusal(name: string, expected: Expectation): Outcome | undefined {
    const stream = streams.get(name);
    if (stream?.tombstoned) return { kind: 'deleted' };
    const actual = lastRevision(stream);
    const hidden = stream?.truncatedBefore === Number.POSITIVE_INFINITY;
    const fits =
      expected === 'any' ||
      (expected === 'stream_exists' && actual >= 0 && !hidden) ||
      (expected === 'no_stream' && (actual < 0 || hidden)) ||
      expected === actual;
    return fits ? undefined : { kind: 'wrong', expected, actual };
  }

  return {
    events: log,
    append(name, expected, events) {
      const stream = streams.get(name);
      const refused = refusal(name, expected);
      if (refused?.kind === 'deleted') return refused;
      const repeated = stream && repetition(stream.events, expected, events);
      return repeated ?? refused ?? write(name, events);
    },
    remove(name, expected) {
      const refused = refusal(name, expected);
      if (refused) return refused;
      const data = Buffer.from(JSON.stringify({ $tb: DELETED }));
      const id = '00000000-0000-4000-8000-000000000000';
      return write(`$$${name}`, [
        { id, type: '$metadata', contentType: 'application/json', data, metadata: new Uint8Array() },
      ]);
    },
    tombstone(name, expected) {
      const refused = refusal(name, expected);
      if (refused) return refused;
      const stream = streams.get(name) ?? fresh();
      stream.tombstoned = true;
      streams.set(name, stream);
      return { kind: 'success', revision: lastRevision(stream), position: end };
    },
    visible(name) {
      const stream = streams.get(name);
      if (stream?.tombstoned) return 'deleted';
      if (!stream || lastRevision(stream) < 0 || stream.truncatedBefore === Number.POSITIVE_INFINITY)
        return 'not_found';
      const first = Math.max(stream.truncatedBefore, stream.events.length - stream.maxCount);
      const oldest = now() - stream.maxAgeMs;
      return stream.events.filter((event) => event.revision >= first && event.created >= oldest);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** `$tb` of a stream that was deleted softly: the largest revision there is. */
const DELETED = Number('9223372036854775807');

function fresh(): Stream {
  return {
    events: [],
    tombstoned: false,
    truncatedBefore: 0,
    maxCount: Number.POSITIVE_INFINITY,
    maxAgeMs: Number.POSITIVE_INFINITY,
  };
}

function lastRevision(stream: Stream | undefined): number {
  return (stream?.events.length ?? 0) - 1;
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
