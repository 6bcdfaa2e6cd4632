import { Fault, messageOf } from '../../../kernel/errors.ts';

/**
 * What a failed statement means for the log. `full`: nothing was written, there may be room later. `busy`: another
 * process held the write lock all the time, nothing was written. `broken`: everything else; what is on disk is not
 * known any more, so nothing further is written through this handle.
 */
export type StorageFailure = 'full' | 'busy' | 'broken';

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
/** The shared-memory index could not grow: on a full disk this comes before any page is written. */
const SQLITE_IOERR_SHMSIZE = 4874;

export function classify(error: unknown): StorageFailure {
  const { errcode = 0, code } = (error ?? {}) as { errcode?: number; code?: string };
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'full';
  if (errcode === SQLITE_IOERR_SHMSIZE || (errcode & 0xff) === SQLITE_FULL) return 'full';
  return (errcode & 0xff) === SQLITE_BUSY ? 'busy' : 'broken';
}

export function faultOf(error: unknown): Fault {
  const cause = { cause: error };
  switch (classify(error)) {
    case 'full':
      return new Fault('log.disk_full', 'no room for the event on the disk; nothing was written', cause);
    case 'busy':
      return new Fault('log.busy', 'another process holds the log; nothing was written', cause);
    case 'broken':
      return readOnlyFault(messageOf(error), error);
  }
}

export function readOnlyFault(reason: string, cause?: unknown): Fault {
  return new Fault('log.read_only', `storage failed, the log takes no more events: ${reason}`, {
    cause,
    retryable: false,
  });
}

export function fencedFault(): Fault {
  return new Fault('log.fenced', 'a later server has taken over this data directory', { retryable: false });
}

export function closedFault(): Fault {
  return new Fault('log.closed', 'the store is closed', { retryable: false });
}
