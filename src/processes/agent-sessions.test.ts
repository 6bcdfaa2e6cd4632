import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { type Agent, agentActor } from '../machines/agent/index.ts';
import { noTask, type Task } from '../machines/task/index.ts';
import { workflowActor } from '../machines/workflow/index.ts';
import { type AgentSignals, agentSessions, createSignals, hear, isStarting, meetAgents } from './agent-sessions.ts';
import type { AgentProbe } from '../runtime/runner.ts';
import { deadlines } from './deadlines.ts';
import type { Hands, Obligation } from './define-process.ts';
import type { Entity } from './entity.ts';
import { World } from './world.ts';

const SILENCE_MS = new World().settings.limits.agentSilenceMs;
const START_MS = new World().settings.limits.startMs;
const last = { id: 'evt_1', correlationId: 'cmd_1', at: 1_000 };

const agent = (value: string, more: Partial<Agent> = {}): Entity<Agent> => ({
  kind: 'agent',
  id: 'agt_1',
  value,
  context: {
    ...agentActor.initial(),
    ...{ agentId: 'agt_1', taskId: 'tsk_1', runnerId: 'local', since: last.at },
    ...more,
  },
  last,
  arrived: 1,
  began: 1,
});
const task = (value: string, more: Partial<Task> = {}): Entity<Task> => ({
  kind: 'task',
  id: 'tsk_1',
  value,
  context: {
    ...noTask(),
    spec: { ...noTask().spec, taskId: 'tsk_1' },
    agentId: 'agt_1',
    attempt: 2,
    since: 1_000,
    ...more,
  },
  last,
  arrived: 1,
  began: 1,
});

function owed(entity: Entity<Agent>, signals: AgentSignals, world = new World()): Obligation[] {
  const sessions = agentSessions({ runnerId: 'local', signals, dataDirectory: '/data', preset: () => null });
  return sessions.obligations(entity, world, 0);
}
const nothing = createSignals;
const keys = (obligations: Obligation[]) => obligations.map(({ key }) => key);

/** What an obligation sends. */
async function sent(obligation: Obligation | undefined): Promise<unknown[]> {
  const said: unknown[] = [];
  const send: Hands['send'] = async (name, input) => {
    said.push([name, input]);
    return { failure: true, kind: 'rejected', code: 'task.not_open', message: 'too late' };
  };
  await obligation?.act({ send } as Hands);
  return said;
}

describe('silence', () => {
  test('is not broken by what is said to the agent, but by what it prints after it', () => {
    const told = { ...agent('live.no_signal'), last: { ...last, at: 9_000 } };
    deepStrictEqual(keys(owed(told, nothing())), ['unwanted:agt_1']);
    const heard = { ...createSignals(), heardAt: new Map([['agt_1', 8_000]]) };
    deepStrictEqual(keys(owed(told, heard)), ['working:agt_1:8000', 'unwanted:agt_1']);
    const silent = { ...agent('live.working'), last: { ...last, at: 9_000 } };
    expect(owed(silent, nothing())[0]).toMatchObject({ notBefore: 1_000 + SILENCE_MS });
  });

  test('is reported when nothing was heard for the whole time, counted from the last word', () => {
    const [silent] = owed(agent('live.working'), nothing());
    expect(silent).toMatchObject({ key: 'no_signal:agt_1:1000', notBefore: 1_000 + SILENCE_MS });
    const heard = { ...createSignals(), heardAt: new Map([['agt_1', 5_000]]) };
    expect(owed(agent('live.working'), heard)[0]).toMatchObject({ notBefore: 5_000 + SILENCE_MS });
  });

  test('ends with the next word, and not before', async () => {
    deepStrictEqual(keys(owed(agent('live.no_signal'), nothing())), ['unwanted:agt_1']);
    const heard = { ...createSignals(), heardAt: new Map([['agt_1', 5_000]]) };
    const [again] = owed(agent('live.no_signal'), heard);
    expect(await sent(again)).toMatchObject([['record_activity', { activity: 'working' }]]);
  });
});

test('a suspect is probed before anything is said of its silence', () => {
  const signals = { ...createSignals(), suspects: new Map([['agt_1', 1]]) };
  deepStrictEqual(keys(owed(agent('live.working'), signals)), ['probe:agt_1:1', 'unwanted:agt_1']);
});

test('an agent of another runner, whose run is ours by now, is recorded as lost', () => {
  // Its run was taken over: nobody looks for it here.
  deepStrictEqual(keys(owed(agent('live.working', { runnerId: 'elsewhere' }), nothing())), ['lost:agt_1']);
});

test('of an agent that has ended nothing is kept', () => {
  const claims = new Map([['agt_1', 'hash']]);
  const signals = {
    ...createSignals(),
    suspects: new Map([['agt_1', 1]]),
    heardAt: new Map([['agt_1', 5_000]]),
    claims,
  };
  deepStrictEqual(owed(agent('exited'), signals), []);
  deepStrictEqual([signals.suspects.size, signals.heardAt.size, claims.size], [0, 0, 0]);
});

describe('an agent is stopped', () => {
  const reasonFor = async (entity: Entity<Task> | null, value = 'live.working', fleet = 'open') => {
    const world = new World();
    if (entity) world.tasks.set(entity.id, entity);
    world.workflows.set('', { ...task('active'), kind: 'workflow' } as never);
    world.fleet = { ...world.fleet, value: fleet };
    const unwanted = owed(agent(value), nothing(), world).find(({ key }) => key === 'unwanted:agt_1');
    const said = (await sent(unwanted)) as [string, { reason: string }][];
    return { reason: said[0]?.[1].reason, notBefore: unwanted?.notBefore };
  };

  test('at once, when nobody wants its work any more', async () => {
    expect((await reasonFor(task('cancelled'))).reason).toBe('Its task was cancelled.');
    expect((await reasonFor(task('queued'))).reason).toBe('Its attempt has ended.');
    expect((await reasonFor(task('in_progress', { agentId: 'agt_2' }))).reason).toContain('another attempt');
    expect((await reasonFor(null)).reason).toContain('not known');
    expect(await reasonFor(task('in_progress'), 'starting', 'stopped')).toMatchObject({ notBefore: 0 });
  });

  test('after a grace, when it has said its word', async () => {
    const grace = new World().settings.limits.exitGraceMs;
    strictEqual((await reasonFor(task('blocked_on_validation'))).notBefore, 1_000 + grace);
    strictEqual((await reasonFor(task('done'))).notBefore, 1_000 + grace);
  });

  test('not while it works', async () => {
    expect(await reasonFor(task('in_progress'))).toEqual({ reason: undefined, notBefore: undefined });
    expect(await reasonFor(task('cancelled'), 'stopping')).toEqual({ reason: undefined, notBefore: undefined });
  });
});

describe('a deadline', () => {
  test('is due as its actor says, and sends that actor’s command for that attempt', async () => {
    const [start] = deadlines.obligations(task('assigned'), new World(), 0);
    expect(start).toMatchObject({ notBefore: 1_000 + START_MS });
    expect(await sent(start)).toMatchObject([
      ['fail_attempt', { taskId: 'tsk_1', agentId: 'agt_1', attempt: 2, code: 'start_overdue' }],
    ]);
    expect((await sent(deadlines.obligations(task('in_progress'), new World(), 0)[0]))[0]).toMatchObject([
      'fail_attempt',
      { code: 'lease_expired' },
    ]);
  });

  test('is none in other states, of the server’s own tasks, and of actors without any', () => {
    for (const value of ['queued', 'done', 'merging'])
      deepStrictEqual(deadlines.obligations(task(value), new World(), 0), []);
    deepStrictEqual(deadlines.obligations(task('assigned', { agentId: null }), new World(), 0), []);
    deepStrictEqual(deadlines.obligations(new World().fleet, new World(), 0), []);
  });
});

describe('a start', () => {
  test('waits for the slot, which may not have got to the disk with the request', async () => {
    const definition = { ...workflowActor.initial().definition, phases: [{ name: 'work' }] };
    const workflow = {
      ...agent('active'),
      kind: 'workflow',
      id: 'wfl_1',
      context: { ...workflowActor.initial(), definition },
    };
    const spec = { ...noTask().spec, taskId: 'tsk_1', workflowId: 'wfl_1', phase: 'work' };
    const requested = agent('preparing', { workflowId: 'wfl_1', branch: 'heph/tsk_1', base: 'c0' });
    const world = World.restore({ entities: [workflow, task('assigned', { spec }), requested], candidates: [] });
    const [start] = owed(requested, nothing(), world);
    await rejects(async () => start?.act({ world } as Hands), { message: /holds no slot/, retryable: true });
  });
});

describe('an end', () => {
  test.each([
    ['gives its slot back with it', 60_000, ['record_exit', 'release_slot']],
    ['that came at once leaves the slot to whoever asks what the agent said', 1, ['record_exit']],
  ])('%s', async (_what, livedMs, expected) => {
    const said: string[] = [];
    const exit = { code: 0, signal: null, how: 'exited' as const, livedMs, at: 0 };
    const [probe] = owed(agent('live.working'), { ...nothing(), suspects: new Map([['agt_1', 1]]) });
    await probe?.act({
      world: new World(),
      runner: {
        probeAgent: async () => ({ agentId: 'agt_1', state: 'exited', exit, outputBytes: 0, tokenHash: null }),
      },
      async sendInTurn(...commands: [string, unknown][]) {
        said.push(...commands.map(([name]) => name));
        return [];
      },
    } as unknown as Hands);
    deepStrictEqual(said, expected);
  });
});

describe('the token of an agent whose start is not recorded', () => {
  const worldWith = (value: string) => World.restore({ entities: [agent(value)], candidates: [] });
  const BEFORE = ['preparing', 'starting'];

  test.each(['requested', ...BEFORE, 'live.working', 'stopping', 'exited'])(
    '%s: is waited for only before',
    (value) => {
      const signals = nothing();
      hear(signals, { type: 'agent_claimed', agentId: 'agt_1', tokenHash: 'hash' });
      const world = worldWith(value);
      strictEqual(isStarting(signals, world, 'hash'), BEFORE.includes(value));
      strictEqual(isStarting(signals, world, 'another'), false);
      owed(agent(value), signals, world);
      strictEqual(signals.claims.size, BEFORE.includes(value) ? 1 : 0, 'is forgotten as soon as it is known');
    },
  );

  test.each(['running', 'absent'] as const)('is known to the next server when its agent is found %s', (state) => {
    const facts = { holderPid: 1, pid: 2, startedAt: 3, bootId: 'boot', outputBytes: 0, lastOutputAt: null };
    const found: AgentProbe[] = [{ agentId: 'agt_1', tokenHash: 'hash', ...facts, state }];
    for (const value of ['preparing', 'starting', 'live.working', 'exited']) {
      const signals = nothing();
      const world = worldWith(value);
      meetAgents(signals, world, { found, now: 0 });
      strictEqual(isStarting(signals, world, 'hash'), BEFORE.includes(value), value);
    }
  });
});
