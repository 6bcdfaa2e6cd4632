import type { Client } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import { duration, stateWord } from '../../words/index.ts';
import { type Output, table } from '../output.ts';
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

interface Answer {
  agents: AgentRow[];
  summary: { runners: RunnerRow[] };
  position: string;
  asOf: number;
}

interface RunnerRow {
  runnerId: string;
  status: string;
  agents: number;
  ageMs: number;
  /** Only of those that share the log with others. */
  host?: string;
}

/** Where the server is, how far the log is, and which agents live. Fails when no server runs; starts none. */
export async function status(client: Client, output: Output): Promise<number> {
  const server = await findServer(client.directory);
  if (!server) throw fail('server.not_running', `No server runs on ${client.directory}.`);
  const answer = await client.query<Answer>('get_agent_status', {});
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
    runners: answer.summary.runners,
  });
  output.say(`Server   ${url}, pid ${pid}, version ${version}, up for ${duration(Math.max(0, asOf - startedAt))}`);
  output.say(`Data     ${client.directory}`);
  output.say(`Log      position ${position}`);
  output.say(`Agents   ${agents.length === 0 ? 'none live' : `${agents.length} live`}`);
  sayAgents(agents, output);
  sayRunners(answer.summary.runners, output);
  return EXIT.ok;
}

function sayAgents(
  agents: (Omit<AgentRow, 'living' | 'process'> & { holderPid: number | null })[],
  output: Output,
): void {
  if (agents.length === 0) return;
  const lines = agents.map((one) => [
    one.agentId,
    one.agent,
    stateWord('agent', one.status).word,
    duration(one.ageMs),
    one.taskId,
    one.holderPid,
  ]);
  for (const line of table(['agent', 'name', 'status', 'for', 'task', 'holder'], lines)) output.say(`  ${line}`);
}

/** The servers that share the log, this one among them. */
function sayRunners(runners: readonly RunnerRow[], output: Output): void {
  const shared = runners.filter(({ host }) => host !== undefined);
  if (shared.length === 0) return;
  output.say(`Runners  ${shared.length} share the log`);
  const lines = shared.map((one) => [
    one.runnerId,
    one.host,
    stateWord('runner', one.status).word,
    `${duration(one.ageMs)} ago`,
    one.agents,
  ]);
  for (const line of table(['runner', 'host', 'status', 'last heard', 'agents'], lines)) output.say(`  ${line}`);
}
