import { parentPort } from 'node:worker_threads';
import type { Told, Wanted } from './simulator-thread.ts';
import { simulate } from './simulate.ts';

/** The thread's own side: one simulation after the other, as they are asked for. */
parentPort?.on('message', async ({ seed, plants }: Wanted) => {
  const { breaches, traceHash, faults, events } = await simulate(seed, { plants });
  const struck = Object.values(faults).reduce((sum, count) => sum + count, 0);
  parentPort?.postMessage({ breaches, traceHash, struck, events: events.length } satisfies Told);
});
