import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The log's head, kept outside the log: a chain alone cannot show that its end was cut off. Written in place after each
 * commit and never before it; one record shorter than a disk sector, so that it is there whole or as it was. It reaches
 * the disk when the system likes, and at close.
 */
export interface Anchor {
  position: number;
  hash: string;
}

const RECORD_BYTES = 128;
const anchorPathOf = (directory: string) => join(directory, 'anchor.json');

export interface AnchorFile {
  write(anchor: Anchor): void;
  close(): void;
}

export function openAnchorFile(directory: string): AnchorFile {
  const path = anchorPathOf(directory);
  const file = openForWriting(path);
  const record = Buffer.alloc(RECORD_BYTES);
  return {
    write({ position, hash }) {
      record.fill(' ');
      record.write(`{"position":"${position}","hash":"${hash}"}`);
      record.write('\n', RECORD_BYTES - 1);
      writeSync(file, record, 0, RECORD_BYTES, 0);
    },
    close() {
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
  };
}

/** Undefined when there is none, or none that can be read: then the log's end is not vouched for. */
export function readAnchor(directory: string): Anchor | undefined {
  try {
    const { position, hash } = JSON.parse(readFileSync(anchorPathOf(directory), 'utf8')) as Record<string, unknown>;
    if (typeof position === 'string' && /^\d{1,16}$/.test(position) && /^[0-9a-f]{64}$/.test(String(hash)))
      return { position: Number(position), hash: String(hash) };
  } catch {
    // Absent, or torn by a power cut; the log itself is whole in either case.
  }
  return undefined;
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return openSync(path, 'wx', 0o600);
  }
}
