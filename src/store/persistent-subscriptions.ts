import type { EventStore, StoredEvent } from './event-store.ts';

/**
 * Persistent subscriptions: the store remembers how far a named group of consumers has come, and its consumers compete
 * for the events. The semantics are EventStoreDB's:
 *
 *     log ──► group: checkpoint ──► consumer ── ack, skip ──► settled
 *                ▲                      │
 *                ├── retry, time-out, consumer gone ◄──┤    more than `retriesMax` times: parked
 *                └── replay ◄── parked ◄── park ◄──────┘
 *
 * **Delivery is at least once.** A group is moved on by answers only, so an event is never lost; it comes again when its
 * answer did not arrive or was not recorded yet when the store ended. Whoever acts on events must be able to see the
 * same one twice. **Order** is that of the log as far as competing allows: events are handed out in order, an event that
 * comes again goes before all that were not handed out yet, and one consumer with `inFlightMax: 1` sees it undisturbed,
 * but for what it asked to see again.
 *
 * Events are told apart by their ids when they are answered, so over the whole log no two should have the same one.
 */
export interface PersistentSubscriptions {
  /**
   * Throws Invalid `group.exists` when there is such a group (also when a first try has made it and its answer was
   * lost), Invalid `group.bad_settings`, Invalid `log.bad_stream`. The stream need not exist yet.
   */
  create(group: GroupId, options?: NewGroup): Promise<void>;
  /** Holds for what is handed out from now on. Throws Invalid `group.absent`, `group.bad_settings`. */
  update(group: GroupId, changes: Partial<GroupSettings>): Promise<void>;
  /** With its checkpoint and what it has parked. Its consumers end with `group.absent`, as does this when there is none. */
  delete(group: GroupId): Promise<void>;
  /**
   * One more consumer, from the first `next` on, until the iteration is left, the signal aborts or the store closes: then
   * what it has not answered goes to the others. The iteration throws Invalid `group.absent`; a connection that breaks is
   * made again without a word.
   */
  subscribe(group: GroupId, options?: ConsumeOptions): AsyncIterableIterator<GroupMessage>;
  /** Delivers again what is parked at this moment. It stays parked until it is settled. Throws Invalid `group.absent`. */
  replayParked(group: GroupId): Promise<void>;
  /** Throws Invalid `group.absent`. */
  info(group: GroupId): Promise<GroupInfo>;
  /** The groups of this log, in no particular order. */
  list(): Promise<GroupInfo[]>;
}

/** A group is known by its name and what it reads: two streams may have groups of one name. */
export interface GroupId {
  /** 1 to 80 of letters, digits, `.`, `_` and `-`. */
  name: string;
  /** Absent: the whole log. */
  stream?: string;
}

export interface NewGroup extends Partial<GroupSettings> {
  /** Of the first event to deliver: its revision in the stream, or its position in the log. Default `start`. */
  from?: 'start' | 'end' | bigint;
  /** Of a group over the whole log. By streams or by types, not by both: EventStoreDB can do no more. */
  filter?: GroupFilter;
}

export type GroupFilter = { streamPrefixes: readonly string[] } | { types: readonly string[] };

export interface GroupSettings {
  /** How often an event comes again before it is parked. Default 10. */
  retriesMax: number;
  /** How long a consumer may take for an event before it is given to another, in milliseconds. Default 30,000. */
  messageTimeoutMs: number;
}

export const GROUP_DEFAULTS: GroupSettings = { retriesMax: 10, messageTimeoutMs: 30_000 };

export interface ConsumeOptions {
  /** How many unanswered events it is given at once, those included that wait for their `next`. Default 10. */
  inFlightMax?: number;
  signal?: AbortSignal;
}

export const IN_FLIGHT_DEFAULT = 10;

export interface GroupMessage {
  event: StoredEvent;
  /** How often it had come before, to this consumer or another. EventStoreDB also counts when nobody had taken it yet. */
  retries: number;
  /**
   * It is done. Without effect when the event is no longer this consumer's: given to another after the time-out, or
   * already answered. Throws the Fault with which the store failed to record it; then it comes again after a restart.
   */
  ack(): Promise<void>;
  /** It is not done; the reason is kept with what is parked. As `ack` otherwise. */
  nack(action: NackAction, reason: string): Promise<void>;
}

/** `retry` brings it again at once, `park` puts it aside until `replayParked`, `skip` gives it up. */
export type NackAction = 'retry' | 'park' | 'skip';

export interface GroupInfo extends GroupId, GroupSettings {
  /** How many consume at this moment. */
  consumers: number;
  /** Handed to consumers and not answered. */
  inFlight: number;
  /** Put aside, and not being replayed. */
  parked: number;
  /**
   * Where the group goes on after a restart: every event up to this revision of the stream, or position of the log, is
   * settled or parked, durably. Null before the first. May lag behind the answers.
   */
  checkpoint: bigint | null;
}

/** An event store whose log can be consumed by groups. All adapters are. */
export interface EventStoreWithGroups extends EventStore {
  readonly groups: PersistentSubscriptions;
}
