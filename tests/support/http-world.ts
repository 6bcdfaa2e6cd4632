import { createHash } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import { createActorHost, type ActorHost } from '../../src/actors/actor-host.ts';
import {
  AGENT_TOKEN_PREFIX,
  authenticate,
  type CommandBus,
  createCommandBus,
  OPERATOR_TOKEN_PREFIX,
  type Preparation,
  prepareCreateTask,
  preparePruneKeptWork,
  prepareRevertTask,
  prepareRevertWorkflow,
  prepareStartBestOfN,
  prepareSubmitResult,
  type Principal,
  SERVER,
  type TokenIndex,
  type WorkflowInspection,
} from '../../src/commands/index.ts';
import { sha256 } from '../../src/kernel/canonical.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { denied, HephError, invalid, isFailure } from '../../src/kernel/errors.ts';
import { createIds } from '../../src/kernel/ids.ts';
import type { Log } from '../../src/kernel/log.ts';
import type { Random } from '../../src/kernel/random.ts';
import { DEFAULT_SETTINGS } from '../../src/machines/config/index.ts';
import { definitionSchema } from '../../src/machines/workflow/index.ts';
import { createMemoryCache } from '../../src/projections/adapters/memory-cache.ts';
import { startProjectionHost, VIEWS } from '../../src/projections/index.ts';
import { createIdIndex, createLive } from '../../src/queries/index.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import type { EventStore, StoredEvent } from '../../src/store/event-store.ts';
import type { Runner } from '../../src/runtime/runner.ts';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import type { Queries, QueryEntry } from '../../src/transport/queries-port.ts';
import {
  createHttpServer,
  createMetrics,
  type HttpServer,
  type HttpServerParts,
} from '../../src/transport/rest/index.ts';

/** A server on a free port over a log in memory, with one workflow, one task and one living agent at work on it. */
export interface HttpWorld {
  url: string;
  port: number;
  server: HttpServer;
  store: EventStore;
  bus: CommandBus;
  host: ActorHost;
  clock: ManualClock;
  workflowId: string;
  taskId: string;
  agentId: string;
  operatorToken: string;
  agentToken: string;
  /** The agent has ended: its token is no longer known. */
  endAgent(): void;
  /** What the server has logged as an error. */
  errors: string[];
  events(): Promise<StoredEvent[]>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply>;
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  close(): Promise<void>;
}

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** What an answer of JSON holds; an empty object for another one. */
  json: Record<string, never> & { ok?: boolean; error?: { code: string; message: string; next: string; kind: string } };
}

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export interface HttpWorldOptions {
  allowedTools?: string[];
  queries?: Queries;
  rate?: { perSecond: number; burst: number };
  store?: EventStore;
  bus?: (bus: CommandBus) => CommandBus;
  tokens?: (tokens: TokenIndex) => TokenIndex;
  ready?: () => boolean;
  port?: number;
  page?: HttpServerParts['page'];
  /** What the workflow's template says of its result. */
  result?: object;
  readTerminal?: Runner['readTerminal'];
  terminals?: { writeTerminal(request: { agentId: string; data: string }): Promise<unknown> };
}

export async function openHttpWorld(options: HttpWorldOptions = {}): Promise<HttpWorld> {
  const store = options.store ?? openMemoryStore();
  const clock = manualClock();
  const random = seededRandom('http');
  const errors: string[] = [];
  const log: Log = { debug() {}, info() {}, warn() {}, error: (fields) => void errors.push(JSON.stringify(fields)) };
  const host = await createActorHost({ store, clock, log });
  const agentId = 'agt_01k00000000000000000000000';
  const operatorToken = `${OPERATOR_TOKEN_PREFIX}${'o'.repeat(43)}`;
  const agentToken = `${AGENT_TOKEN_PREFIX}${'a'.repeat(43)}`;
  let living: NonNullable<Principal['agent']> | null = null;
  const tokens: TokenIndex = {
    operatorHash: sha256(operatorToken),
    agentByTokenHash: (hash) => (hash === sha256(agentToken) ? living : null),
    isStarting: () => false,
  };
  const plain = createCommandBus({
    host,
    ids: createIds(clock, random),
    preparations: {
      start_workflow: startWorkflow(options.result) as Preparation,
      submit_result: prepareSubmitResult({ host, tip: async () => RUN_TIP }) as Preparation,
      start_best_of_n: prepareStartBestOfN({
        ...{ host, inspection: INSPECTION, settings: () => DEFAULT_SETTINGS },
        resolveId: async (_kind, id) => id,
      }) as Preparation,
      prune_kept_work: preparePruneKeptWork({ prunable: async () => [] }) as Preparation,
      create_task: prepareCreateTask({ host, countTasks: () => 0, agent: () => null }) as Preparation,
      revert_task: prepareRevertTask({ host }) as Preparation,
      revert_workflow: prepareRevertWorkflow({ host }) as Preparation,
    },
    redact: (value) => value,
    resolveId: async (_kind, id) =>
      /^[a-z0-9_]{1,60}$/.test(id) ? id : invalid('id.unknown', `Nothing is named ${id}.`),
  });
  const views = await startProjectionHost({ store, views: VIEWS, cache: createMemoryCache(), logId: LOG_ID, clock });
  const metrics = createMetrics({
    queueLength: () => 1,
    agents: () => ({ working: 1 }),
    coherence: () => ({ warnings: { loops: 2 }, score: 0.75 }),
    clock,
  });
  const bus = metrics.counted(options.bus?.(plain) ?? plain);
  const { workflowId, taskId } = await openTask(bus, agentId);
  living = {
    agentId,
    taskId,
    workflowId,
    allowedTools: options.allowedTools ?? ['create_task', 'update_task_status', 'report_progress', 'report_usage'],
  };
  const server = createHttpServer({
    bus,
    queries: options.queries ?? testQueries(),
    live: createLive({
      ...{ logId: LOG_ID, ids: createIdIndex(store), store, views, clock: systemClock },
      transcripts: {
        id: 'local',
        readTerminal: options.readTerminal ?? (() => Promise.reject(new Error('no terminal'))),
      },
    }),
    tokens: options.tokens?.(tokens) ?? tokens,
    clock,
    random,
    log,
    version: '0.0.0-test',
    health: async () => ({ ready: options.ready?.() ?? true, problems: [], position: String(await store.head()) }),
    metrics,
    terminals: options.terminals ?? { writeTerminal: async () => {} },
    ...(options.page && { page: options.page }),
    rate: options.rate ?? { perSecond: 1e9, burst: 1e9 },
  });
  const { url, port } = await server.listen({ host: '127.0.0.1', port: options.port ?? 0 });

  // A plain client with connections of its own: `fetch` costs several times what it measures.
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const send = (path: string, method: string, headers: Record<string, string>, body?: string) =>
    new Promise<Reply>((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve(replyOf(answer, Buffer.concat(chunks).toString('utf8'))));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  return {
    url,
    port,
    server,
    store,
    bus,
    host,
    clock,
    workflowId,
    taskId,
    agentId,
    operatorToken,
    agentToken,
    errors,
    endAgent: () => void (living = null),
    async events() {
      const all: StoredEvent[] = [];
      for await (const event of store.readAll()) all.push(event);
      return all;
    },
    post(path, body, headers = as(operatorToken)) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const length = String(Buffer.byteLength(text));
      return send(path, 'POST', { 'content-type': 'application/json', 'content-length': length, ...headers }, text);
    },
    get: (path, headers = as(operatorToken)) => send(path, 'GET', headers),
    async close() {
      await server.close();
      await views.close();
      await store.close();
    },
  };

  async function openTask(bus: CommandBus, agentId: string): Promise<{ workflowId: string; taskId: string }> {
    const sent = async (name: string, input: unknown, principal: Principal = SERVER) => {
      const result = await bus.execute({ name, input, principal });
      if (isFailure(result)) throw HephError.of(result);
      return result.actorId;
    };
    const operator = authenticate(tokens, `Bearer ${operatorToken}`) as Principal;
    const workflowId = await sent('start_workflow', { workflow: 'bugfix', repository: '.', goal: 'Green' }, operator);
    const taskId = await sent('create_task', { workflowId, phase: 'fix', title: 'Mend it' }, operator);
    const attempt = { taskId, agentId, attempt: 1 };
    await sent('request_agent', {
      ...{ agentId, taskId, workflowId, repositoryId: 'rep_1', attempt: 1 },
      ...{ agent: 'repair', runnerId: 'local', allowedTools: [] },
    });
    await sent('queue_task', { taskId, because: 'its phase has started' });
    await sent('assign_task', attempt);
    await sent('start_task', attempt);
    await sent('prepare_agent', { agentId, branch: 'heph/t', commit: 'c0' });
    await sent('record_worktree', { agentId, branch: 'heph/t', commit: 'c0' });
    await sent('record_start', {
      agentId,
      prompt: { template: 'work', version: 1, hash: '0', memoryIds: [] },
      started: { holderPid: 1, pid: 2, startedAt: 0, bootId: 'b', tokenHash: sha256(agentToken) },
    });
    return { workflowId, taskId };
  }
}

function replyOf(answer: IncomingMessage, text: string): Reply {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headersDistinct)) headers.set(name, String(value));
  const isJson = headers.get('content-type')?.startsWith('application/json');
  return { status: answer.statusCode ?? 0, headers, text, json: isJson ? JSON.parse(text) : {} };
}

export function as(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** Two tools and one question for people, enough to see who may ask what; each answers with what it was asked. */
export function testQueries(): Queries {
  const entries: Record<string, QueryEntry> = {
    task_progress: {
      v: 1,
      summary: 'How far a task is.',
      schema: z.strictObject({ taskId: z.string().max(60) }),
      roles: ['operator', 'viewer', 'worker'],
      tool: true,
    },
    get_tasks: {
      v: 1,
      summary: 'The tasks.',
      schema: z.strictObject({ taskId: z.string().optional(), phase: z.string().optional() }),
      roles: ['operator', 'viewer', 'worker'],
      tool: true,
      example: 'heph get tasks',
    },
    wait_for_events: {
      v: 1,
      summary: 'Answers when something happens.',
      schema: z.strictObject({ after: z.string().optional(), timeoutMs: z.number().default(30_000) }),
      roles: ['operator', 'worker'],
      tool: true,
    },
    get_secrets: {
      v: 1,
      summary: 'For the operator alone.',
      schema: z.strictObject({}),
      roles: ['operator'],
      tool: true,
    },
    get_view: {
      v: 1,
      summary: 'A view.',
      schema: z.strictObject({
        view: z.string().min(1),
        params: z.record(z.string(), z.unknown()).default({}),
        at: z.string().regex(/^\d+$/).optional(),
        until: z.string().regex(/^\d+$/).optional(),
      }),
      roles: ['operator', 'viewer'],
    },
    get_events: {
      v: 1,
      summary: 'Events.',
      schema: z.strictObject({
        after: z.string().regex(/^\d+$/).default('0'),
        limit: z.number().int().default(100),
        types: z.array(z.string()).optional(),
        workflowId: z.string().optional(),
        stream: z.string().optional(),
      }),
      roles: ['operator', 'viewer', 'worker'],
    },
  };
  return {
    table: new Map(Object.entries(entries)),
    async run(name, input, principal, signal) {
      const query = entries[name];
      if (!query) return invalid('query.unknown', `There is no query ${JSON.stringify(name)}.`);
      if (!query.roles.includes(principal.role)) return denied('auth.role', `${name} is not for ${principal.role}.`);
      const parsed = query.schema.safeParse(input ?? {});
      if (!parsed.success) return invalid('input.invalid', parsed.error.message);
      if (name === 'wait_for_events') {
        const { timeoutMs } = parsed.data as { timeoutMs: number };
        if (timeoutMs > 0) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        return { events: [], aborted: signal.aborted };
      }
      return { query: name, asked: parsed.data, by: principal.id };
    },
  };
}

const REPOSITORY = { repositoryId: 'rep_1', path: '/r', baseBranch: 'main', baseCommit: 'c0' };

/** Finds whatever it is asked for. */
const INSPECTION: WorkflowInspection = {
  definition: async () => invalid('input.invalid', 'No definition is needed here.'),
  repository: async () => ({ ...REPOSITORY, detectedCheck: 'npm test' }),
  agent: () => null,
  check: () => null,
};

/** Where the run's branch is. */
export const RUN_TIP = 'c'.repeat(40);

const startWorkflow =
  (result: object = {}): Preparation =>
  async (_input, { actorId }) => ({
    workflowId: actorId,
    definition: definitionSchema.parse({
      ...{ name: 'bugfix', title: 'Bug fix', phases: [phase('fix'), phase('verify')] },
      result,
    }),
    definitionHash: '0',
    goal: 'Green',
    params: {},
    repository: REPOSITORY,
    runBranch: `heph/run-${actorId.slice(4)}`,
    agent: 'repair',
    check: null,
    merge: true,
  });

function phase(name: string) {
  return { name, goal: 'Green', role: name };
}

/** The log that the test servers serve. */
export const LOG_ID = 'log_test';

function manualClock(): ManualClock {
  let ms = 1_000;
  let timers: { at: number; fire: () => void }[] = [];
  return {
    now: () => 1_790_000_000_000 + ms,
    monotonicMs: () => ms,
    after(delayMs, fire) {
      const timer = { at: ms + delayMs, fire };
      timers.push(timer);
      return () => void (timers = timers.filter((one) => one !== timer));
    },
    advance(by) {
      ms += by;
      const due = timers.filter(({ at }) => at <= ms);
      timers = timers.filter(({ at }) => at > ms);
      for (const { fire } of due) fire();
    },
  };
}

function seededRandom(seed: string): Random {
  let n = 0;
  return {
    bytes: (count) => createHash('shake256', { outputLength: count }).update(`${seed} ${n++}`).digest(),
  };
}
