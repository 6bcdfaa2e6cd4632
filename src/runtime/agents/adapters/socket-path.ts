import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../../kernel/errors.ts';
import { sha256 } from '../../../kernel/canonical.ts';

/** The kernel's limit is 108 with the closing NUL, and 104 elsewhere. */
const SOCKET_PATH_BYTES_MAX = 103;

/**
 * Where a holder listens: in its folder, or, where that path is too long for a socket, under a short 0700 folder of the
 * user's. Throws Fault `terminal.failed` when that folder belongs to somebody else or is open to others.
 */
export async function socketPathFor(folder: string): Promise<string> {
  const inside = join(folder, 'sock');
  if (Buffer.byteLength(inside) <= SOCKET_PATH_BYTES_MAX) return inside;
  const uid = process.getuid?.() ?? 0;
  const short = join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `heph-${uid}`);
  await mkdir(short, { mode: 0o700, recursive: true });
  const found = await lstat(short);
  const path = join(short, `${sha256(folder).slice(0, 16)}.sock`);
  if (
    found.isDirectory() &&
    found.uid === uid &&
    (found.mode & 0o077) === 0 &&
    Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX
  )
    return path;
  throw new Fault('terminal.failed', `No safe place for a socket: ${short} is too long, open to others, or not ours.`, {
    retryable: false,
  });
}
