import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { replay } from '../actors/replay.ts';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { HephError } from '../kernel/errors.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import { readImportMark, removeImportMark, writeImportMark } from '../store/adapters/import-mark.ts';
import { verifyLog } from '../store/adapters/sqlite.ts';
import { readWorkspaceFiles, writeWorkspaceFile } from '../store/adapters/workspace-files.ts';
import { checkLog } from '../store/check-log.ts';
import { exportLog } from '../store/export.ts';
import type { CarriedFile } from '../store/export-format.ts';
import { checkExport, fillLog } from '../store/import.ts';
import { createUpcaster, UPCASTS } from '../store/upcasters/index.ts';
import type { LogTools } from '../transport/cli/index.ts';
import { refuseAbsent, withLog } from './log-source.ts';
import { type LogStore, openLogStore } from './log-store.ts';
import { bundlesOf, reopenRuns, watchingRuns } from './open-runs.ts';

/** Work on a log where it lies, beside living servers or without one. Only `import` writes, and it becomes the owner. */
export const logTools: LogTools = {
  async verify(place) {
    if (place.store === 'sqlite') return verifyChain(place.directory);
    const { events, position, headless, damage } = await withLog(place, checkLog);
    const found = damage && { position: String(damage.position), reason: damage.reason };
    return {
      ok: !damage,
      events,
      chained: false,
      anchored: false,
      headless,
      position: String(position),
      damage: found,
    };
  },

  async export(place, sink, onProgress) {
    const damagedBlobs: string[] = [];
    const directory = existsSync(place.directory) ? await realpath(place.directory) : null;
    const made = await withLog(place, (log) => {
      const watched = watchingRuns(log);
      const files = directory && filesOf(directory, watched.runs, (hash) => damagedBlobs.push(hash));
      return exportLog(watched.log, sink, { ...(files && { files }), ...(onProgress && { onProgress }) });
    });
    return { ...made, damagedBlobs, withFiles: directory !== null };
  },

  async import({ directory, store: where }, source, onProgress) {
    const checked = await checkExport(source());
    const target = { directory, where, clock: systemClock, random: systemRandom, takeOver: false, importing: true };
    const log = await openLogStore(target);
    try {
      await begin(log, checked.hash);
      const putFile = (file: CarriedFile) => writeWorkspaceFile(log.path, file);
      await fillLog(source, log.store, { putFile, ...(onProgress && { onProgress }) });
      const stranded = await reopenRuns(log.path, log.store);
      removeImportMark(log.path);
      return { ...checked, stranded };
    } finally {
      await log.store.close();
    }
  },

  async replay(place, onProgress) {
    const upcast = createUpcaster(UPCASTS);
    const report = await withLog(place, (log) => replay({ readAll: () => mapped(log.readAll(), upcast) }, onProgress));
    return { ...report, position: String(report.position) };
  },
};

/** Which runs are open is known when the log has been read. */
async function* filesOf(directory: string, runs: () => Workflow[], onDamaged: (hash: string) => void) {
  yield* readWorkspaceFiles(directory, onDamaged);
  yield* bundlesOf(directory, runs());
}

async function verifyChain(directory: string) {
  refuseAbsent(directory);
  const { ok, events, head, anchored, damage } = await verifyLog(directory);
  const position = damage?.position ?? null;
  const found = damage && { position: position === null ? null : String(position), reason: damage.reason };
  return { ok, events, chained: true, anchored, headless: 0, position: String(head.position), damage: found };
}

/** Into an empty log only, or into one in which an import of the same export was broken off. */
async function begin({ store, path }: LogStore, hash: string): Promise<void> {
  const mark = readImportMark(path);
  if (mark?.hash === hash) return;
  if (mark) throw new HephError('data.import_unfinished', `an import of another file into ${path} was broken off`);
  const head = await store.head();
  if (head !== 0n) throw new HephError('log.not_empty', `the log to import into is at position ${head}`);
  writeImportMark(path, { hash });
}

async function* mapped<T, U>(items: AsyncIterable<T>, map: (item: T) => U): AsyncGenerator<U> {
  for await (const item of items) yield map(item);
}
