import { systemClock } from '../../src/kernel/adapters/system.ts';
import { openFileBlobs } from '../../src/store/adapters/file-blobs.ts';
import { openSqliteStore, verifyLog } from '../../src/store/adapters/sqlite.ts';
import type { StoredEvent } from '../../src/store/event-store.ts';

export const CUT_STREAMS = 7;

/** A line of the writer: an acknowledged append, a refused one, how the store felt, or the end. */
export interface Said {
  append?: number;
  /** Of the append's last event. */
  position?: number;
  count?: number;
  /** The code of the refusal. */
  refused?: string;
  state?: string;
  done?: boolean;
}

export function linesSaid(text: string): Said[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Said);
}

/**
 * Opens what a fault left behind, as a server would, and says what is wrong with it: an acknowledged append that is not
 * where it was, one that is there in part, a blob that an event speaks of and that is not whole, a chain that does not
 * verify, a log that takes nothing more. Nothing is wrong with a log that has more than was acknowledged. Opening checks
 * the chain of the last thousand events; `verify` checks all of it, and every index.
 */
export async function problemsIn(
  directory: string,
  said: readonly Said[],
  { verify = true }: { verify?: boolean } = {},
): Promise<string[]> {
  const acknowledged = said.filter((one) => one.position !== undefined);
  try {
    const store = await openSqliteStore({ directory, clock: systemClock, reserveBytes: 0 });
    const events: StoredEvent[] = [];
    let blobs: string[];
    try {
      for await (const event of store.readAll()) events.push(event);
      blobs = await missingBlobs(directory, events);
      const after = { id: 'after', type: 'Noted', v: 1, at: 0, data: {}, meta: { actor: 'a', correlationId: 'c' } };
      await store.append('task-after', 'any', [after]);
    } finally {
      await store.close();
    }
    const damage = verify ? (await verifyLog(directory)).damage : null;
    return [
      ...lostIn(events, acknowledged),
      ...partsIn(events),
      ...blobs,
      ...(damage ? [`damaged: ${damage.reason}`] : []),
    ];
  } catch (error) {
    return [`cannot be opened: ${error}`];
  }
}

function lostIn(events: readonly StoredEvent[], acknowledged: readonly Said[]): string[] {
  return acknowledged.flatMap(({ append, position = 0, count = 0 }) => {
    const found = events.slice(position - count, position).map((event) => event.id);
    const wanted = Array.from({ length: count }, (_, m) => `e${append}-${m}`);
    return found.join() === wanted.join() ? [] : [`append ${append} was acknowledged at ${position} and is not there`];
  });
}

/** An append's events are all there or none, one behind the other. */
function partsIn(events: readonly StoredEvent[]): string[] {
  const seen = new Map<number, number>();
  for (const { data } of events)
    if (typeof data.append === 'number') seen.set(data.append, (seen.get(data.append) ?? 0) + 1);
  return events.flatMap(({ id, data }) =>
    data.append !== undefined && seen.get(data.append as number) !== data.count
      ? [`${id} is there without all of its append`]
      : [],
  );
}

async function missingBlobs(directory: string, events: readonly StoredEvent[]): Promise<string[]> {
  const blobs = openFileBlobs(directory);
  const hashes = new Set(events.map((event) => event.data.blob).filter((blob) => blob !== undefined));
  const read = await Promise.allSettled([...hashes].map((hash) => blobs.get(String(hash))));
  return read.flatMap((one) => (one.status === 'rejected' ? [`a blob of an event: ${one.reason}`] : []));
}
