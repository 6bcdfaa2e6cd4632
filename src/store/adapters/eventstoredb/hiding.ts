import type { Clock } from '../../../kernel/clock.ts';
import type { Ids } from '../../../kernel/ids.ts';
import { badEvent, prepareRows, refuseBadStream, streamDeleted, wrongRevision } from '../../append-rules.ts';
import type { Appended, DeleteExpected, EventStore, Expected, NewEvent, Position } from '../../event-store.ts';
import { type HidesEvents, metadataOf, recordToSet, storeRecord } from '../../hiding.ts';
import {
  describedBy,
  isDeletion,
  isStoreRecord,
  METADATA_TYPE,
  metadataStreamOf,
  TOMBSTONE_REVISION,
  TOMBSTONE_TYPE,
} from '../../stream-metadata.ts';
import { type Calls, isStreamDeleted, typeOf } from './calls.ts';
import { actualRevisionIn, type EsdbClient, type EsdbRemoved } from './client.ts';
import { type Codec, positionOfAnswer } from './codec.ts';

type Append = EventStore['append'];

interface Hiding extends HidesEvents {
  append: Append;
}

/**
 * The part of the port that hides and ends streams; the store decides. It makes the records of a deletion and of a
 * tombstone itself, with numbers that no client can write: an append of one becomes the call.
 */
export function createHiding(parts: {
  calls: Calls;
  codec: Codec;
  append: Append;
  readStream: EventStore['readStream'];
  head(): Promise<Position>;
  clock: Clock;
  ids: Ids;
}): Hiding {
  const { calls, codec, readStream, head, clock, ids } = parts;

  async function remove(
    how: 'deleteStream' | 'tombstoneStream',
    stream: string,
    expected: DeleteExpected,
  ): Promise<Position> {
    refuseBadStream(stream);
    const streamState = typeof expected === 'number' ? BigInt(expected) : expected;
    const options = { expectedRevision: streamState, streamState, requiresLeader: true };
    let tries = 0;
    const call = (client: EsdbClient): Promise<EsdbRemoved> => {
      tries += 1;
      return client[how](codec.streamName(stream), options);
    };
    try {
      return positionOfAnswer(await calls.attempt('delete the stream', call));
    } catch (error) {
      if (typeOf(error) === 'wrong-expected-version') throw wrongRevision(stream, expected, actualRevisionIn(error));
      if (!isStreamDeleted(error)) throw error;
      // A try whose answer was lost may have done it.
      if (how === 'deleteStream' || tries === 1) throw streamDeleted(stream);
      return head();
    }
  }

  async function append(stream: string, expected: Expected, events: readonly NewEvent[]): Promise<Appended> {
    const [first] = events;
    if (!first || !isStoreRecord(first)) return parts.append(stream, expected, events);
    prepareRows(stream, events);
    const { type, data } = first;
    if (type === TOMBSTONE_TYPE) {
      if (expected === 'stream_exists') throw badEvent('no tombstone can be appended to "stream_exists"', stream);
      const position = await remove('tombstoneStream', stream, expected);
      return { revision: TOMBSTONE_REVISION, position, repeated: false };
    }
    const described = describedBy(stream);
    if (described === undefined || !isDeletion(data)) return parts.append(stream, expected, events);
    const position = await remove('deleteStream', described, 'any');
    const { revision } = await metadataOf({ readStream }, described);
    return { revision, position, repeated: false };
  }

  return {
    append,
    readStreamMetadata: (stream) => metadataOf({ readStream }, stream),
    async setStreamMetadata(stream, metadata, expected = 'any') {
      const data = recordToSet(stream, metadata);
      const record = storeRecord(ids.next('evt'), METADATA_TYPE, data, clock.now());
      return append(metadataStreamOf(stream), expected, [record]);
    },
    deleteStream: (stream, expected) => remove('deleteStream', stream, expected),
    tombstoneStream: (stream, expected) => remove('tombstoneStream', stream, expected),
  };
}
