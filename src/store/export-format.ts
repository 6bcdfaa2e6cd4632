import { HephError } from '../kernel/errors.ts';
import { sha256 } from '../kernel/canonical.ts';
import type { StoredEvent } from './event-store.ts';
import { GENESIS } from './hash-chain.ts';
import { type Row, toRow } from './rows.ts';

/**
 * A workspace as text, one JSON object per line:
 *
 *     {"format": "heph-log", "version": 2}
 *     {"id", "stream", "revision", "position", "type", "v", "at", "data", "meta"}     each event, in order
 *     {"file": "blobs/…", "bytes": "<base64>", "last": true}                           each file, in parts
 *     {"end": true, "events", "hash", "files", "filesHash"}
 *
 * `position` counts the events from 1: of a log without gaps it is its own, and the hash is that of its head. A log whose
 * store has positions of its own kind is counted anew, so it gives the same text wherever it lies. Version 1 had no files.
 */
export interface Exported {
  events: number;
  /** What the events chain to; the hash of the log's head where the store keeps a hash chain. */
  hash: string;
  /** Blobs, definitions, and what open runs have merged. */
  files: number;
}

/** A file of the workspace that the log relies on: `blobs/<hash>`, `phases/<workflow>/…`, `repos/<repository>.bundle`. */
export interface CarriedFile {
  path: string;
  bytes: Uint8Array;
}

const BLOB = /^blobs\/([0-9a-f]{64})$/;
const DEFINITION = /^phases(\/[^/]{1,255})+$/;
const BUNDLE = /^repos\/[A-Za-z0-9][A-Za-z0-9_-]{0,79}\.bundle$/;

/** Why a file cannot be one of a workspace, or null: its name leads nowhere else, and a blob has the bytes of its name. */
export function problemOf({ path, bytes }: CarriedFile): string | null {
  const blob = BLOB.exec(path)?.[1];
  if (blob) return sha256(bytes) === blob ? null : `the bytes of ${path} are not those of its name`;
  const leadsAway = path.split('/').some((name) => name === '.' || name === '..') || /[\p{Cc}\\]/u.test(path);
  if (!leadsAway && (DEFINITION.test(path) || BUNDLE.test(path))) return null;
  return `${JSON.stringify(path.slice(0, 200))} is no file of a workspace`;
}

const HEADER = { format: 'heph-log', version: 2 };
const LINE_CHARS_MAX = 1024 * 1024;
const PART_BYTES_MAX = 384 * 1024;

export type Line = Record<string, unknown>;

export const headerLine = (): string => lineOf(HEADER);

/** The version that a header names; throws Invalid `log.bad_export`. */
export function versionIn(header: Line): number {
  if (header.format !== HEADER.format) throw badExport(1, 'this is no exported log');
  const version = header.version as number;
  if (!Number.isSafeInteger(version) || version < 1 || version > HEADER.version)
    throw badExport(1, `version ${version} is not known here`);
  return version;
}

export function* fileLines({ path, bytes }: CarriedFile): Generator<string> {
  for (let from = 0; from === 0 || from < bytes.length; from += PART_BYTES_MAX) {
    const part = Buffer.from(bytes.subarray(from, from + PART_BYTES_MAX));
    yield lineOf({ file: path, bytes: part.toString('base64'), last: from + PART_BYTES_MAX >= bytes.length });
  }
}

/** Puts the parts of files together again: a whole file with its last part. */
export function createFileParts() {
  let open: { path: string; parts: Buffer[] } | null = null;
  return {
    add({ file, bytes, last }: Line): CarriedFile | null {
      if (typeof file !== 'string' || typeof bytes !== 'string' || (open && open.path !== file))
        throw new Error('this is no part of a file that follows');
      open ??= { path: file, parts: [] };
      open.parts.push(Buffer.from(bytes, 'base64'));
      if (last !== true) return null;
      const whole = { path: file, bytes: Buffer.concat(open.parts) };
      open = null;
      return whole;
    },
    isOpen: () => open !== null,
  };
}

/** What files chain to, one after the other; begins with `GENESIS`. */
export function chainFile(previous: string, { path, bytes }: CarriedFile): string {
  return sha256(`${previous}${path.length}:${path}${sha256(bytes)}`);
}
export const NO_FILES = GENESIS;

/** The lines of a text that comes in chunks, cut wherever that may be. */
export async function* linesOf(source: AsyncIterable<string | Uint8Array>): AsyncGenerator<Line> {
  let line = 0;
  for await (const text of texts(source)) {
    line += 1;
    yield parse(text, line);
  }
}

async function* texts(source: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    const parts = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = parts.pop() as string;
    if (rest.length > LINE_CHARS_MAX) throw new HephError('log.bad_export', 'a line is longer than any event');
    yield* parts;
  }
  if (rest !== '') yield rest;
}

function parse(text: string, line: number): Line {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Line;
  } catch {
    // Told below, with the number of the line.
  }
  throw badExport(line, 'this is no JSON object');
}

export function eventIn(value: Line): StoredEvent {
  return { ...value, position: BigInt(value.position as string) } as unknown as StoredEvent;
}

/** What is chained: the event as the embedded log keeps it, at the position that it is given. */
export function rowAt(event: StoredEvent, position: number): Row {
  return { ...toRow(event), stream: event.stream, revision: event.revision, position };
}

export function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

export function badExport(line: number, reason: string): HephError {
  return new HephError('log.bad_export', `line ${line}: ${reason}`, { details: { line } });
}
