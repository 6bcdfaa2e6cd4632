import type { EventStore } from '../../src/store/event-store.ts';
import type { Estates } from '../../src/runtime/estates.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import { createMemoryBlobs } from '../../src/store/adapters/memory-blobs.ts';
import { manualClock, settledSteps } from '../../src/processes/test-support.ts';
import { createFakeRunner, type FakeRunner } from './fake-runner.ts';
import { createLine, diligent, startSystem, type TestSystem, type TestSystemOptions } from './system.ts';

/**
 * Several servers on one log in memory and one machine: what lies in its repositories is shared, as it is after a
 * take-over has brought it; agents and the results of checks are each runner's own.
 */
export interface Company {
  store: EventStore;
  machine: FakeRunner;
  /** Servers that live, by runner. */
  servers: Map<string, TestSystem>;
  /** Runners whose files nobody else reaches. */
  outOfReach: Set<string>;
  start(runnerId: string, options?: TestSystemOptions): Promise<TestSystem>;
  /** The server is gone and says nothing; its agents live on. */
  kill(runnerId: string): Promise<void>;
  /** Lets so much time go by, in steps in which everything that is ready is done. */
  pass(ms: number): Promise<void>;
  /** Lets time go by until the event is there. */
  until(type: string, patienceMs?: number): Promise<void>;
  /** Of every event so far. */
  types: readonly string[];
}

export const LEASE_MS = 3_000;
const STEP_MS = LEASE_MS / 3;

export function createCompany(agent: NonNullable<TestSystemOptions['agent']> = diligent): Company {
  const memory = openMemoryStore();
  const types: string[] = [];
  const store: EventStore = {
    ...memory,
    capabilities: { ...memory.capabilities, otherWriters: true },
    async append(stream, expected, events) {
      const appended = await memory.append(stream, expected, events);
      if (!appended.repeated) types.push(...events.map(({ type }) => type));
      return appended;
    },
  };
  const blobs = createMemoryBlobs();
  const { clock, pass } = manualClock();
  const line = createLine();
  const servers = new Map<string, TestSystem>();
  const epochs = new Map<string, number>();
  const outOfReach = new Set<string>();
  const faces = new Map<string, FakeRunner>();
  let speak: FakeAgentOf | null = null;
  const machine = createFakeRunner({
    bugs: ['one', 'two'],
    agent: (session) => speak?.(session),
    now: () => clock.now(),
  });

  function faceOf(runnerId: string): FakeRunner {
    const known = faces.get(runnerId);
    if (known) return known;
    const own = new Set<string>();
    const face: FakeRunner = {
      ...machine,
      id: runnerId,
      startAgent(start) {
        own.add(start.agentId);
        return machine.startAgent(start);
      },
      probeAgent: async (request) =>
        own.has(request.agentId) ? machine.probeAgent(request) : { agentId: request.agentId, state: 'absent' },
      stopAgent: async (request) =>
        own.has(request.agentId) ? machine.stopAgent(request) : { agentId: request.agentId, state: 'absent' },
      listAgents: async () => (await machine.listAgents()).filter(({ agentId }) => own.has(agentId)),
      runCheck: (request) => machine.runCheck({ ...request, checkKey: `${runnerId} ${request.checkKey}` }),
    };
    faces.set(runnerId, face);
    return face;
  }

  const estates: Estates = {
    async open({ runnerId }) {
      if (outOfReach.has(runnerId)) return { outcome: 'elsewhere', reason: 'Its files are on another machine.' };
      if (servers.has(runnerId)) return { outcome: 'held', reason: 'Its server lives.' };
      return {
        outcome: 'open',
        estate: {
          async stopAgents(agentIds, graceMs) {
            for (const agentId of agentIds) await faceOf(runnerId).stopAgent({ agentId, graceMs });
          },
          async bringRun({ tasks }) {
            for (const { taskId, handedIn } of tasks)
              if (handedIn) await machine.keepTree({ taskId, repositoryId: 'rep_0', ...handedIn });
            return { rescued: [] };
          },
          async close() {},
        },
      };
    },
  };

  async function steps(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await quiet(store);
      pass(Math.min(left, STEP_MS));
    }
    await quiet(store);
  }

  return {
    store,
    machine,
    servers,
    outOfReach,
    pass: steps,
    async start(runnerId, options = {}) {
      const epoch = (epochs.get(runnerId) ?? 0) + 1;
      epochs.set(runnerId, epoch);
      const place = { host: 'here', bootId: null, dataDirectory: `/data/${runnerId}` };
      const system = await startSystem({
        ...{ store, blobs, clock, line, agent, runner: faceOf(runnerId) },
        sharing: { place, epoch, estates },
        settings: { 'server.leaseMs': LEASE_MS },
        ...options,
      });
      servers.set(runnerId, system);
      speak ??= (session) =>
        agent(session, async (name, input) => {
          // An agent finds whichever server lives; which one it was started by makes no difference to the log.
          const server = [...servers.values()][0] as TestSystem;
          return speakTo(server, session.start.agentId, session.start.taskId, name, input);
        });
      return system;
    },
    async kill(runnerId) {
      const server = servers.get(runnerId);
      servers.delete(runnerId);
      await server?.stop(0);
      await quiet(store);
    },
    async until(type, patienceMs = 20 * LEASE_MS) {
      for (let left = patienceMs; left > 0; left -= STEP_MS) {
        await quiet(store);
        if (types.includes(type)) return;
        pass(STEP_MS);
      }
      throw new Error(`no ${type} after ${patienceMs} ms: ${types.slice(-12).join(' ')}`);
    },
    types,
  };
}

type FakeAgentOf = (session: Parameters<typeof diligent>[0]) => Promise<void> | void;

async function speakTo(
  server: TestSystem,
  agentId: string,
  taskId: string,
  name: string,
  input: Record<string, unknown>,
): ReturnType<TestSystem['bus']['execute']> {
  const spec = server.processes.world.tasks.get(taskId)?.context.spec;
  const { workflowId = '', allowedTools = [] } = spec ?? {};
  return server.bus.execute({
    name,
    input,
    principal: { role: 'worker', id: `agent:${agentId}`, agent: { agentId, taskId, workflowId, allowedTools } },
    idempotencyKey: `${agentId}:${JSON.stringify([name, input])}`,
  });
}

/** Nothing more is appended by itself. */
async function quiet(store: EventStore): Promise<void> {
  for (let still = 0, head = await store.head(); still < 3; still++) {
    await settledSteps();
    const now = await store.head();
    if (now !== head) still = 0;
    head = now;
  }
}
