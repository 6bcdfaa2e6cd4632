import { existsSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Room kept for the last events: a file that is given up when the disk is full, so that the facts of an orderly stop
 * still fit. Its blocks are really written; a sparse file would reserve nothing.
 */
export interface Reserve {
  state(): 'held' | 'absent';
  /** Gives the room back. The next opening takes it again, when there is enough. */
  release(): void;
  /** Waits until the file is there whole, or is known not to fit. */
  settled: Promise<void>;
  close(): Promise<void>;
}

export const RESERVE_BYTES = 64 * 1024 * 1024;
const reservePathOf = (directory: string) => join(directory, 'reserve');
const CHUNK = Buffer.alloc(1024 * 1024);

export function openReserve(directory: string, bytes: number): Reserve {
  const path = reservePathOf(directory);
  let wanted = bytes > 0;
  const held = () => wanted && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= bytes;
  const settled =
    wanted && !held() ? fill(path, bytes, () => wanted).catch(() => rmSync(path, { force: true })) : done();
  return {
    state: () => (held() ? 'held' : 'absent'),
    release() {
      wanted = false;
      rmSync(path, { force: true });
    },
    settled,
    async close() {
      const whole = held();
      wanted = false;
      await settled;
      if (!whole) rmSync(path, { force: true });
    },
  };
}

/** Gives the room back before the log is opened; false when none was kept. */
export function dropReserve(directory: string): boolean {
  if (!existsSync(reservePathOf(directory))) return false;
  rmSync(reservePathOf(directory), { force: true });
  return true;
}

async function fill(path: string, bytes: number, wanted: () => boolean): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    for (let left = bytes; left > 0 && wanted(); left -= CHUNK.length) {
      await file.write(CHUNK, 0, Math.min(left, CHUNK.length));
      // Bit by bit, so that no flush of the log waits for all of it.
      await file.sync();
    }
  } finally {
    await file.close();
  }
}

async function done(): Promise<void> {}
