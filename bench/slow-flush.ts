import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { missingStrace } from '../tests/support/debian.ts';
import { createOperator } from '../tests/support/operator.ts';
import { readServerFile, readToken } from '../src/transport/cli/server-file.ts';
import { type BenchOptions, type Figure, figureOf, milliseconds } from './measure.ts';
import { inDirectory } from './raw-log.ts';
import { builtProgram } from './support/built.ts';
import { type Goal, within } from './support/goals.ts';
import { startLoadClient } from './support/load.ts';
import { makeRepository } from './support/repository.ts';
import { startOnSlowDisk } from './support/slow-disk.ts';

const FLUSH_MS = 20;
const CONNECTIONS = 10;
const SECONDS = 3;
const SECONDS_QUICK = 1;
const WARM_UP_SECONDS = 5;
const ROUNDS = 5;
/** Between two questions of one who asks how the server is. */
const PAUSE_MS = 5;

/**
 * How long `/health` takes to answer while commands flow from ten connections and each flush of the log takes 20 ms more;
 * beside it, by turns, the same server without the commands. Without strace there is no such disk, and no figure.
 */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const missing = missingStrace();
  if (missing) {
    process.stderr.write(`slow-flush is skipped: ${missing}\n`);
    return [];
  }
  const heph = builtProgram();
  return inDirectory(async (directory) => {
    const data = join(directory, 'data');
    mkdirSync(data, { mode: 0o700 });
    const server = await startOnSlowDisk([heph, 'up', '--no-open', '--data', data], data, FLUSH_MS);
    const client = startLoadClient();
    try {
      const { url, headers } = addressOf(data);
      const body = JSON.stringify(await taskOfPausedWorkflow(data, join(directory, 'repository')));
      const commands = (seconds: number) =>
        client.run({ url: `${url}/api/commands/create_task`, headers, body, connections: CONNECTIONS, seconds });
      const health = (seconds: number) => latencyOf(() => ask(`${url}/health`, headers), seconds);
      const seconds = quick ? SECONDS_QUICK : SECONDS;
      await Promise.all([commands(WARM_UP_SECONDS), health(WARM_UP_SECONDS)]);
      const busy: Latency[] = [];
      const unloaded: Latency[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        unloaded.push(await health(seconds));
        const delayed = server.delayed();
        const [latency] = await Promise.all([health(seconds), commands(seconds)]);
        if (server.delayed() === delayed) throw new Error('no flush was slow, so nothing was measured');
        busy.push(latency);
      }
      const figure = (quantile: keyof Latency, goal: Goal | null) =>
        figureOf(
          { subject: `/health ${quantile}, commands flowing, ${FLUSH_MS} ms a flush`, unit: 'ms', goal },
          busy.map((latency) => latency[quantile]),
          unloaded.map((latency) => latency[quantile]),
        );
      return [figure('p99', within(10, 'ms')), figure('p50', null)];
    } finally {
      client.stop();
      await server.stop();
    }
  });
}

function addressOf(data: string): { url: string; headers: Record<string, string> } {
  const server = readServerFile(data);
  if (!server) throw new Error(`no server.json in ${data}`);
  return {
    url: server.url,
    headers: { authorization: `Bearer ${readToken(data)}`, 'content-type': 'application/json' },
  };
}

/** What `create_task` is given, into a workflow in which nothing starts. */
async function taskOfPausedWorkflow(data: string, repository: string): Promise<Record<string, unknown>> {
  makeRepository(repository, 1);
  const operator = createOperator(data);
  await operator.command('set_config', { changes: { 'limits.tasksPerWorkflowMax': 100_000 } });
  await operator.command('pause_fleet', { reason: 'nothing is to run' });
  const { id: workflowId } = await operator.command('start_workflow', {
    ...{ workflow: 'bugfix', repository, goal: 'Green', check: 'true' },
  });
  await operator.command('pause_workflow', { workflowId, reason: 'nothing is to run' });
  return { workflowId, phase: 'fix', title: 'Mend the parser', description: 'It takes a comma for a point.' };
}

async function ask(url: string, headers: Record<string, string>): Promise<void> {
  const answer = await fetch(url, { headers });
  await answer.text();
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`);
}

/** In ms. */
interface Latency {
  p50: number;
  p99: number;
}

/** Of one who asks again and again for so many seconds. */
async function latencyOf(once: () => Promise<void>, seconds: number): Promise<Latency> {
  const taken: number[] = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    taken.push(await milliseconds(once));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  taken.sort((a, b) => a - b);
  const at = (part: number) => taken[Math.floor(taken.length * part)] as number;
  return { p50: at(0.5), p99: at(0.99) };
}
