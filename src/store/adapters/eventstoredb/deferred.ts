/**
 * An iteration that is opened when its first item is asked for, and may be left at any moment, also while it opens.
 * `ends` end it without an error.
 */
export function deferred<T>(
  ends: readonly AbortSignal[],
  open: (signal: AbortSignal) => Promise<AsyncIterableIterator<T>>,
): AsyncIterableIterator<T> {
  const left = new AbortController();
  const signal = AbortSignal.any([...ends, left.signal]);
  const ended: IteratorReturnResult<undefined> = { value: undefined, done: true };
  let opening: Promise<AsyncIterableIterator<T>> | undefined;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (signal.aborted) return ended;
      try {
        opening ??= open(signal);
        return await (await opening).next();
      } catch (error) {
        if (signal.aborted) return ended;
        throw error;
      }
    },
    async return() {
      left.abort();
      return ended;
    },
  };
}
