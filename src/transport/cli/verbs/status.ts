import type { Client } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import { duration, type Output, table } from '../output.ts';
import { findServer } from '../server-file.ts';

interface AgentRow {
  agentId: string;
  agent: string;
  status: string;
  taskId: string;
  living: boolean;
  ageMs: number;
  /** What its processes are found to be now. */
  process: { state: string; holderPid?: number; pid?: number };
}

/** Where the server is, how far the log is, and which agents live. Fails when no server runs; starts none. */
export async function status(client: Client, output: Output): Promise<number> {
  const server = await findServer(client.directory);
  if (!server) throw fail('server.not_running', `No server runs on ${client.directory}.`);
  const answer = await client.query<{ agents: AgentRow[]; position: string; asOf: number }>('get_agent_status', {});
  const { position, asOf } = answer;
  const agents = answer.agents
    .filter((row) => row.living)
    .map(({ agentId, agent, status: state, taskId, ageMs, process: found }) => {
      const { state: processState, holderPid = null, pid = null } = found;
      return { agentId, agent, status: state, taskId, ageMs, process: processState, holderPid, pid };
    });
  const { pid, port, version, url, startedAt, epoch } = server;
  output.record({
    type: 'status',
    pid,
    port,
    url,
    version,
    dataDirectory: client.directory,
    position,
    startedAt,
    epoch,
    agents,
  });
  output.say(`Server   ${url}, pid ${pid}, version ${version}, up for ${duration(Math.max(0, asOf - startedAt))}`);
  output.say(`Data     ${client.directory}`);
  output.say(`Log      position ${position}`);
  output.say(`Agents   ${agents.length === 0 ? 'none live' : `${agents.length} live`}`);
  if (agents.length === 0) return EXIT.ok;
  const lines = agents.map((one) => [
    one.agentId,
    one.agent,
    one.status,
    duration(one.ageMs),
    one.taskId,
    one.holderPid,
  ]);
  for (const line of table(['agent', 'name', 'status', 'for', 'task', 'holder'], lines)) output.say(`  ${line}`);
  return EXIT.ok;
}
