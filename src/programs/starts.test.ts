import { expect, test } from 'vitest';
import { createFakeRunner } from '../../tests/support/fake-runner.ts';
import { START, startSystem, type TestSystem } from '../../tests/support/system.ts';
import { sha256 } from '../kernel/canonical.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';

/** Whose token it is, as the door would be told; the runner of these tests makes a token's hash from the agent's id. */
function ownerOf(system: TestSystem, agentId: string): string {
  const tokenHash = sha256(agentId);
  if (system.processes.world.agentOfToken(tokenHash)) return 'a known agent';
  return system.isStarting(tokenHash) ? 'one that is starting' : 'nobody';
}

/** Holds back the answer of each start until it is let go, after its effect. */
function gatedStarts(runner: ReturnType<typeof createFakeRunner>) {
  const begun = Promise.withResolvers<string>();
  const gate = Promise.withResolvers<void>();
  return {
    /** The first agent that runs. */
    begun: begun.promise,
    open: () => gate.resolve(),
    around: () => ({
      async startAgent(start: Parameters<typeof runner.startAgent>[0]) {
        const started = await runner.startAgent(start);
        begun.resolve(start.agentId);
        await gate.promise;
        return started;
      },
    }),
  };
}

const newRunner = () => createFakeRunner({ bugs: ['one'], agent: () => {}, now: () => 0 });

test('an agent that is quicker than the word of its start is asked to wait, and nobody else', async () => {
  const runner = newRunner();
  const starts = gatedStarts(runner);
  const system = await startSystem({ runner, around: starts.around });
  await system.operator('start_workflow', START);
  const agentId = await starts.begun;
  expect(ownerOf(system, agentId)).toBe('one that is starting');
  expect(ownerOf(system, 'agt_garbage')).toBe('nobody');
  starts.open();
  const { position } = await system.until('AgentStarted');
  await system.processes.waitFor(position);
  expect(ownerOf(system, agentId)).toBe('a known agent');
  await system.stop(1000);
});

test('so is one whose server was killed before it recorded the start, from the next server’s first moment on', async () => {
  const runner = newRunner();
  const store = openMemoryStore();
  const lost = gatedStarts(runner);
  const killed = await startSystem({ runner, store, around: lost.around });
  await killed.operator('start_workflow', START);
  const agentId = await lost.begun;
  await killed.stop(0);

  const again = gatedStarts(runner);
  const system = await startSystem({ runner, store, around: again.around });
  expect(ownerOf(system, agentId)).toBe('one that is starting');
  expect(ownerOf(system, 'agt_garbage')).toBe('nobody');
  again.open();
  const { position } = await system.until('AgentStarted');
  await system.processes.waitFor(position);
  expect(ownerOf(system, agentId)).toBe('a known agent');
  await system.stop(1000);
});

test('the token of one that is stopped while it starts is nobody’s', async () => {
  const runner = newRunner();
  const starts = gatedStarts(runner);
  const system = await startSystem({ runner, around: starts.around });
  await system.operator('start_workflow', START);
  const agentId = await starts.begun;
  const { position } = await system.operator('stop_agent', { agentId, reason: 'Not wanted any more.' });
  await system.processes.waitFor(position);
  expect(ownerOf(system, agentId)).toBe('nobody');
  starts.open();
  await system.stop(1000);
});
