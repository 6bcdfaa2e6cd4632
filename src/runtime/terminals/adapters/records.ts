import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Writes a JSON file that is there wholly or not at all. */
export function replaceRecord(path: string, record: unknown, options: { durable: boolean }): void {
  const draft = writeDraft(path, record, options.durable);
  renameSync(draft, path);
}

/** Like `replaceRecord`, but answers false and changes nothing when the file exists already. Not durable. */
export function createRecord(path: string, record: unknown): boolean {
  const draft = writeDraft(path, record, false);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDraft(path: string, record: unknown, durable: boolean): string {
  const draft = `${path}.${process.pid}`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(record)}\n`);
    if (durable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return draft;
}
