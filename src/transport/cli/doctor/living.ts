import { type Finding, ok, problem, warning } from '../../../kernel/findings.ts';
import type { Client } from '../client.ts';
import { failureOf } from '../failure.ts';
import { findServer, isAlive, readServerFile } from '../server-file.ts';
import type { CheckTools, World } from '../world.ts';

export async function checkServer(directory: string): Promise<Finding> {
  const server = await findServer(directory);
  if (server) return ok('server', `${server.url}, pid ${server.pid}, version ${server.version}`);
  const file = readServerFile(directory);
  if (file && isAlive(file.pid))
    return warning(
      'server',
      `Process ${file.pid} may be the server, but ${file.url} does not answer as it should.`,
      'Read `heph logs server`; if it hangs, end that process and run `heph up`.',
    );
  return ok('server', 'None runs; one is started when it is needed.');
}

/** What is to be said of the machine: by the living server, which knows its own parts too, else by this program. */
export async function checkPlace(client: Client, world: World, tools: CheckTools): Promise<Finding[]> {
  const { directory } = client;
  const own = async () => tools.diagnose(directory, world, await world.programs.builtInAgents());
  if (!(await findServer(directory))) return own();
  try {
    return (await client.query<{ findings: Finding[] }>('diagnose', {})).findings;
  } catch (error) {
    const { message, next } = failureOf(error);
    return [problem('server', message, next), ...(await own())];
  }
}
