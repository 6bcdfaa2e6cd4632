import { Fault } from '../kernel/errors.ts';
import type { EventStore, StoredEvent } from './event-store.ts';

/**
 * All events of a stream, from its first on: for whoever makes a state of them. Throws Fault `log.history_hidden` when
 * some are hidden, and where that cannot be told.
 */
export async function* readWhole(
  store: Pick<EventStore, 'readStream' | 'readStreamMetadata'>,
  stream: string,
): AsyncGenerator<StoredEvent> {
  let revision = 0;
  for await (const event of store.readStream(stream)) {
    if (event.revision !== revision) throw historyHidden(stream);
    revision += 1;
    yield event;
  }
  if (revision > 0) return;
  const { deleted, metadata } = await store.readStreamMetadata(stream);
  if (deleted || metadata.maxAgeMs !== undefined || metadata.truncateBefore) throw historyHidden(stream);
}

function historyHidden(stream: string): Fault {
  return new Fault('log.history_hidden', `events of ${stream} are hidden by its metadata`, {
    details: { stream },
    retryable: false,
  });
}
