/**
 * A server that is there to be killed. Arguments: the data directory, the request as JSON, and where to die:
 *   never        says `started <pid>` and lives on
 *   claimed      the folder is made and empty
 *   laid:<n>     the agent's files are laid; n turns of the event loop later
 *   file:<path>  the file is there, named from the first agent's folder
 * and, with 1 after that, that each agent and one more is expected before any is started.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemRandom } from '../../src/kernel/adapters/system.ts';
import { createAgentHands } from '../../src/runtime/agents/adapters/agent-hands.ts';
import type { AgentStart } from '../../src/runtime/runner.ts';
import { handsOptions } from './agent-world.ts';

const [directory = '', requests = '[]', death = 'never', warm = '0'] = process.argv.slice(2);
const die = () => process.kill(process.pid, 'SIGKILL');
const dieAfter = (turns: number): void => {
  if (turns === 0) die();
  setImmediate(() => dieAfter(turns - 1));
};

const dieWhenThere = (path: string): void => {
  if (existsSync(path)) die();
  setImmediate(() => dieWhenThere(path));
};

const wanted = JSON.parse(requests) as AgentStart[];
const hands = await createAgentHands({
  ...handsOptions(directory),
  random: {
    bytes(count) {
      if (death === 'claimed') die();
      return systemRandom.bytes(count);
    },
  },
  redactValues() {
    if (death.startsWith('laid:')) dieAfter(Number(death.slice('laid:'.length)));
    if (death.startsWith('file:'))
      dieWhenThere(join(directory, 'holders', wanted[0]?.agentId ?? '', death.slice('file:'.length)));
    return [];
  },
});
if (warm === '1') for (const taskId of [...wanted.map((one) => one.taskId), 'tsk_to_come']) hands.expectStart(taskId);
for (const request of wanted) {
  const { pid, holderPid } = await hands.startAgent(request);
  process.stdout.write(`started ${pid} ${holderPid}\n`);
}
process.stdout.write('all started\n');
process.stdin.resume();
