import type { Ids } from '../../../kernel/ids.ts';
import { Conflict } from '../../../kernel/errors.ts';
import { prepareRows } from '../../append-rules.ts';
import type { Appended, Expected, NewEvent } from '../../event-store.ts';
import type { NewRow } from '../../rows.ts';
import { type Calls, typeOf } from './calls.ts';
import type { Codec } from './codec.ts';
import type { Reader } from './reader.ts';

/**
 * Appends, and asks afterwards who wrote: EventStoreDB answers a repetition like the first time, so each append marks
 * its events, and the mark of the last one tells. A try whose answer was lost bears the same mark as the next.
 */
export function createWriter(calls: Calls, codec: Codec, reader: Reader, ids: Ids) {
  async function write(stream: string, expected: Expected, rows: readonly NewRow[]): Promise<Appended> {
    const mark = ids.next('key');
    const proposed = rows.map((row) => codec.propose(row, mark));
    const streamState = typeof expected === 'number' ? BigInt(expected) : expected;
    try {
      const { nextExpectedRevision } = await calls.attempt('append', (client) =>
        client.appendToStream(codec.streamName(stream), proposed, {
          expectedRevision: streamState,
          streamState,
          requiresLeader: true,
        }),
      );
      const revision = Number(nextExpectedRevision);
      const last = await reader.eventAt(stream, revision);
      if (!last) throw new Error(`${stream} lacks revision ${revision}, which was just written`);
      return { revision, position: last.event.position, repeated: last.write !== mark };
    } catch (error) {
      if (typeOf(error) !== 'wrong-expected-version') throw error;
      throw await conflictOf(stream, expected, rows, error as WrongRevision);
    }
  }

  /** The server has one answer for a wrong revision and for a repetition that it holds in part: the stream tells them apart. */
  async function conflictOf(stream: string, expected: Expected, rows: readonly NewRow[], error: WrongRevision) {
    const answered = error.actualVersion ?? error.actualState;
    const actual = typeof answered === 'bigint' ? Number(answered) : -1;
    if (await isKnownInPart(stream, expected, actual, rows))
      return new Conflict('log.corrupted_idempotency', `${stream} holds some events of this append, but not all`, {
        stream,
      });
    const found = actual < 0 ? 'there is no such stream' : `it is at ${actual}`;
    return new Conflict('log.wrong_revision', `${stream} was expected at ${expected}, but ${found}`, {
      stream,
      expected,
      actual,
    });
  }

  async function isKnownInPart(stream: string, expected: Expected, actual: number, rows: readonly NewRow[]) {
    if (actual < 0 || expected === 'any' || expected === 'stream_exists') return actual >= 0;
    const first = await reader.eventAt(stream, expected === 'no_stream' ? 0 : expected + 1);
    return first?.event.id === rows[0]?.id;
  }

  return {
    append: (stream: string, expected: Expected, events: readonly NewEvent[]) =>
      write(stream, expected, prepareRows(stream, events)),
  };
}

interface WrongRevision {
  actualVersion?: bigint | string;
  actualState?: bigint | string;
}
