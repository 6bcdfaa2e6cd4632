import type { EventRequest, StreamClient, StreamError } from '../stream-client/index.ts';
import type { Client } from './client.ts';
import { failureIn } from './failure.ts';
import type { WireEvent } from './run/story.ts';

/** How something that is followed over the stream comes to its end. */
export interface Ending<T> {
  resolve(value: T): void;
  /** With what no further try can help. */
  reject(error: StreamError): void;
}

interface Watching {
  /** Rejects with its reason when it is aborted. */
  signal?: AbortSignal;
  /** Told when the connection is lost, and when it is there again. */
  note?: (line: string, isLost: boolean) => void;
  /** Behind what it goes on after a break, in words. */
  where?: () => string;
}

const PATIENCE_MS = 30_000;

/**
 * Follows the server of the client's data directory until `begin` has called its ending; what `begin` answers is called then. A lost
 * connection is made again by itself, for as long as half a minute; rejects when there is no server for longer.
 */
export async function overStream<T>(
  client: Client,
  { signal, note = () => {}, where }: Watching,
  begin: (stream: StreamClient, ending: Ending<T>) => (() => void) | void,
): Promise<T> {
  signal?.throwIfAborted();
  // Loaded here: what does not follow needs no WebSocket.
  const [{ connectStream }, { dialServer }] = await Promise.all([
    import('../stream-client/index.ts'),
    import('./stream-dial.ts'),
  ]);
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let isLost = false;
  const stream = connectStream({
    dial: dialServer(client),
    patienceMs: PATIENCE_MS,
    onState({ status, reason }) {
      if (status === 'waiting' && !isLost) note(`heph: ${reason}; connecting again …`, true);
      if (status === 'open' && isLost)
        note(`heph: connected again${where ? `; going on behind ${where()}` : ''}`, false);
      isLost = status === 'waiting' || (isLost && status === 'connecting');
    },
  });
  const abort = () => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  const stop = begin(stream, { resolve, reject: (error) => reject(failureIn({ error }) ?? error) });
  try {
    return await promise;
  } finally {
    stop?.();
    stream.close();
    signal?.removeEventListener('abort', abort);
  }
}

/** The first event behind a position, of those asked for, that fits. */
export function eventOf(
  client: Client,
  asked: Pick<EventRequest, 'after' | 'types' | 'workflowId' | 'stream'>,
  fits: (event: WireEvent) => boolean,
  signal?: AbortSignal,
): Promise<WireEvent> {
  return overStream<WireEvent>(client, signal ? { signal } : {}, (stream, { resolve, reject }) => {
    stream.events({
      ...asked,
      onEvents(events) {
        const found = (events as unknown as WireEvent[]).find(fits);
        if (found) resolve(found);
      },
      onEnd: reject,
    });
  });
}

/** Behind this position come the event at the given one, and those after it. */
export function justBefore(position: string): string {
  return (BigInt(position) - 1n).toString();
}
