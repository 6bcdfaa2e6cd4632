import type { Ids } from '../../../kernel/ids.ts';
import { Conflict } from '../../../kernel/errors.ts';
import { prepareRows, streamDeleted, wrongRevision } from '../../append-rules.ts';
import type { Appended, Expected, NewEvent } from '../../event-store.ts';
import type { NewRow } from '../../rows.ts';
import { isDeletion, metadataStreamOf } from '../../stream-metadata.ts';
import { type Calls, isStreamDeleted, typeOf } from './calls.ts';
import { actualRevisionIn } from './client.ts';
import { type Codec, positionOfAnswer } from './codec.ts';
import { createGate } from './gate.ts';
import type { Reader } from './reader.ts';

// Fewer than the 16 messages that a client's stream takes without waiting: what waits inside a client when its connection
// breaks is rejected where nobody can catch it, and ends the process.
const TOGETHER_MAX = 8;
const WAITING_MAX = 20_000;

/**
 * Appends, and asks afterwards who wrote: EventStoreDB answers a repetition like the first time, so each append marks
 * its events, and the mark of the last one tells. A try whose answer was lost bears the same mark as the next.
 */
export function createWriter(calls: Calls, codec: Codec, reader: Reader, ids: Ids) {
  const gate = createGate({ insideMax: TOGETHER_MAX, waitingMax: WAITING_MAX });

  async function write(stream: string, expected: Expected, rows: readonly NewRow[]): Promise<Appended> {
    const mark = ids.next('key');
    const proposed = rows.map((row) => codec.propose(row, mark));
    const streamState = typeof expected === 'number' ? BigInt(expected) : expected;
    try {
      const options = { expectedRevision: streamState, streamState, requiresLeader: true };
      const answer = await gate.pass(() =>
        calls.attempt('append', (client) => client.appendToStream(codec.streamName(stream), proposed, options)),
      );
      const revision = Number(answer.nextExpectedRevision);
      const visible = await reader.eventAt(stream, revision);
      if (visible) return { revision, position: visible.event.position, repeated: visible.write !== mark };
      // Hidden, or even erased: what was just written would be there.
      const position = positionOfAnswer(answer);
      const last = await reader.eventAtPosition(position);
      return { revision, position, repeated: last?.write !== mark };
    } catch (error) {
      if (isStreamDeleted(error)) throw streamDeleted(stream);
      if (typeOf(error) !== 'wrong-expected-version') throw error;
      throw await conflictOf(stream, expected, rows, actualRevisionIn(error));
    }
  }

  /** The server has one answer for a wrong revision and for a repetition that it holds in part: the stream tells them apart. */
  async function conflictOf(stream: string, expected: Expected, rows: readonly NewRow[], actual: number) {
    if (await isKnownInPart(stream, expected, actual, rows))
      return new Conflict('log.corrupted_idempotency', `${stream} holds some events of this append, but not all`, {
        stream,
      });
    return wrongRevision(stream, expected, actual);
  }

  async function isKnownInPart(stream: string, expected: Expected, actual: number, rows: readonly NewRow[]) {
    if (actual < 0 || expected === 'any') return actual >= 0;
    if (expected === 'stream_exists') return !(await isDeleted(stream));
    const place = expected === 'no_stream' ? 0 : expected + 1;
    // What came after the refusal was not its reason.
    if (place > actual) return false;
    const first = await reader.eventAt(stream, place);
    return first?.event.id === rows[0]?.id;
  }

  async function isDeleted(stream: string): Promise<boolean> {
    const last = { from: Number.MAX_SAFE_INTEGER, direction: 'backwards', limit: 1 } as const;
    const [record] = await reader.streamPage(metadataStreamOf(stream), last);
    return record !== undefined && isDeletion(record.data);
  }

  return {
    append: (stream: string, expected: Expected, events: readonly NewEvent[]) =>
      write(stream, expected, prepareRows(stream, events)),
  };
}
