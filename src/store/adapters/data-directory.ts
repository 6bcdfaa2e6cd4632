import { chmodSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemRandom } from '../../kernel/adapters/system.ts';
import type { Clock } from '../../kernel/clock.ts';
import { HephError } from '../../kernel/errors.ts';
import { createIds } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { makeDirectoryDurably, writeFileDurably } from './durable-file.ts';

/**
 * One directory is one workspace. `format.json` says that it is ours, in which format, and the log's id. Everything in
 * it is the user's alone: directories 0700, files 0600.
 */
export interface DataDirectory extends Format {
  /** The real path, links resolved. */
  path: string;
}

export interface Format {
  version: number;
  logId: string;
  /** Milliseconds since the Unix epoch. */
  createdAt: number;
}

const FORMAT_VERSION = 1;
const FORMAT_FILE = 'format.json';

/**
 * Opens the data directory, making it when it is absent or empty. Safe to call again. Throws Invalid `data.not_ours`
 * for files of someone else's, `data.newer_format`, and `data.loose_mode` when others could read it.
 */
export function openDataDirectory(
  directory: string,
  { clock, random = systemRandom }: { clock: Clock; random?: Random },
): DataDirectory {
  makeDirectoryDurably(directory);
  const path = realpathSync(directory);
  const names = readdirSync(path).filter((name) => name !== `${FORMAT_FILE}.tmp`);
  if (names.length === 0) return { path, ...createFormat(path, clock, random) };
  const format = openFormat(path, names);
  refuseLooseModes(path, names);
  return { path, ...format };
}

/** The format of a directory that is ours; nothing is made or changed. Throws as `openDataDirectory` does. */
export function readFormat(directory: string): Format {
  const path = realpathSync(directory);
  return openFormat(path, readdirSync(path));
}

/** Says that a directory is ours. What is to be in it from the start is there before. */
export function writeFormat(directory: string, format: Format): void {
  writeFileDurably(join(directory, FORMAT_FILE), `${JSON.stringify(format)}\n`);
}

/** Makes an empty directory ours. */
function createFormat(path: string, clock: Clock, random: Random): Format {
  chmodSync(path, 0o700);
  const logId = createIds(clock, random).next('log');
  const format: Format = { version: FORMAT_VERSION, logId, createdAt: clock.now() };
  writeFormat(path, format);
  return format;
}

function openFormat(path: string, names: string[]): Format {
  if (!names.includes(FORMAT_FILE))
    throw new HephError('data.not_ours', `${path} holds files, but no ${FORMAT_FILE}: name an empty directory`);
  const format = parseFormat(path);
  if (format.version > FORMAT_VERSION)
    throw new HephError(
      'data.newer_format',
      `${path} has format ${format.version}; this program knows formats up to ${FORMAT_VERSION}`,
      { details: { found: format.version, known: FORMAT_VERSION } },
    );
  return format;
}

function parseFormat(path: string): Format {
  try {
    const format = JSON.parse(readFileSync(join(path, FORMAT_FILE), 'utf8')) as Format | null;
    if (Number.isSafeInteger(format?.version) && typeof format?.logId === 'string' && format.version > 0) return format;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new HephError('data.not_ours', `${join(path, FORMAT_FILE)} is not one of ours, or was damaged`);
}

function refuseLooseModes(path: string, names: string[]): void {
  const loose = ['.', ...names].filter((name) => isLoose(join(path, name)));
  if (loose.length > 0)
    throw new HephError('data.loose_mode', `others can reach ${loose.join(', ')} in ${path}: run chmod -R go-rwx`, {
      details: { loose },
    });
}

function isLoose(path: string): boolean {
  // A file of a server that runs here may go while we look.
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.mode & 0o077) !== 0;
}
