import type { StreamMetadata, StreamMetadataRead } from './stream-metadata.ts';

/**
 * The event store's port. Its semantics are EventStoreDB's, so that every adapter means the same thing:
 * streams `<category>-<id>`, optimistic concurrency by expected revision, idempotency by event id, reads in both
 * directions, catch-up subscriptions. A position is an unsigned 64-bit number, printed in decimal on every wire.
 */
export type Position = bigint;

/** Who did it, why, and what it concerns. `scope` names what a reader may filter by. */
export interface EventMeta {
  /** The authenticated principal: `operator`, `agent:<id>`, `process:<story>`, `server`; `store` for its own records. */
  actor: string;
  /** The first command of the story this event belongs to. */
  correlationId: string;
  /** The event that made somebody send the command; absent when a person did. */
  causationId?: string;
  scope?: {
    workspace?: string;
    repositoryId?: string;
    workflowId?: string;
    taskId?: string;
    agentId?: string;
    runnerId?: string;
  };
  /** The chart's state before and after, e.g. `queued`, `live.working`. */
  from?: string;
  to?: string;
  /** On the first event of an append: the command, so that `heph replay` can decide it again and compare. */
  command?: {
    id: string;
    name: string;
    v: number;
    /** Absent: it is this event's data, word for word, and is not written a second time. */
    input?: unknown;
    config: number;
  };
  /** How many events the command appended; beside `command`. */
  count?: number;
}

export interface NewEvent {
  /** Unique per stream; derived from (command id, n). */
  id: string;
  type: string;
  /** The version of the shape of `data`. */
  v: number;
  /** When it was recorded: milliseconds since the Unix epoch. */
  at: number;
  data: Record<string, unknown>;
  meta: EventMeta;
}

export interface StoredEvent extends NewEvent {
  stream: string;
  /** 0, 1, 2 … within the stream; of a tombstone `TOMBSTONE_REVISION`. */
  revision: number;
  /** Strictly increasing over the whole log; without gaps where the adapter says so. */
  position: Position;
}

/** What the writer believes of the stream: its exact last revision, or one of EventStoreDB's three words. */
export type Expected = number | 'no_stream' | 'stream_exists' | 'any';

/** EventStoreDB's clients cannot say `stream_exists` of a stream that is to be deleted or ended. */
export type DeleteExpected = Exclude<Expected, 'stream_exists'>;

export interface Appended {
  /** Of the last event written (or found, when the append was a repetition). */
  revision: number;
  position: Position;
  /** True when every event was there already and nothing was written. */
  repeated: boolean;
}

export type Direction = 'forwards' | 'backwards';

export interface StreamRead {
  /** First revision to deliver, inclusive. Default: the first forwards, the last backwards. */
  from?: number;
  direction?: Direction;
  /** Default: all. */
  limit?: number;
}

/** An event passes when it fits every part that is given; within a part, one match is enough. */
export interface EventFilter {
  /** Fits a stream that begins with one of them: `task-` for a category, a whole name for one stream. */
  streamPrefixes?: readonly string[];
  types?: readonly string[];
  /** Fits an event whose `meta.scope.workflowId` is this one. */
  workflowId?: string;
}

export interface AllRead {
  /** Exclusive: events with a greater position forwards, a smaller one backwards. Default: from the respective end. */
  after?: Position;
  /** Inclusive upper bound: `at=P` means that every event ≤ P is applied. */
  until?: Position;
  direction?: Direction;
  limit?: number;
  filter?: EventFilter;
}

export interface SubscribeOptions {
  /** Exclusive. Default: from the start. */
  after?: Position;
  filter?: EventFilter;
  signal?: AbortSignal;
}

/** `caught_up` comes once, when everything that was in the log at that moment has been delivered. */
export type SubscriptionItem = { kind: 'events'; events: StoredEvent[] } | { kind: 'caught_up'; position: Position };

/** What an adapter can promise beyond the contract; each `false` has its reason in the adapter's docstring. */
export interface StoreCapabilities {
  /** Positions are 1, 2, 3 … without gaps. */
  gapFreePositions: boolean;
  /** Each event is hashed with its predecessor's hash; `verify` finds the first damaged one. */
  hashChain: boolean;
  /** The same id with another payload is refused (`log.id_reused`) instead of taken for a repetition. */
  payloadCheckedIdempotency: boolean;
  durable: boolean;
  /** Other processes append to the same log, so what is remembered of a stream may be behind. */
  otherWriters: boolean;
}

export interface EventStore {
  readonly capabilities: StoreCapabilities;
  /**
   * Appends all of `events` to `stream` or none. Resolves only when they are durable.
   * A wrong expectation throws Conflict `log.wrong_revision` with `details {stream, expected, actual}` (actual −1: no
   * stream). The same append again (same ids) answers as the first did; what else becomes of known ids is told in
   * `append-rules.ts`. Throws Invalid `log.bad_stream`, `log.bad_event` or, above 256 KiB, `log.event_too_large`;
   * Fault `log.read_only` after a storage failure, `log.disk_full` when there is no room, `log.fenced` when a later
   * owner took over, `log.busy` when too much waits, `log.closed`, `log.stream_deleted` behind a tombstone.
   */
  append(stream: string, expected: Expected, events: readonly NewEvent[]): Promise<Appended>;
  /**
   * The visible events of one stream in order; a stream that does not exist is empty. What hides events is judged when
   * the reading begins. Who must have a whole stream reads it with `readWhole`.
   */
  readStream(stream: string, options?: StreamRead): AsyncIterable<StoredEvent>;
  /**
   * Events of the whole log in order of position, up to the head of the moment when reading begins: hidden ones, those
   * of deleted streams and the records of hiding (`stream-metadata.ts`) too. An EventStoreDB that is scavenged erases.
   */
  readAll(options?: AllRead): AsyncIterable<StoredEvent>;
  /**
   * Catch-up, then live, without gap or repeat, until the signal aborts or the store closes; both end the iteration
   * without an error. `after` beyond the head throws Invalid `position.ahead`: it was taken from another log.
   */
  subscribe(options?: SubscribeOptions): AsyncIterable<SubscriptionItem>;
  /** The last position; 0 for an empty log. */
  head(): Promise<Position>;
  /** What hides events of the stream at present. */
  readStreamMetadata(stream: string): Promise<StreamMetadataRead>;
  /**
   * Hides events of the stream from `readStream`, at once and until it is set otherwise: what it names takes the place
   * of all that was set before, so `{}` shows everything again. They stay in the log: see `readAll`; revisions and known
   * ids stay too. The stream need not exist. `expected` (default `any`) is about the metadata: see `StreamMetadataRead`.
   * A deleted stream begins again, empty. Throws as `append` does, and Invalid `log.bad_metadata`.
   */
  setStreamMetadata(stream: string, metadata: StreamMetadata, expected?: Expected): Promise<Appended>;
  /**
   * Hides all of the stream, until it is begun again: by an append, `no_stream` included, whose revisions go on behind
   * the hidden ones, which stay hidden. What was set for the stream before is gone. Throws as `append` does.
   */
  deleteStream(stream: string, expected: DeleteExpected): Promise<Position>;
  /**
   * Ends the stream and its name for ever: whoever reads it, its metadata, or appends gets Fault `log.stream_deleted`.
   * Its events stay in the log, a tombstone behind them. Throws as `append` does.
   */
  tombstoneStream(stream: string, expected: DeleteExpected): Promise<Position>;
  /** Waits for appends under way, then releases everything. Safe twice. */
  close(): Promise<void>;
}

export const EVENT_BYTES_MAX = 256 * 1024;
export const EVENTS_PER_APPEND_MAX = 1024;
export const STREAM_PATTERN = /^[a-z][A-Za-z0-9]*-[a-z0-9_]{1,80}$/;

/** `task` of `task-tsk_…`. */
export function categoryOf(stream: string): string {
  return stream.slice(0, stream.indexOf('-'));
}
