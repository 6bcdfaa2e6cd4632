import { sleep } from '../../../kernel/clock.ts';
import { EXIT, fail } from '../failure.ts';
import type { Output } from '../output.ts';
import { findServer, isAlive } from '../server-file.ts';
import type { World } from '../world.ts';

// Ten seconds to drain, and a little to close.
const STOP_MS = 15_000;
const LOOK_EVERY_MS = 50;

/** Stops the server of a data directory and waits until its process is gone. Agents go on in their terminals. */
export async function down(world: World, output: Output, directory: string): Promise<number> {
  const server = await findServer(directory);
  if (!server) {
    output.say(`No server runs on ${directory}.`);
    output.record({ type: 'down', stopped: false });
    return EXIT.ok;
  }
  process.kill(server.pid, 'SIGTERM');
  const deadline = world.clock.monotonicMs() + STOP_MS;
  while (isAlive(server.pid)) {
    if (world.clock.monotonicMs() >= deadline)
      throw fail('server.not_stopped', `The server (pid ${server.pid}) has not ended within ${STOP_MS / 1000} s.`);
    await sleep(world.clock, LOOK_EVERY_MS);
  }
  output.say(`The server (pid ${server.pid}) has stopped. Agents that work go on and are found again by the next one.`);
  output.record({ type: 'down', stopped: true, pid: server.pid });
  return EXIT.ok;
}
