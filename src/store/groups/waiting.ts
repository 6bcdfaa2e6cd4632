import type { Message } from './consumer.ts';

/** What is to be handed out next, in order of the log: what comes again goes before what is new. */
export interface Waiting<E> {
  size(): number;
  put(message: Message<E>): void;
  shift(): Message<E> | undefined;
  /** The key of the first that is not replayed. */
  oldest(): bigint | undefined;
}

export function createWaiting<E>(): Waiting<E> {
  const list: Message<E>[] = [];
  return {
    size: () => list.length,
    put(message) {
      const index = list.findLastIndex(({ key }) => key < message.key);
      list.splice(index + 1, 0, message);
    },
    shift: () => list.shift(),
    oldest: () => list.find(({ replayed }) => !replayed)?.key,
  };
}
