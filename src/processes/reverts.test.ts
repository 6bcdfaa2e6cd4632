import { expect, test } from 'vitest';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { EventStore } from '../store/event-store.ts';
import { diligent, START, startSystem, type TestSystem, type TestSystemOptions } from '../../tests/support/system.ts';

const QUICK = { 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };

async function completed(
  parts: TestSystemOptions = {},
): Promise<{ system: TestSystem; workflowId: string; taskId: string }> {
  const system = await startSystem({ ...parts, settings: QUICK });
  const { actorId: workflowId } = await system.operator('start_workflow', START);
  await system.until('WorkflowCompleted');
  const merged = await system.until('TaskMerged', ({ meta }) => meta.scope?.taskId !== undefined);
  return { system, workflowId, taskId: merged.meta.scope?.taskId as string };
}

const endOfRevert = (system: TestSystem, type: string, position: bigint) =>
  system.until(type, (event) => event.position > position);

test('a task of a delivered run is taken out of the base branch, once, and the rest stays', async () => {
  const { system, taskId } = await completed();
  const asked = await system.operator('revert_task', { taskId, reason: 'it broke the import' });
  const landed = await endOfRevert(system, 'CandidateLanded', asked.position);
  expect(landed.data).toMatchObject({ base: 'moved', check: { status: 'failed' } });
  expect(landed.meta.scope).toMatchObject({ taskId });
  expect(system.runner.userBase()).toHaveLength(1);
  expect(await system.refused('revert_task', { taskId })).toMatchObject({ code: 'revert.done_already' });
  await system.stop(1000);
});

test('a run is taken out as a whole, and then nothing is left of its tasks', async () => {
  const { system, workflowId, taskId } = await completed();
  const asked = await system.operator('revert_workflow', { workflowId });
  await endOfRevert(system, 'CandidateLanded', asked.position);
  expect(system.runner.userBase()).toEqual(['one', 'two']);
  expect(await system.refused('revert_workflow', { workflowId })).toMatchObject({ code: 'revert.done_already' });
  const again = await system.operator('revert_task', { taskId });
  const refused = await endOfRevert(system, 'CandidateRefused', again.position);
  expect(refused.data).toMatchObject({ code: 'nothing_to_revert' });
  await system.stop(1000);
});

test('what was never merged is not taken out', async () => {
  const system = await startSystem({ settings: QUICK, agent: () => {} });
  const { actorId: workflowId } = await system.operator('start_workflow', START);
  const { meta } = await system.until('TaskStarted');
  const not = { code: 'revert.not_merged' };
  expect(await system.refused('revert_task', { taskId: meta.scope?.taskId })).toMatchObject(not);
  expect(await system.refused('revert_workflow', { workflowId })).toMatchObject(not);
  expect(await system.refused('revert_task', { taskId: 'tsk_none' })).toMatchObject({ code: 'task.not_open' });
  expect(await system.refused('revert_workflow', { workflowId: 'wfl_none' })).toMatchObject({
    code: 'workflow.not_open',
  });
  await system.stop(1000);
});

test('a revert whose tree breaks what passed before the run moves no branch', async () => {
  const { system, taskId } = await completed();
  system.runner.userCommits('broken:fine');
  const asked = await system.operator('revert_task', { taskId });
  const refused = await endOfRevert(system, 'CandidateRefused', asked.position);
  expect(refused.data).toMatchObject({ code: 'red_when_merged', reason: expect.stringContaining('fine') });
  expect(system.runner.userBase()).toEqual(['broken:fine']);
  await system.stop(1000);
});

test('while the run goes on, its own branch is what a task is taken out of, and another round mends it', async () => {
  let waits = true;
  const system: TestSystem = await startSystem({
    settings: QUICK,
    agent: async (session, speak) => {
      if (waits && session.start.prompt.includes('Fix two')) {
        waits = false;
        const { meta } = await system.until('TaskMerged');
        const asked = await system.operator('revert_task', { taskId: meta.scope?.taskId });
        await endOfRevert(system, 'CandidateLanded', asked.position);
      }
      return diligent(session, speak);
    },
  });
  await system.operator('start_workflow', START);
  await system.until('WorkflowCompleted');
  expect(system.runner.userBase()).toEqual([]);
  const rounds = (await system.events('PhaseStarted')).map(({ data }) => `${data.phase} ${data.round}`);
  expect(rounds).toContain('fix 2');
  await system.stop(1000);
});

test('a server that is killed at any moment of a revert takes the work out once', async () => {
  const whole = await completed();
  const before = (await whole.system.events()).length;
  const asked = await whole.system.operator('revert_task', { taskId: whole.taskId });
  await endOfRevert(whole.system, 'CandidateLanded', asked.position);
  const steps = (await whole.system.events()).length - before;
  await whole.system.stop(1000);
  expect(steps).toBeGreaterThan(3);
  for (let step = 1; step < steps; step++) {
    const store = openMemoryStore();
    const blobs = createMemoryBlobs();
    const { system, taskId } = await completed({ store, blobs });
    const { position } = await system.operator('revert_task', { taskId });
    await system.until('CandidateQueued', (event) => event.position >= position);
    await reached(store, position + BigInt(step - 1));
    await system.stop(0);
    const second = await startSystem({ store, blobs, runner: system.runner });
    await endOfRevert(second, 'CandidateLanded', position);
    expect(second.runner.userBase()).toHaveLength(1);
    await second.processes.waitFor(await store.head());
    const landed = (await second.events('CandidateLanded')).filter((event) => event.position > position);
    expect(landed).toHaveLength(1);
    await second.stop(1000);
  }
});

async function reached(store: EventStore, position: bigint): Promise<void> {
  for await (const item of store.subscribe()) {
    if (item.kind === 'events' && item.events.some((event) => event.position >= position)) return;
  }
}
