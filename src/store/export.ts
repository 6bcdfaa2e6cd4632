import { HephError } from '../kernel/errors.ts';
import type { EventStore } from './event-store.ts';
import {
  type CarriedFile,
  chainFile,
  type Exported,
  fileLines,
  headerLine,
  lineOf,
  NO_FILES,
  rowAt,
} from './export-format.ts';
import { chainHash, GENESIS } from './hash-chain.ts';
import { nextRevision } from './stream-metadata.ts';

/** Events are told of after so many. */
export const PROGRESS_EVENTS = 1000;

export interface ExportOptions {
  /** Read after the events: an event is appended only when its blobs are there. */
  files?: AsyncIterable<CarriedFile>;
  onProgress?: (events: number) => void;
}

/**
 * Writes a log up to where it is now, and the files that go with it. Each line is given with its line break; a promise is
 * awaited. Throws Invalid `log.incomplete` when events of a stream are hidden or lost: what is left is no whole story.
 */
export async function exportLog(
  store: Pick<EventStore, 'readAll'>,
  sink: (line: string) => Promise<void> | void,
  { files, onProgress }: ExportOptions = {},
): Promise<Exported> {
  const revisions = new Map<string, number>();
  const told: Exported & { filesHash: string } = { events: 0, hash: GENESIS, files: 0, filesHash: NO_FILES };
  await sink(headerLine());
  for await (const event of store.readAll()) {
    const { stream, revision, type } = event;
    if (revision !== nextRevision(revisions.get(stream) ?? -1, type))
      throw new HephError('log.incomplete', `${stream} lacks events before its revision ${revision}`);
    revisions.set(stream, revision);
    told.events += 1;
    told.hash = chainHash(told.hash, rowAt(event, told.events));
    await sink(lineOf({ ...event, position: String(told.events) }));
    if (told.events % PROGRESS_EVENTS === 0) onProgress?.(told.events);
  }
  for await (const file of files ?? []) {
    told.files += 1;
    told.filesHash = chainFile(told.filesHash, file);
    for (const line of fileLines(file)) await sink(line);
  }
  await sink(lineOf({ end: true, ...told }));
  const { events, hash } = told;
  return { events, hash, files: told.files };
}
