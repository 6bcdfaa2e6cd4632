import { streamDeleted } from '../../append-rules.ts';
import type { AllRead, EventFilter, Position, StoredEvent, StreamRead } from '../../event-store.ts';
import { type Calls, isStreamDeleted, typeOf } from './calls.ts';
import type { EsdbResolved } from './client.ts';
import { type Codec, positionOf, type Written } from './codec.ts';

/** A page of $all as it came, with what of it belongs to this log and passes the filter. */
export interface LogPage {
  events: StoredEvent[];
  /** Of the last event looked at, whoever's; undefined for an empty page. */
  last: Position | undefined;
  /** There may be more behind it. */
  full: boolean;
}

export interface Reader {
  /** Nothing for an event that is hidden. */
  eventAt(stream: string, revision: number): Promise<Written | undefined>;
  /** Hidden or not. */
  eventAtPosition(position: Position): Promise<Written | undefined>;
  streamPage(stream: string, read: Required<StreamRead>): Promise<StoredEvent[]>;
  /** Events behind `after` (before it, backwards); from the respective end when it is undefined. */
  logPage(
    filter: EventFilter | undefined,
    read: Pick<AllRead, 'after' | 'direction'> & { limit: number },
    signal?: AbortSignal,
  ): Promise<LogPage>;
}

export function createReader(calls: Calls, codec: Codec, filtersReads: boolean): Reader {
  async function streamEvents(stream: string, options: object): Promise<Written[]> {
    try {
      const resolved = await calls.attempt('read', (client) =>
        collect(client.readStream(codec.streamName(stream), { ...options, requiresLeader: true })),
      );
      return resolved.flatMap((one) => codec.stored(one) ?? []);
    } catch (error) {
      if (typeOf(error) === 'stream-not-found') return [];
      if (isStreamDeleted(error)) throw streamDeleted(stream);
      throw error;
    }
  }

  return {
    async eventAt(stream, revision) {
      const [found] = await streamEvents(stream, { fromRevision: BigInt(revision), maxCount: 1 });
      return found?.event.revision === revision ? found : undefined;
    },
    async eventAtPosition(position) {
      const options = { fromPosition: { commit: position, prepare: position }, maxCount: 1, requiresLeader: true };
      const [found] = await calls.attempt('read', (client) => collect(client.readAll(options)));
      return found && positionOf(found) === position ? codec.stored(found) : undefined;
    },
    async streamPage(stream, { from, direction, limit }) {
      const fromRevision = from >= Number.MAX_SAFE_INTEGER ? 'end' : BigInt(from);
      const written = await streamEvents(stream, { fromRevision, direction, maxCount: limit });
      return written.map(({ event }) => event);
    },
    async logPage(filter, { after, direction = 'forwards', limit }, signal) {
      const backwards = direction === 'backwards';
      // Forwards, the store begins with the event at the position, which the caller has already.
      const maxCount = !backwards && after ? limit + 1 : limit;
      const fromPosition = after ? { commit: after, prepare: after } : backwards ? 'end' : 'start';
      const options = { fromPosition, direction, maxCount, requiresLeader: true };
      const serverFilter = filtersReads ? { filter: serverFilterOf(codec, filter) } : {};
      const resolved = await calls.attempt(
        'read',
        (client) => collect(client.readAll({ ...options, ...serverFilter })),
        signal,
      );
      const passes = matcherOf(filter);
      const events = resolved
        .flatMap((one) => codec.stored(one)?.event ?? [])
        .filter((event) => (backwards || !after || event.position > after) && passes(event));
      const last = resolved.at(-1);
      return { events, last: last && positionOf(last), full: resolved.length >= maxCount };
    },
  };
}

/** To its end, always: a client waits at its own end for a read that was left in the middle. */
export async function collect(events: AsyncIterable<EsdbResolved>): Promise<EsdbResolved[]> {
  const list: EsdbResolved[] = [];
  for await (const event of events) list.push(event);
  return list;
}

/** The store filters by streams or by types, not by both: the streams, which also keep out what is not of this log. */
export function serverFilterOf(codec: Codec, filter: EventFilter | undefined): object {
  const prefixes = filter?.streamPrefixes?.length ? filter.streamPrefixes : [''];
  return {
    filterOn: 'streamName',
    prefixes: prefixes.flatMap(codec.prefixesOf),
    checkpointInterval: CHECKPOINT_INTERVAL,
  };
}

// In units of 32 events looked at; whoever reads pages needs none, but the clients insist on a number.
export const CHECKPOINT_INTERVAL = 32;

function matcherOf({ streamPrefixes, types, workflowId }: EventFilter = {}): (event: StoredEvent) => boolean {
  const typeSet = types && new Set(types);
  return ({ stream, type, meta }) =>
    (workflowId === undefined || meta.scope?.workflowId === workflowId) &&
    (typeSet === undefined || typeSet.has(type)) &&
    (streamPrefixes === undefined || streamPrefixes.some((prefix) => stream.startsWith(prefix)));
}
