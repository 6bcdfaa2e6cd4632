import type { Clock } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';

/** What has been opened, to be closed in the opposite order; one that fails does not keep the others open. */
export interface Closers {
  /** `close` is told how much of the time to drain is left (ms), which all of them share. */
  add(close: (leftMs: number) => Promise<void> | void): void;
  closeAll(): Promise<void>;
}

/** `drainMs`: how long what waits for others may take, all together, from `closeAll` on. */
export function createClosers(clock: Clock, drainMs: number): Closers {
  const list: Parameters<Closers['add']>[0][] = [];
  return {
    add: (close) => void list.push(close),
    async closeAll() {
      const endMs = clock.monotonicMs() + drainMs;
      for (const close of list.splice(0).reverse()) {
        try {
          await close(Math.max(0, endMs - clock.monotonicMs()));
        } catch (error) {
          process.stderr.write(`while stopping: ${messageOf(error)}\n`);
        }
      }
    },
  };
}

/** Waits for `work`, but no longer than `ms`: what is still under way then is for the next server to find. */
export async function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  try {
    await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
