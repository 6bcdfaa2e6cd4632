import type { Fault } from '../../../kernel/errors.ts';
import type { Asked, Group } from './group.ts';
import type { Scribe } from './scribe.ts';

/**
 * How the store reaches its scribe: in the same thread (`inlineLink`) or in one of its own (`openThreadLink`). The scribe
 * is the same in both. One question at a time: who asks waits for the answer before asking again.
 */
export interface ScribeLink {
  readonly epoch: number;
  /** The last position when it was opened. */
  readonly position: number;
  /** Resolves after COMMIT; rejects with a Fault when nothing of the group was written, or when that is not known. */
  write(asked: readonly Asked[]): Promise<Group>;
  /** Moves the write-ahead log into the database. */
  finish(): Promise<void>;
  close(): Promise<void>;
  /** Why nothing is written any more, as far as it has been heard of. */
  stopped(): Fault | undefined;
}

/** Writes in the thread that asks, which waits for the disk: for tools, and for tests that make the connection fail. */
export function inlineLink(scribe: Scribe): ScribeLink {
  return {
    epoch: scribe.epoch,
    position: scribe.position,
    async write(asked) {
      const group = scribe.write(asked);
      scribe.tidy();
      return group;
    },
    finish: async () => scribe.finish(),
    close: async () => scribe.close(),
    stopped: scribe.stopped,
  };
}
