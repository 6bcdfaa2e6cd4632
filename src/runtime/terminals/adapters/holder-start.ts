import { closeSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import type { HolderOrder, HolderReady } from '../holder-protocol.ts';

const READY_FD = 3;
const O_CLOEXEC = 0o2000000;

/**
 * Waits for the order on standard input, without an event loop turning. Null when the input ends empty: nobody needs this
 * holder any more. An order cut short throws.
 */
export function readOrder(): HolderOrder | null {
  const text = readFileSync(0, 'utf8');
  return text === '' ? null : (JSON.parse(text) as HolderOrder);
}

/** Tells the server, if it is still there. */
export function sayReady(ready: HolderReady): void {
  try {
    writeSync(READY_FD, `${JSON.stringify(ready)}\n`);
    closeSync(READY_FD);
  } catch {
    // EPIPE: the server died while we started. It finds the state in the folder when it is back.
  }
}

/**
 * Closes the descriptors that came with us and that the program would get too: those without close-on-exec. Node opens
 * all of its own with it, so none of Node's is touched.
 */
export function closeInherited(): void {
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    if (fd <= READY_FD) continue;
    try {
      const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
      if (flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(fd);
    } catch {
      // The descriptor that listed the folder is in the list and gone by now.
    }
  }
}
