import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HephError } from '../../kernel/errors.ts';
import { syncDirectory, writeFileDurably } from './durable-file.ts';

/** Stands in a data directory while a log is brought into it, and says which. Nobody serves from it meanwhile. */
export interface ImportMark {
  /** What the events of the export chain to. */
  hash: string;
}

const pathOf = (directory: string) => join(directory, 'import.json');

/** Of an import that was broken off, or undefined. */
export function readImportMark(directory: string): ImportMark | undefined {
  if (!existsSync(pathOf(directory))) return undefined;
  return JSON.parse(readFileSync(pathOf(directory), 'utf8')) as ImportMark;
}

export function writeImportMark(directory: string, mark: ImportMark): void {
  writeFileDurably(pathOf(directory), `${JSON.stringify(mark)}\n`);
}

export function removeImportMark(directory: string): void {
  rmSync(pathOf(directory), { force: true });
  syncDirectory(directory);
}

/** Throws Invalid `data.import_unfinished`: what is there is the beginning of a log only. */
export function refuseUnfinishedImport(directory: string): void {
  if (!readImportMark(directory)) return;
  throw new HephError('data.import_unfinished', `an import into ${directory} was broken off`);
}
