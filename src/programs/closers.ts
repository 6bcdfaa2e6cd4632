import { messageOf } from '../kernel/errors.ts';

/** What has been opened, to be closed in the opposite order; one that fails does not keep the others open. */
export interface Closers {
  add(close: () => Promise<void> | void): void;
  closeAll(): Promise<void>;
}

export function createClosers(): Closers {
  const list: (() => Promise<void> | void)[] = [];
  return {
    add: (close) => void list.push(close),
    async closeAll() {
      for (const close of list.splice(0).reverse()) {
        try {
          await close();
        } catch (error) {
          process.stderr.write(`while stopping: ${messageOf(error)}\n`);
        }
      }
    },
  };
}
