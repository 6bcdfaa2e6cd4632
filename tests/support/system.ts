import type { Accepted } from '../../src/actors/dispatch.ts';
import type { Principal } from '../../src/commands/index.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { type Failure, invalid, isFailure } from '../../src/kernel/errors.ts';
import { systemClock, systemRandom } from '../../src/kernel/adapters/system.ts';
import { silentLog } from '../../src/kernel/log.ts';
import { OPERATOR } from '../../src/commands/index.ts';
import { definitionSchema, type WorkflowDefinition } from '../../src/machines/workflow/index.ts';
import { assemble, type System } from '../../src/programs/assemble.ts';
import type { Sharing } from '../../src/programs/share.ts';
import type { Model } from '../../src/runtime/models/model.ts';
import type { EventStore, StoredEvent } from '../../src/store/event-store.ts';
import { createMemoryBlobs } from '../../src/store/adapters/memory-blobs.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import type { Snapshots } from '../../src/projections/index.ts';
import type { BlobStore } from '../../src/store/blob-store.ts';
import { noModel } from './no-model.ts';
import { createFakeRunner, type FakeAgent, type FakeRunner, type FakeSession } from './fake-runner.ts';

/** The whole core on a store in memory and a fake runner; nothing sleeps, tests wait for events. */
export interface TestSystem extends System {
  store: EventStore;
  runner: FakeRunner;
  operator(name: string, input: unknown, key?: string): Promise<Accepted>;
  refused(name: string, input: unknown): Promise<Failure>;
  /** Resolves with the first event, past or to come, that fits. */
  until(type: string, fits?: (event: StoredEvent) => boolean): Promise<StoredEvent>;
  events(type?: string): Promise<StoredEvent[]>;
}

export const BUGFIX: WorkflowDefinition = definitionSchema.parse({
  name: 'bugfix',
  title: 'Bug fix',
  phases: [
    {
      name: 'investigate',
      goal: 'The failures are grouped.',
      role: 'investigate',
      starts_with: 'one_task',
      changes: 'none',
      checks: 'none',
      allowed_tools: ['create_task', 'update_task_status', 'report_progress'],
    },
    { name: 'fix', goal: 'Each group is fixed.', role: 'fix', checks: 'own_failures' },
    {
      name: 'verify',
      goal: 'The whole suite passes.',
      role: 'verify',
      agent: 'none',
      starts_with: 'one_task',
      changes: 'none',
      on_red: 'fix',
    },
  ],
});

export const BEST_OF: WorkflowDefinition = definitionSchema.parse({
  name: 'best-of',
  title: 'Best of several',
  parameters: [
    { name: 'best_of', type: 'number', default: 3 },
    { name: 'agents', type: 'text' },
    { name: 'score', type: 'text' },
    { name: 'seed', type: 'number', default: 1 },
    { name: 'early_stop', type: 'boolean', default: false },
  ],
  phases: [
    {
      name: 'build',
      goal: 'The goal is reached.',
      role: 'fix',
      starts_with: 'one_task',
      candidates: 'best_of',
      allowed_tools: ['create_task', 'update_task_status', 'report_progress', 'report_usage'],
    },
  ],
});

export interface TestSystemOptions {
  bugs?: string[];
  agent?: (session: FakeSession, speak: Speak) => Promise<void> | void;
  store?: EventStore;
  blobs?: BlobStore;
  runner?: FakeRunner;
  /** Default: none is there. */
  model?: Model;
  /** Stands between the system and the runner. */
  around?: (runner: FakeRunner) => Partial<FakeRunner>;
  settings?: Record<string, unknown>;
  definition?: WorkflowDefinition;
  conflicts?: [string, string][];
  clashes?: [string, string][];
  stuck?: string[];
  snapshots?: Snapshots;
  clock?: Clock;
  /** Where several servers share the store. */
  sharing?: Sharing;
  /** Which server answers; shared by a server and the one that follows it. */
  line?: Line;
}

/** The way from agents to whichever server lives: an agent that calls while none does, waits. */
export interface Line {
  server: System | null;
  waiting: ((server: System) => void)[];
}

export function createLine(): Line {
  return { server: null, waiting: [] };
}

/** An agent's command, in its own name. */
export type Speak = (name: string, input: Record<string, unknown>) => Promise<Accepted | Failure>;

export async function startSystem(options: TestSystemOptions = {}): Promise<TestSystem> {
  const store = options.store ?? openMemoryStore();
  const clock = options.clock ?? systemClock;
  const line = options.line ?? createLine();
  const reach = () =>
    line.server ? Promise.resolve(line.server) : new Promise<System>((resolve) => line.waiting.push(resolve));
  const agent: FakeAgent = (session) => {
    const speak: Speak = async (name, input) => {
      const { agentId, taskId } = session.start;
      const system = await reach();
      const task = system.processes.world.tasks.get(taskId);
      const principal: Principal = {
        role: 'worker',
        id: `agent:${agentId}`,
        agent: {
          agentId,
          taskId,
          workflowId: task?.context.spec.workflowId ?? '',
          allowedTools: task?.context.spec.allowedTools ?? [],
        },
      };
      return system.bus.execute({
        name,
        input,
        principal,
        idempotencyKey: `${agentId}:${JSON.stringify([name, input])}`,
      });
    };
    return (options.agent ?? diligent)(session, speak);
  };
  const plain =
    options.runner ??
    createFakeRunner({
      bugs: options.bugs ?? ['one', 'two'],
      agent,
      now: () => clock.now(),
      ...(options.conflicts && { conflicts: options.conflicts }),
      ...(options.clashes && { clashes: options.clashes }),
      ...(options.stuck && { stuck: options.stuck }),
    });
  const runner: FakeRunner = { ...plain, ...options.around?.(plain) };
  const system = await assemble({
    store,
    blobs: options.blobs ?? createMemoryBlobs(),
    runner,
    model: options.model ?? noModel,
    clock,
    random: systemRandom,
    log: silentLog,
    dataDirectory: '/data',
    redact: (value) => value,
    resolveId: async (_kind, id) => id,
    definition: async (name) => {
      if (name === 'bugfix') return options.definition ?? BUGFIX;
      return name === 'best-of' ? BEST_OF : invalid('definition.unknown', `There is no workflow ${name}.`);
    },
    checkProblem: () => null,
    fillPreset: (preset) => preset,
    ...(options.snapshots && { snapshots: options.snapshots }),
    ...(options.sharing && { sharing: options.sharing }),
  });
  if (options.settings)
    await system.bus.execute({ name: 'set_config', input: { changes: options.settings }, principal: OPERATOR });
  await system.start();
  const running = system;
  line.server = running;
  for (const resolve of line.waiting.splice(0)) resolve(running);
  return {
    ...running,
    store,
    runner,
    async stop(drainMs) {
      if (line.server === running) line.server = null;
      await running.stop(drainMs);
    },
    async operator(name, input, key) {
      const answer = await running.bus.execute({
        name,
        input,
        principal: OPERATOR,
        ...(key && { idempotencyKey: key }),
      });
      if (isFailure(answer)) throw new Error(`${name}: ${answer.code} ${answer.message}`);
      return answer;
    },
    async refused(name, input) {
      const answer = await running.bus.execute({ name, input, principal: OPERATOR });
      if (!isFailure(answer)) throw new Error(`${name} was accepted`);
      return answer;
    },
    async until(type, fits = () => true) {
      const abort = new AbortController();
      for await (const item of store.subscribe({ signal: abort.signal })) {
        if (item.kind !== 'events') continue;
        const found = item.events.find((event) => event.type === type && fits(event));
        if (!found) continue;
        abort.abort();
        return found;
      }
      throw new Error(`the log ended without ${type}`);
    },
    async events(type) {
      const all: StoredEvent[] = [];
      for await (const event of store.readAll()) if (!type || event.type === type) all.push(event);
      return all;
    },
  };
}

export const START = { workflow: 'bugfix', repository: '/repo', goal: 'Make the tests pass' };

/** An agent that does what its phase asks: groups the bugs, or fixes its own, and says so. */
export async function diligent(session: FakeSession, speak: Speak): Promise<void> {
  const { taskId, prompt } = session.start;
  if (prompt.includes('phase investigate')) {
    for (const bug of ['one', 'two']) {
      await speak('create_task', {
        phase: 'fix',
        title: `Fix ${bug}`,
        inputs: { failures: [{ id: `test/${bug}.test.js > ${bug}` }] },
      });
    }
  } else {
    for (const match of prompt.matchAll(/test\/(\w+)\.test\.js > /g)) session.fix(match[1] as string);
  }
  await speak('update_task_status', { taskId, status: 'done', summary: 'done as asked' });
  session.exit(0);
}
