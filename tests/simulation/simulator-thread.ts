import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Plant } from './plants.ts';

export interface Wanted {
  seed: number;
  plants: readonly Plant[];
}

/** What a test has to know of a simulation. */
export interface Told {
  breaches: string[];
  traceHash: string;
  /** How many faults there were. */
  struck: number;
  /** How many events the log has. */
  events: number;
}

export interface SimulatorThread {
  /** One at a time. Throws what broke the simulator itself. */
  simulate(seed: number, plants?: readonly Plant[]): Promise<Told>;
  close(): Promise<unknown>;
}

/**
 * Simulations under plain Node: in the test's own thread the runner's module loader and its count of covered lines make
 * each of them half as slow again.
 */
export function startSimulatorThread(): SimulatorThread {
  const thread = new Worker(new URL('./thread.ts', import.meta.url), { execArgv: [] });
  return {
    async simulate(seed, plants = []) {
      thread.postMessage({ seed, plants } satisfies Wanted);
      const [told] = (await once(thread, 'message')) as [Told];
      return told;
    },
    close: () => thread.terminate(),
  };
}
