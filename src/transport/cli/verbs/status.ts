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
  holderPid?: number | null;
  pid?: number | null;
}

/** Where the server is, how far the log is, and which agents live. Fails when no server runs; starts none. */
export async function status(client: Client, output: Output): Promise<number> {
  const server = await findServer(client.directory);
  if (!server) throw fail('server.not_running', `No server runs on ${client.directory}.`);
  const { rows, position, asOf } = await client.query<{
    rows: Record<string, AgentRow>;
    position: string;
    asOf: number;
  }>('get_view', { view: 'fleet', params: {} });
  const agents = Object.values(rows)
    .filter((row) => row.living)
    .map(({ agentId, agent, status: state, taskId, ageMs, holderPid = null, pid = null }) => ({
      agentId,
      agent,
      status: state,
      taskId,
      ageMs,
      holderPid,
      pid,
    }));
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
