import fastify from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { createActorHost } from '../src/actors/actor-host.ts';
import {
  createCommandBus,
  OPERATOR,
  OPERATOR_TOKEN_PREFIX,
  type Preparation,
  prepareCreateTask,
} from '../src/commands/index.ts';
import { systemClock, systemRandom } from '../src/kernel/adapters/system.ts';
import { sha256 } from '../src/kernel/canonical.ts';
import { HephError, isFailure } from '../src/kernel/errors.ts';
import { createIds } from '../src/kernel/ids.ts';
import { silentLog } from '../src/kernel/log.ts';
import { createRedactor } from '../src/kernel/redact.ts';
import { resolveId } from '../src/kernel/resolve-id.ts';
import { taskCommands } from '../src/machines/task/index.ts';
import { definitionSchema } from '../src/machines/workflow/index.ts';
import { programFile } from '../src/programs/installation.ts';
import { openSqliteStore } from '../src/store/adapters/sqlite.ts';
import { createHttpServer, createMetrics } from '../src/transport/rest/index.ts';
import { acceptedSchema } from '../src/transport/wire-schemas.ts';
import { type BenchOptions, type Figure, figureOf } from './measure.ts';
import { benchEvent, inDirectory, openRaw, RAW_INSERT } from './raw-log.ts';
import { atLeast, atMost } from './support/goals.ts';
import { startLoadClient } from './support/load.ts';

const CONNECTIONS = 50;
const SECONDS = 2;
const SECONDS_QUICK = 1;
const ROUNDS = 5;
/** Until the compiler has seen enough: with fewer, it is measured instead of the server. */
const WARM_UP_ANSWERS = 20_000;
const WARM_UP_SECONDS = 5;
const WARM_UP_TURNS_MAX = 6;
const TOKEN = `${OPERATOR_TOKEN_PREFIX}${'t'.repeat(43)}`;

interface Served {
  url: string;
  workflowId: string;
  close(): Promise<void>;
}

/**
 * `create_task` over HTTP from 50 connections into a paused workflow, answered when it is on the disk. Beside it, by turns:
 * bare Fastify that parses the same input by the same schema and prints the same answer; and that with a transaction
 * of its own for each request.
 */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  return inDirectory(async (directory) => {
    const servers = [await serveProduct(directory), await serveBare(), await serveOneCommitEach(directory)];
    const [product, bare, each] = servers as [Served, Served, Served];
    const client = startLoadClient();
    const load = (served: Served, seconds: number) =>
      client.run({
        url: `${served.url}/api/commands/create_task`,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({
          workflowId: served.workflowId,
          phase: 'fix',
          title: 'Mend the parser',
          description: 'It takes a comma for a point.',
          inputs: { failures: ['parses 1,5', 'parses 1.5'] },
        }),
        connections: CONNECTIONS,
        seconds,
      });
    try {
      for (const served of servers) await warmUp((seconds) => load(served, seconds));
      const taken = new Map(servers.map((served) => [served, nothingTaken()]));
      for (let round = 0; round < ROUNDS; round++) {
        for (const served of servers) {
          const seconds = quick ? SECONDS_QUICK : SECONDS;
          const before = process.threadCpuUsage();
          const { perSecond, p99Ms } = await load(served, seconds);
          const { user, system } = process.threadCpuUsage(before);
          taken.get(served)?.perSecond.push(perSecond);
          taken.get(served)?.p99Ms.push(p99Ms);
          taken.get(served)?.cpuUs.push((user + system) / (perSecond * seconds));
        }
      }
      const of = (served: Served) => taken.get(served) ?? nothingTaken();
      const about = (what: string) => `durable create_task over HTTP, ${what}`;
      return [
        figureOf(
          { subject: about('against bare Fastify'), unit: 'requests/s', goal: atLeast(0.4) },
          of(product).perSecond,
          of(bare).perSecond,
        ),
        figureOf(
          { subject: about('against a commit each'), unit: 'requests/s', goal: atLeast(5) },
          of(product).perSecond,
          of(each).perSecond,
        ),
        figureOf({ subject: about('p99'), unit: 'ms', goal: atMost(3) }, of(product).p99Ms, of(bare).p99Ms),
        // What the server's thread is busy with, whoever else wants the machine: the first goal the other way round.
        figureOf(
          { subject: about('CPU of the server’s thread'), unit: 'µs', goal: atMost(2.5) },
          of(product).cpuUs,
          of(bare).cpuUs,
        ),
      ];
    } finally {
      client.stop();
      for (const served of servers) await served.close();
    }
  });
}

const nothingTaken = () => ({ perSecond: [] as number[], p99Ms: [] as number[], cpuUs: [] as number[] });

async function warmUp(load: (seconds: number) => Promise<{ perSecond: number }>): Promise<void> {
  let answers = 0;
  for (let turn = 0; turn < WARM_UP_TURNS_MAX && answers < WARM_UP_ANSWERS; turn++)
    answers += (await load(WARM_UP_SECONDS)).perSecond * WARM_UP_SECONDS;
}

async function serveProduct(directory: string): Promise<Served> {
  const [clock, random, log] = [systemClock, systemRandom, silentLog];
  const store = await openSqliteStore({
    ...{ directory: `${directory}/data`, clock, random, reserveBytes: 0 },
    writerThread: programFile('log-writer'),
  });
  const host = await createActorHost({ store, clock, log });
  const redactor = createRedactor({ values: [TOKEN] });
  const plain = createCommandBus({
    host,
    ids: createIds(clock, random),
    preparations: {
      start_workflow: startWorkflow,
      create_task: prepareCreateTask({ host, countTasks: () => 0, agent: () => null }) as Preparation,
    },
    redact: (value) => redactor.redactJson(value),
    resolveId: (kind, text) => resolveId(kind, text, { startingWith: async () => [] }),
  });
  const metrics = createMetrics({
    clock,
    queueLength: () => 0,
    agents: () => ({}),
    coherence: () => ({ warnings: {}, score: null }),
  });
  const bus = metrics.counted(plain);
  const send = async (name: string, input: unknown) => {
    const result = await bus.execute({ name, input, principal: OPERATOR });
    if (isFailure(result)) throw HephError.of(result);
    return result.actorId;
  };
  const workflowId = await send('start_workflow', { workflow: 'bugfix', repository: '.', goal: 'Green' });
  await send('pause_workflow', { workflowId });
  const server = createHttpServer({
    ...{ bus, metrics, clock, random, log, version: 'bench' },
    queries: { table: new Map(), run: async () => ({}) },
    tokens: { operatorHash: sha256(TOKEN), agentByTokenHash: () => null, isStarting: () => false },
    health: async () => ({ ready: true, problems: [] }),
  });
  const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    workflowId,
    async close() {
      await server.close();
      await store.close();
    },
  };
}

const startWorkflow: Preparation = async (_input, { actorId }) => ({
  workflowId: actorId,
  definition: definitionSchema.parse({
    name: 'bugfix',
    title: 'Bug fix',
    phases: [{ name: 'fix', goal: 'Green', role: 'fix' }],
  }),
  definitionHash: '0',
  goal: 'Green',
  params: {},
  repository: { repositoryId: 'rep_1', path: '/r', baseBranch: 'main', baseCommit: 'c0' },
  runBranch: 'heph/run-1',
  agent: 'repair',
  check: null,
  merge: true,
});

const ANSWER = {
  ok: true as const,
  command: 'create_task',
  commandId: 'cmd_01k00000000000000000000000',
  id: 'tsk_01k00000000000000000000000',
  stream: 'task-tsk_01k00000000000000000000000',
  state: 'pending',
  revision: 0,
  position: '123456',
  events: ['TaskCreated'],
  repeated: false,
};

const serveBare = () =>
  serveFastify(
    () => {},
    () => {},
  );

async function serveOneCommitEach(directory: string): Promise<Served> {
  const db = openRaw(directory);
  const insert = db.prepare(RAW_INSERT);
  let position = 0;
  const write = () => {
    const { id, type, v, at, data, meta } = benchEvent(position);
    position += 1;
    insert.run(position, `task-${position}`, 0, id, type, v, at, JSON.stringify(data), JSON.stringify(meta));
  };
  return serveFastify(write, () => db.close());
}

async function serveFastify(write: () => void, close: () => void): Promise<Served> {
  const app = fastify().withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const schema = { body: taskCommands.create_task.schema, response: { 200: acceptedSchema } };
  app.post('/api/commands/create_task', { schema }, (_request, reply) => {
    write();
    void reply.send(ANSWER);
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    workflowId: 'wfl_01k00000000000000000000000',
    async close() {
      await app.close();
      close();
    },
  };
}
