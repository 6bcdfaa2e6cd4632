import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answered, Load } from './load-client.ts';

/** A load client in a process of its own, used for several runs; throws when a run had a failure. */
export function startLoadClient(): { run(load: Load): Promise<Answered>; stop(): void } {
  const child = fork(fileURLToPath(new URL('./load-client.ts', import.meta.url)));
  return {
    async run(load) {
      child.send(load);
      const [answered] = (await once(child, 'message')) as [Answered];
      if (answered.failed > 0) throw new Error(`${answered.failed} requests to ${load.url} failed`);
      return answered;
    },
    stop: () => void child.kill(),
  };
}
