import { describe, expect, it } from 'vitest';
import { type HandClock, handClock } from '../../tests/support/hand-clock.ts';
import { START, startSystem, type TestSystemOptions } from '../../tests/support/system.ts';
import { Fault } from '../kernel/errors.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { StoredEvent } from '../store/event-store.ts';

const INTERVAL_MS = 1_000;
const SETTINGS = {
  'guardian.intervalMs': INTERVAL_MS,
  'guardian.stopAfterMs': 5_000,
  'limits.agentSilenceMs': 3_000,
  'limits.attemptsMax': 1,
};

/** A system whose agents neither speak nor end. */
async function silent(options: TestSystemOptions & { clock?: HandClock } = {}) {
  const clock = options.clock ?? handClock();
  const system = await startSystem({
    ...{ agent: () => {}, bugs: ['one'] },
    ...options,
    clock,
    settings: { ...SETTINGS, ...options.settings },
  });
  const until = (type: string, fits?: (event: StoredEvent) => boolean) =>
    clock.until(system.until(type, fits), INTERVAL_MS / 4);
  return { ...system, clock, until };
}
const warned = (warning: string) => (event: StoredEvent) => event.data.warning === warning;
const order = (events: StoredEvent[], ...types: string[]) =>
  events.map(({ type }) => type).filter((type) => types.includes(type));

describe('an agent that is silent', () => {
  it('is warned of, and stopped once when it goes on', async () => {
    const { operator, until, events, stop, runner } = await silent();
    await operator('start_workflow', START);
    const { data } = await until('AttemptFailed');
    expect(data).toMatchObject({ code: 'agent_stopped', reason: expect.stringContaining('nothing of it works') });
    const told = order(await events(), 'WatchBegun', 'WarningRaised', 'StopDecided', 'StopRequested', 'AgentExited');
    expect(told).toEqual(['WatchBegun', 'WarningRaised', 'StopDecided', 'StopRequested', 'AgentExited']);
    expect((await events('StopRequested'))[0]?.data.by).toBe('process:guardian');
    expect(runner.calls.filter((call) => call.startsWith('stopAgent'))).toHaveLength(1);
    await stop(0);
  });

  it('is warned of and left alone where the settings say so', async () => {
    const { operator, until, clock, events, stop } = await silent({ settings: { 'guardian.onSilence': 'warn' } });
    await operator('start_workflow', START);
    await until('WarningRaised', warned('silence'));
    clock.pass(60_000);
    await until('AgentJudged', ({ at }) => at >= clock.now() - INTERVAL_MS);
    expect(await events('StopDecided')).toEqual([]);
    await stop(0);
  });

  it('is not stopped for a time in which no server looked', async () => {
    const store = openMemoryStore();
    const first = await silent({ store });
    await first.operator('start_workflow', START);
    const { at } = await first.until('WarningRaised', warned('silence'));
    await first.stop(0);
    first.clock.pass(600_000);
    const second = await silent({ store, runner: first.runner, clock: first.clock });
    const resumedAt = first.clock.now();
    const stopped = await second.until('StopDecided');
    expect(stopped.at - resumedAt).toBeGreaterThanOrEqual(5_000);
    expect(resumedAt - at).toBeGreaterThan(5_000);
    await second.stop(0);
  });

  it('is stopped by the next server when the one that decided it died', async () => {
    const store = openMemoryStore();
    const first = await silent({ store });
    await first.operator('start_workflow', START);
    await first.until('StopDecided');
    await first.stop(0);
    const second = await silent({ store, runner: first.runner, clock: first.clock });
    await second.until('AgentExited');
    expect(order(await second.events(), 'StopDecided', 'StopRequested')).toEqual(['StopDecided', 'StopRequested']);
    await second.stop(0);
  });
});

describe('what could not be measured', () => {
  it('is recorded as unknown, and stops nobody', async () => {
    const broken = () => Promise.reject(new Fault('terminal.failed', 'The holder does not answer.'));
    const { operator, until, clock, events, stop } = await silent({ around: () => ({ observeAgent: broken }) });
    await operator('start_workflow', START);
    const { data } = await until('AgentJudged');
    expect(data).toMatchObject({
      measured: { silence: { unknown: 'It could not be looked at: The holder does not answer.' } },
      signals: { silence: { trouble: null }, budget: { trouble: 0 } },
    });
    clock.pass(60_000);
    await until('AgentJudged', ({ at }) => at >= clock.now() - INTERVAL_MS);
    expect(await events('WarningRaised')).toEqual([]);
    await stop(0);
  });
});

describe('a file that the phase does not allow', () => {
  it('is warned of', async () => {
    const { operator, until, stop } = await silent({ agent: (session) => session.fix('one') });
    await operator('start_workflow', START);
    const { data } = await until('WarningRaised');
    expect(data).toMatchObject({
      warning: 'outside_scope',
      reason: expect.stringContaining('a.js'),
      stopAfterMs: null,
    });
    await stop(0);
  });
});

describe('without an agent', () => {
  it('nothing waits and nothing wakes up', async () => {
    const { clock, processes, stop } = await silent();
    expect(processes.isIdle()).toBe(true);
    expect(clock.waiting()).toBe(0);
    await stop(0);
  });
});

describe('an orphan', () => {
  /** A server of which the runner knows an agent and the log does not. */
  async function withStranger(settings: Record<string, unknown> = {}) {
    const clock = handClock();
    const first = await silent({ clock });
    await first.operator('start_workflow', START);
    await first.until('AgentStarted');
    await first.stop(0);
    const second = await silent({ clock, runner: first.runner, settings });
    const [agentId] = [...first.runner.agents.keys()];
    return { ...second, clock, agentId: agentId as string };
  }

  it('of which the log knows nothing is warned of and then stopped', async () => {
    const { clock, agentId, runner, events, stop, ...system } = await withStranger();
    const { at, data } = await system.until('WarningRaised');
    expect(data).toMatchObject({ warning: 'orphan', stopAfterMs: 5_000 });
    const cleared = await system.until('WarningCleared');
    expect(cleared.at - at).toBeGreaterThanOrEqual(5_000);
    expect(runner.agents.get(agentId)?.state).toBe('exited');
    expect(order(await events(), 'WarningRaised', 'StopDecided', 'WarningCleared')).toHaveLength(3);
    expect(clock.waiting()).toBe(0);
    await stop(0);
  });

  it('is left alone where the settings say so', async () => {
    const { clock, agentId, runner, events, stop, ...system } = await withStranger({ 'guardian.onOrphan': 'warn' });
    await system.until('WarningRaised');
    clock.pass(60_000);
    expect(runner.agents.get(agentId)?.state).toBe('running');
    expect(await events('StopDecided')).toEqual([]);
    await stop(0);
  });
});
