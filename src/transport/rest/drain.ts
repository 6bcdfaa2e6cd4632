import type { Server } from 'node:http';

/**
 * Counts the requests that are not answered to the last byte. A server that closes waits for them: Node takes a connection
 * for idle as soon as its answer is written, and would cut off what has not left yet.
 */
export interface Drain {
  /** Resolves when nothing is under way. */
  empty(): Promise<void>;
}

export function watchRequests(server: Server): Drain {
  let underWay = 0;
  let wake: (() => void) | undefined;
  const over = () => {
    if (--underWay === 0) wake?.();
  };
  server.on('request', (_request, response) => {
    underWay++;
    response.once('close', over);
  });
  return {
    empty: () =>
      new Promise((resolve) => {
        if (underWay === 0) return resolve();
        wake = resolve;
      }),
  };
}
