import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { Fault, isFailure } from '../kernel/errors.ts';
import type { EventStore, StoredEvent } from '../store/event-store.ts';
import { type Company, createCompany, LEASE_MS } from '../../tests/support/servers.ts';
import { diligent, START, type TestSystem } from '../../tests/support/system.ts';

async function eventsOf(store: EventStore, type?: string): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const event of store.readAll()) if (!type || event.type === type) found.push(event);
  return found;
}

async function runnersOf(company: Company): Promise<string[]> {
  const requested = await eventsOf(company.store, 'AgentRequested');
  return [...new Set(requested.map(({ data }) => String(data.runnerId)))];
}

/** Resolves when the log has come so far. */
async function reached(store: EventStore, position: bigint): Promise<void> {
  const abort = new AbortController();
  for await (const item of store.subscribe({ signal: abort.signal }))
    if (item.kind === 'events' && item.events.some((event) => event.position >= position)) abort.abort();
}

/** Every effect on the world happened once, and the run is where it belongs. */
async function assertDoneOnce({ store, machine }: Company, when: string): Promise<void> {
  const started = machine.calls.filter((call) => call.startsWith('startAgent'));
  strictEqual(new Set(started).size, started.length, `${when}: an agent was started twice`);
  const merged = (await eventsOf(store, 'TaskMerged')).map(({ stream }) => stream);
  strictEqual(new Set(merged).size, merged.length, `${when}: a task was merged twice`);
  strictEqual((await eventsOf(store, 'WorkflowCompleted')).length, 1, when);
  deepStrictEqual(machine.userBase(), [], when);
  deepStrictEqual(
    [...machine.agents.values()].filter(({ state }) => state === 'running').length,
    0,
    `${when}: an agent lives on`,
  );
}

async function endOf(company: Company): Promise<void> {
  for (const runnerId of [...company.servers.keys()]) await company.kill(runnerId);
}

describe('two servers on one log', () => {
  test('do the main job once: all of it on the runner whose server accepted it', async () => {
    const company = createCompany();
    const [a, b] = [await company.start('rnr_a'), await company.start('rnr_b')];
    await b.operator('start_workflow', START);
    await company.until('WorkflowCompleted');
    await assertDoneOnce(company, 'nobody was killed');
    deepStrictEqual(await runnersOf(company), ['rnr_b']);
    deepStrictEqual([...a.processes.stuck(), ...b.processes.stuck()], []);
    await endOf(company);
  });

  test('share the slots: what one has taken the other does not take', async () => {
    let most = 0;
    const company = createCompany((session, speak) => {
      most = Math.max(most, [...company.machine.agents.values()].filter(({ state }) => state === 'running').length);
      return diligent(session, speak);
    });
    const [a, b] = [await company.start('rnr_a'), await company.start('rnr_b')];
    await a.operator('set_config', { changes: { 'fleet.cap': 1 } });
    await b.operator('start_workflow', START);
    await a.operator('start_workflow', START);
    await company.until('WorkflowCompleted');
    await company.pass(LEASE_MS);
    strictEqual((await eventsOf(company.store, 'WorkflowCompleted')).length, 2);
    strictEqual(most, 1);
    await endOf(company);
  });
});

/** Many whole jobs, on a machine that may be busy. */
const PATIENCE_MS = 120_000;

describe('a server that is killed at any moment of the main job', () => {
  async function lengthOfJob(): Promise<number> {
    const company = createCompany();
    await company.start('rnr_a');
    await company.start('rnr_b');
    const begin = await company.store.head();
    await (company.servers.get('rnr_a') as TestSystem).operator('start_workflow', START);
    await company.until('WorkflowCompleted');
    await endOf(company);
    return Number((await company.store.head()) - begin);
  }

  async function jobWithKill(victim: string, at: number): Promise<Company> {
    const company = createCompany();
    const a = await company.start('rnr_a');
    await company.start('rnr_b');
    const seen = reached(company.store, (await company.store.head()) + BigInt(at));
    await a.operator('start_workflow', START);
    await seen;
    await company.kill(victim);
    await company.until('WorkflowCompleted');
    await company.pass(2 * LEASE_MS);
    await assertDoneOnce(company, `${victim} killed after event ${at}`);
    return company;
  }

  test(
    'is followed by the other, which does what is left and nothing twice',
    async () => {
      const length = await lengthOfJob();
      let adopted = 0;
      for (let at = 1; at < length; at += 2) {
        const company = await jobWithKill('rnr_a', at);
        adopted += (await eventsOf(company.store, 'WorkflowAdopted')).length;
        await endOf(company);
      }
      ok(adopted > length / 4, `${adopted} of ${length} runs were taken over`);
    },
    PATIENCE_MS,
  );

  test('is not missed when the work is the other’s', async () => {
    const length = await lengthOfJob();
    for (let at = 1; at < length; at += 12) {
      const company = await jobWithKill('rnr_b', at);
      strictEqual((await eventsOf(company.store, 'WorkflowAdopted')).length, 0);
      deepStrictEqual(await runnersOf(company), ['rnr_a']);
      await endOf(company);
    }
  });
});

describe('a run whose server is gone', () => {
  /** A's first agent works and says nothing; whoever comes later is diligent. */
  async function abandoned(servers: string[]): Promise<{ company: Company; workflowId: string }> {
    let first = true;
    const company = createCompany((session, speak) => {
      if (!first) return diligent(session, speak);
      first = false;
    });
    const a = await company.start('rnr_a');
    for (const runnerId of servers) await company.start(runnerId);
    const { actorId } = await a.operator('start_workflow', START);
    await company.until('TaskStarted');
    await company.kill('rnr_a');
    return { company, workflowId: actorId };
  }

  test('is left alone as long as its lease lasts, then taken over by one of several', async () => {
    const { company } = await abandoned(['rnr_b', 'rnr_c']);
    await company.pass(LEASE_MS / 3);
    strictEqual((await eventsOf(company.store, 'WorkflowAdopted')).length, 0);
    await company.until('WorkflowCompleted');
    const adopted = await eventsOf(company.store, 'WorkflowAdopted');
    strictEqual(adopted.length, 1);
    expect(adopted[0]?.data).toMatchObject({ from: 'rnr_a', runnerId: expect.stringMatching(/rnr_[bc]/) });
    await assertDoneOnce(company, 'two servers were left');
    await endOf(company);
  });

  test('loses its agents with that reason, at no cost of an attempt', async () => {
    const { company } = await abandoned(['rnr_b']);
    await company.until('WorkflowCompleted');
    const [lost] = await eventsOf(company.store, 'AgentLost');
    expect(lost?.data.reason).toContain('taken over from the runner rnr_a');
    const [failed] = await eventsOf(company.store, 'AttemptFailed');
    expect(failed?.data).toMatchObject({ code: 'agent_lost', counts: false });
    const stop = `stopAgent ${lost?.meta.scope?.agentId}`;
    strictEqual(company.machine.calls.filter((call) => call === stop).length, 1);
    await endOf(company);
  });

  test('waits where its files are out of reach, and goes on when its server comes back', async () => {
    const { company } = await abandoned(['rnr_b']);
    company.outOfReach.add('rnr_a');
    await company.pass(5 * LEASE_MS);
    strictEqual((await eventsOf(company.store, 'WorkflowAdopted')).length, 0);
    const a = await company.start('rnr_a');
    const [agentId] = [...a.processes.world.agents.keys()];
    await a.operator('stop_agent', { agentId });
    await company.until('WorkflowCompleted');
    deepStrictEqual(await runnersOf(company), ['rnr_a']);
    await endOf(company);
  });

  test('is closed from afar when a person cancels it: no slot and no task stays open', async () => {
    const { company, workflowId } = await abandoned(['rnr_b']);
    company.outOfReach.add('rnr_a');
    const b = company.servers.get('rnr_b') as TestSystem;
    await company.pass(2 * LEASE_MS);
    await b.operator('cancel_workflow', { workflowId, reason: 'that machine is gone' });
    await company.until('SlotReleased');
    strictEqual((await eventsOf(company.store, 'TaskCancelled')).length, 1);
    strictEqual((await eventsOf(company.store, 'AgentLost')).length, 1);

    // The machine was not gone after all: the agent that nobody counts any more is ended.
    await company.start('rnr_a');
    deepStrictEqual(
      [...company.machine.agents.values()].map(({ state }) => state),
      ['exited'],
    );
    await endOf(company);
  });

  test('that was closed although its server lives loses its agents there, too', async () => {
    const company = createCompany(() => {});
    const a = await company.start('rnr_a');
    const b = await company.start('rnr_b');
    const { actorId } = await a.operator('start_workflow', START);
    await company.until('TaskStarted');
    // A message of somebody who took a server for gone that only was slow.
    const adopted = await b.bus.execute({
      name: 'adopt_workflow',
      input: { workflowId: actorId, from: 'rnr_a', runnerId: 'rnr_b', reason: 'it seemed gone', rescued: [] },
      principal: { role: 'server', id: 'server' },
    });
    ok(!isFailure(adopted));
    await company.pass(LEASE_MS);
    const states = [...company.machine.agents.values()].map(({ state }) => state);
    deepStrictEqual(states.toSorted(), ['exited', 'running']);
    await endOf(company);
  });

  test('is not its old server’s any more when that comes back: its agents are ended, and only those', async () => {
    const { company } = await abandoned(['rnr_b']);
    await company.until('WorkflowAdopted');
    const a = await company.start('rnr_a');
    await company.until('WorkflowCompleted');
    await company.pass(2 * LEASE_MS);
    await assertDoneOnce(company, 'the first server came back');
    deepStrictEqual(await runnersOf(company), ['rnr_a', 'rnr_b']);
    strictEqual((await eventsOf(company.store, 'WorkflowAdopted')).length, 1);
    const { actorId } = await a.operator('start_workflow', START);
    await company.pass(1);
    const requested = await eventsOf(company.store, 'AgentRequested');
    strictEqual(requested.find(({ data }) => data.workflowId === actorId)?.data.runnerId, 'rnr_a');
    await endOf(company);
  });

  test('stays its own server’s when that is back before the lease is over', async () => {
    const { company } = await abandoned(['rnr_b']);
    const a = await company.start('rnr_a');
    await company.pass(3 * LEASE_MS);
    strictEqual((await eventsOf(company.store, 'WorkflowAdopted')).length, 0);
    strictEqual([...a.processes.world.agents.values()][0]?.value, 'live.working');
    await endOf(company);
  });
});

describe('a lease', () => {
  test('is written only while there is work', async () => {
    const company = createCompany();
    const a = await company.start('rnr_a');
    await company.start('rnr_b');
    await company.pass(10 * LEASE_MS);
    deepStrictEqual(
      company.types.filter((type) => type !== 'ConfigChanged'),
      ['RunnerRegistered', 'RunnerRegistered'],
    );
    await a.operator('start_workflow', { ...START, workflow: 'bugfix' });
    await company.until('WorkflowCompleted');
    const renewals = (await eventsOf(company.store, 'LeaseRenewed')).map(({ stream }) => stream);
    deepStrictEqual([...new Set(renewals)], ['runner-rnr_a']);
    await endOf(company);
  });

  test('that cannot be renewed ends what a server does, until it can', async () => {
    const company = createCompany(() => {});
    let cut = false;
    const { store } = company;
    const around: EventStore = {
      ...store,
      append: (...given) => (cut ? Promise.reject(new Fault('log.timeout', 'cut off')) : store.append(...given)),
    };
    const a = await company.start('rnr_a', { store: around });
    const b = await company.start('rnr_b');
    await a.operator('start_workflow', START);
    await company.until('TaskStarted');
    cut = true;
    await company.pass(2 * LEASE_MS);
    const agentId = [...a.processes.world.agents.keys()][0] as string;
    await b.operator('stop_agent', { agentId });
    await company.pass(LEASE_MS);
    ok(!company.machine.calls.some((call) => call.startsWith('stopAgent')), 'it acted without a lease');
    expect(a.processes.stuck()).toMatchObject([
      { key: 'lease of this server', reason: expect.stringContaining('cut') },
    ]);
    cut = false;
    await company.until('AgentExited');
    deepStrictEqual(a.processes.stuck(), []);
    await endOf(company);
  });

  test('is lost for good to a later server on the same data directory', async () => {
    const company = createCompany(() => {});
    const first = await company.start('rnr_a');
    const second = await company.start('rnr_a');
    await first.operator('start_workflow', START);
    await company.until('TaskStarted');
    await company.pass(3 * LEASE_MS);
    expect(first.processes.stuck()).toMatchObject([{ reason: expect.stringContaining('A later server works') }]);
    strictEqual(company.machine.calls.filter((call) => call.startsWith('startAgent')).length, 1);
    await first.stop(0);
    await second.stop(0);
  });
});

describe('an answer from memory', () => {
  test('is given only after a look at what others have appended', async () => {
    const company = createCompany(() => {});
    const [a, b] = [await company.start('rnr_a'), await company.start('rnr_b')];
    await a.operator('pause_fleet', { reason: 'by a' });
    await b.operator('resume_fleet', {});
    // What a remembers would make this a repetition of its own pause, and the next one a refusal.
    strictEqual((await a.operator('pause_fleet', { reason: 'again' })).types.length, 1);
    await b.operator('resume_fleet', {});
    const again = await a.bus.execute({
      name: 'resume_fleet',
      input: {},
      principal: { role: 'operator', id: 'operator' },
    });
    ok(isFailure(again) && again.code === 'fleet.already_open');
    await endOf(company);
  });

  test('is by the settings that another server has changed', async () => {
    const company = createCompany(() => {});
    const [a, b] = [await company.start('rnr_a'), await company.start('rnr_b')];
    await a.operator('set_config', { changes: { 'fleet.cap': 7 } });
    await company.pass(1);
    strictEqual(b.host.config().settings.fleet.cap, 7);
    await endOf(company);
  });
});
