import { describe, expect, test } from 'vitest';
import { createFakeRunner, type FakeRunner } from '../../tests/support/fake-runner.ts';
import { START, startSystem } from '../../tests/support/system.ts';
import { Fault } from '../kernel/errors.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import { manualClock, settledSteps } from './test-support.ts';

const LIMIT_MS = 30_000;

/** A server whose agent lives is gone, and what then happens to the agent; the next server asks a runner like that. */
async function afterCrash(fate: (runner: FakeRunner, agentId: string) => Partial<FakeRunner>) {
  const { clock, pass } = manualClock();
  const store = openMemoryStore();
  const runner = createFakeRunner({ bugs: ['one'], agent: () => {}, now: () => clock.now() });
  const killed = await startSystem({ runner, store, clock });
  await killed.operator('start_workflow', START);
  const { data } = await killed.until('TaskStarted');
  const agentId = String(data.agentId);
  await killed.stop(0);
  const around = fate(runner, agentId);
  pass(60_000);
  const restartedAt = clock.now();
  const system = await startSystem({ runner, store, clock, around: () => around });
  const told = async () => (await system.events()).filter((event) => event.stream === `agent-${agentId}`).at(-1);
  return { system, agentId, pass, restartedAt, told };
}

describe('an agent that lived when its server was killed', () => {
  test('is found again, and nothing is said of it', async () => {
    const { system, pass, told } = await afterCrash(() => ({}));
    await settledSteps();
    pass(LIMIT_MS);
    await settledSteps();
    expect((await told())?.type).toBe('AgentStarted');
    await system.stop(0);
  });

  test.each<[string, string, (runner: FakeRunner, id: string) => unknown]>([
    ['has ended', 'AgentExited', (runner, agentId) => runner.stopAgent({ agentId, graceMs: 0 })],
    ['is lost', 'AgentLost', (runner, agentId) => runner.lose(agentId)],
    ['is not there at all', 'AgentLost', (runner, agentId) => runner.agents.delete(agentId)],
  ])('and %s: is recorded at once as %s', async (_how, type, happens) => {
    const { system, agentId, restartedAt } = await afterCrash((runner, id) => {
      happens(runner, id);
      return {};
    });
    const { at } = await system.until(type, (event) => event.stream === `agent-${agentId}`);
    expect(at - restartedAt).toBe(0);
    await system.stop(0);
  });

  test.each([
    ['hangs', () => new Promise<never>(() => {})],
    ['fails', () => Promise.reject(new Fault('terminal.failed', 'it is planned'))],
  ])('while every look at it %s: is recorded by the limit as one of which nobody knows', async (_how, probeAgent) => {
    const { system, agentId, pass, restartedAt, told } = await afterCrash(() => ({ probeAgent }));
    for (let second = 1; second < 25; second++) {
      pass(1_000);
      await settledSteps();
    }
    expect((await told())?.type).toBe('AgentStarted');
    pass(1_000);
    const { at, data } = await system.until('AgentWentSilent', (event) => event.stream === `agent-${agentId}`);
    expect(at - restartedAt).toBeLessThanOrEqual(LIMIT_MS);
    expect(data.evidence).toContain('could not find out');
    const stopped = system.stop(0);
    pass(0);
    await stopped;
  });
});
