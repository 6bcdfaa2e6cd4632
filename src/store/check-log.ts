import type { EventStore, StoredEvent } from './event-store.ts';
import { nextRevision } from './stream-metadata.ts';

/** What can be said of a log whose store keeps no hash chain: whether it is in order, not whether an event was altered. */
export interface CheckedLog {
  events: number;
  /** Of the last event that is in order; 0 for none. */
  position: bigint;
  /** Streams that begin behind their first event: what was before is hidden, or lost. */
  headless: number;
  damage: { position: bigint; reason: string } | null;
}

/**
 * Reads the whole log and checks what every writer has kept to: positions rise, the revisions of a stream follow one
 * another, an id is in its stream once, and what one command appended is there as a whole.
 */
export async function checkLog(store: Pick<EventStore, 'readAll'>): Promise<CheckedLog> {
  const streams = new Map<string, StreamSeen>();
  const checked: CheckedLog = { events: 0, position: 0n, headless: 0, damage: null };
  for await (const event of store.readAll()) {
    const seen = streams.get(event.stream) ?? { revision: -1, ids: new Set<string>(), owed: 0 };
    streams.set(event.stream, seen);
    if (seen.revision < 0 && event.revision > 0) {
      checked.headless += 1;
      seen.revision = event.revision - 1;
    }
    const reason = event.position > checked.position ? wrongWith(event, seen) : 'its position does not follow';
    if (reason) return { ...checked, damage: { position: event.position, reason } };
    checked.events += 1;
    checked.position = event.position;
  }
  const torn = [...streams].find(([, { owed }]) => owed > 0);
  if (!torn) return checked;
  return { ...checked, damage: { position: checked.position, reason: `${torn[0]} ends in the middle of an append` } };
}

interface StreamSeen {
  revision: number;
  ids: Set<string>;
  /** How many events of the last command are still to come. */
  owed: number;
}

function wrongWith({ stream, revision, type, id, meta }: StoredEvent, seen: StreamSeen): string | null {
  if (revision !== nextRevision(seen.revision, type))
    return `revision ${revision} of ${stream} follows ${seen.revision}`;
  if (seen.ids.has(id)) return `${id} is in ${stream} twice`;
  if (seen.owed > 0 && meta.command) return `${stream} goes on in the middle of an append`;
  seen.owed = meta.command ? (meta.count ?? 1) - 1 : Math.max(0, seen.owed - 1);
  seen.revision = revision;
  seen.ids.add(id);
  return null;
}
