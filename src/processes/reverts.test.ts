import { describe, expect, test } from 'vitest';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { EventStore } from '../store/event-store.ts';
import type { FakeSession } from '../../tests/support/fake-runner.ts';
import {
  createLine,
  diligent,
  type Speak,
  START,
  startSystem,
  type TestSystem,
  type TestSystemOptions,
} from '../../tests/support/system.ts';

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

/** Mends its own failures; told to take something out, brings them back, once it is free to. */
async function undoing(session: FakeSession, speak: Speak): Promise<void> {
  if (!session.start.prompt.includes('Take the merge')) return diligent(session, speak);
  session.add('one');
  await speak('update_task_status', { taskId: session.start.taskId, status: 'done', summary: 'it is out' });
  session.exit(0);
}

async function stuckRun(parts: TestSystemOptions = {}) {
  const system = await startSystem({ stuck: ['one'], agent: undoing, settings: QUICK, ...parts });
  const { actorId: workflowId } = await system.operator('start_workflow', { ...START, agent: 'claude' });
  await system.until('WorkflowCompleted');
  const task = await system.until('TaskCreated', ({ data }) => data.title === 'Fix one');
  return { system, workflowId, taskId: task.data.taskId as string };
}

describe('a revert that conflicts with what came after it', () => {
  test('becomes a run of its own, in which an agent takes the work out of the base branch', async () => {
    const { system, taskId } = await stuckRun();
    const { position } = await system.operator('revert_task', { taskId, reason: 'it broke the import' });
    const { data } = await endOfRevert(system, 'RevertHandedOver', position);
    expect(data).toMatchObject({ taskId: null, files: ['a.js'] });
    const run = (type: string) => system.until(type, ({ stream }) => stream === `workflow-${String(data.workflowId)}`);
    expect((await run('WorkflowStarted')).data).toMatchObject({ agent: 'claude', definition: { name: 'revert' } });
    expect(await system.refused('revert_task', { taskId })).toMatchObject({ code: 'revert.done_already' });
    expect((await run('WorkflowCompleted')).data).toMatchObject({ delivery: { base: 'moved' } });
    expect(system.runner.userBase()).toEqual(['one']);
    expect(system.runner.calls.filter((call) => call.startsWith('layUndone'))).toHaveLength(1);
    expect(await system.refused('revert_task', { taskId })).toMatchObject({ code: 'revert.done_already' });
    await system.stop(1000);
  });

  test('is a task of the run that goes on, and its work goes through the run’s own train', async () => {
    let waits = true;
    const system: TestSystem = await startSystem({
      ...{ stuck: ['one'], settings: { ...QUICK, 'mergeTrain.batchMax': 1 } },
      agent: async (session, speak) => {
        if (waits && session.start.prompt.includes('Fix two')) {
          waits = false;
          const created = await system.until('TaskCreated', ({ data }) => data.title === 'Fix one');
          await system.until('TaskMerged', ({ stream }) => stream === created.stream);
          await system.operator('revert_task', { taskId: created.data.taskId as string });
          const { data } = await system.until('RevertHandedOver');
          await system.until('TaskMerged', ({ stream }) => stream === `task-${String(data.taskId)}`);
        }
        return undoing(session, speak);
      },
    });
    await system.operator('start_workflow', { ...START, agent: 'claude' });
    await system.until('WorkflowCompleted');
    const [handed] = await system.events('RevertHandedOver');
    const { data } = await system.until('TaskCreated', ({ data }) => data.taskId === handed?.data.taskId);
    expect(data).toMatchObject({ title: 'Take out: Fix one', takesOut: {}, agent: 'claude' });
    // What it brought back is red for the run, and another round mends it.
    expect(system.runner.userBase()).toEqual([]);
    await system.stop(1000);
  });

  test('is refused where nobody can read a conflict, and given to the agent that is named', async () => {
    const system = await startSystem({ stuck: ['one'], agent: undoing, settings: QUICK });
    await system.operator('start_workflow', START);
    await system.until('WorkflowCompleted');
    const { data } = await system.until('TaskCreated', ({ data: made }) => made.title === 'Fix one');
    const { taskId } = data;
    const { position } = await system.operator('revert_task', { taskId });
    expect((await endOfRevert(system, 'CandidateRefused', position)).data).toMatchObject({ code: 'merge_conflict' });
    const bad = { code: 'agent.unknown_preset' };
    expect(await system.refused('revert_task', { taskId, agent: 'nobody' })).toMatchObject(bad);
    expect(await system.refused('revert_task', { taskId, agent: 'repair' })).toMatchObject(bad);
    await system.operator('revert_task', { taskId, agent: 'codex' });
    const handed = await system.until('RevertHandedOver');
    await system.until('WorkflowCompleted', ({ stream }) => stream === `workflow-${String(handed.data.workflowId)}`);
    expect(system.runner.userBase()).toEqual(['one']);
    await system.stop(1000);
  });

  test('may be asked for again when its agent gave up', async () => {
    const { system, taskId } = await stuckRun({
      agent: async (session, speak) => {
        if (!session.start.prompt.includes('Take the merge')) return diligent(session, speak);
        await speak('update_task_status', { taskId: session.start.taskId, status: 'failed', reason: 'too hard' });
        session.exit(0);
      },
    });
    const { position } = await system.operator('revert_task', { taskId });
    await endOfRevert(system, 'WorkflowFailed', position);
    const again = await system.operator('revert_task', { taskId });
    await endOfRevert(system, 'RevertHandedOver', again.position);
    expect(system.runner.userBase()).toEqual([]);
    await system.stop(1000);
  });

  test('is one run, whenever the server is killed', async () => {
    const whole = await stuckRun();
    const before = (await whole.system.events()).length;
    const asked = await whole.system.operator('revert_task', { taskId: whole.taskId });
    const { data } = await endOfRevert(whole.system, 'RevertHandedOver', asked.position);
    await whole.system.until('WorkflowCompleted', ({ stream }) => stream === `workflow-${String(data.workflowId)}`);
    const steps = (await whole.system.events()).length - before;
    await whole.system.stop(1000);
    for (let step = 1; step < steps; step++) {
      const store = openMemoryStore();
      const blobs = createMemoryBlobs();
      const line = createLine();
      const { system, taskId } = await stuckRun({ store, blobs, line });
      const { position } = await system.operator('revert_task', { taskId });
      await reached(store, position + BigInt(step - 1));
      await system.stop(0);
      const second = await startSystem({ store, blobs, line, runner: system.runner });
      await endOfRevert(second, 'WorkflowCompleted', position);
      expect(second.runner.userBase(), `killed after ${step} events`).toEqual(['one']);
      const runs = await second.events('WorkflowStarted');
      expect(runs, `killed after ${step} events`).toHaveLength(2);
      await second.stop(1000);
    }
  });
});

async function reached(store: EventStore, position: bigint): Promise<void> {
  for await (const item of store.subscribe()) {
    if (item.kind === 'events' && item.events.some((event) => event.position >= position)) return;
  }
}
