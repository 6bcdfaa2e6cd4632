import { Fault } from '../../../kernel/errors.ts';
import type { Ids } from '../../../kernel/ids.ts';
import { type Calls, typeOf } from './calls.ts';
import { uuidOf } from './codec.ts';

/**
 * The log's own id, kept in the store beside the log's streams: caches of its views belong to it, wherever they lie.
 * Whoever opens the log first gives it its id.
 */
export async function logIdOf(calls: Calls, namespace: string, ids: Ids): Promise<string> {
  const stream = `logIds-${namespace}`;
  const found = await readId(calls, stream);
  if (found) return found;
  const logId = ids.next('log');
  const event = { id: uuidOf(logId), type: 'LogCreated', contentType: 'application/json', data: { logId } } as const;
  try {
    await calls.attempt('append', (client) =>
      client.appendToStream(stream, [{ ...event, metadata: {} }], {
        expectedRevision: 'no_stream',
        streamState: 'no_stream',
        requiresLeader: true,
      }),
    );
    return logId;
  } catch (error) {
    if (typeOf(error) !== 'wrong-expected-version') throw error;
  }
  const others = await readId(calls, stream);
  if (!others) throw new Fault('log.refused', `the event store holds no readable ${stream}`, { retryable: false });
  return others;
}

async function readId(calls: Calls, stream: string): Promise<string | undefined> {
  try {
    return await calls.attempt('read', async (client) => {
      for await (const { event } of client.readStream(stream, { maxCount: 1, requiresLeader: true })) {
        const { logId } = (event?.data ?? {}) as { logId?: unknown };
        if (typeof logId === 'string') return logId;
      }
      return undefined;
    });
  } catch (error) {
    if (typeOf(error) === 'stream-not-found') return undefined;
    throw error;
  }
}
