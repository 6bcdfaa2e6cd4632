import { hash } from 'node:crypto';
import type { Row } from './rows.ts';

/** What the first event is chained to. */
export const GENESIS = '0'.repeat(64);

/**
 * `sha256(previous hash ‖ event)` in hex. Every text is preceded by its length, so no two events have the same frame,
 * and the body is the very text that is stored: nothing is serialised again to check it.
 */
export function chainHash(previous: string, row: Omit<Row, 'workflow'>): string {
  const { position, revision, v, at, stream, id, type, body } = row;
  return hash(
    'sha256',
    `${previous}${position},${revision},${v},${at},${stream.length}:${stream}${id.length}:${id}${type.length}:${type}${body.length}:${body}`,
  );
}
