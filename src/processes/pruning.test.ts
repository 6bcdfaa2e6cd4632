import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { replay } from '../actors/replay.ts';
import { Fault } from '../kernel/errors.ts';
import { readKeptWork } from '../projections/index.ts';
import { startSystem, START, type TestSystem } from '../../tests/support/system.ts';

const QUICK = { 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };

async function ended(): Promise<TestSystem> {
  const system = await startSystem({ settings: QUICK });
  await system.operator('start_workflow', START);
  await system.until('WorkflowCompleted');
  return system;
}

const keptIn = async (system: TestSystem) =>
  (await readKeptWork(system.store, await system.store.head())).map(({ ref }) => ref).sort();

describe('pruning', () => {
  test('removes every ref that is recorded of ended runs, and tells what it removed', async () => {
    const system = await ended();
    const recorded = (await system.events('TreeKept')).flatMap(({ data }) =>
      data.ref === null ? [] : [String(data.ref)],
    );
    deepStrictEqual(await keptIn(system), [...new Set(recorded)].sort());
    await system.operator('prune_kept_work', { olderThanMs: 0 });
    const { data } = await system.until('PruningCompleted');
    deepStrictEqual([...(data.removed as string[])].sort(), [...new Set(recorded)].sort());
    deepStrictEqual(await keptIn(system), []);
    expect(await system.refused('prune_kept_work', { olderThanMs: 0 })).toMatchObject({ code: 'prune.nothing' });
    strictEqual(system.processes.world.prunings.size, 0);
    await system.stop(1000);
    strictEqual((await replay(system.store)).difference, null);
  });

  test('leaves the work of runs that go on, or ended a short while ago', async () => {
    const system = await ended();
    expect(await system.refused('prune_kept_work', { olderThanMs: 3_600_000 })).toMatchObject({
      code: 'prune.nothing',
    });
    const going = await startSystem({ settings: QUICK, agent: () => {} });
    await going.operator('start_workflow', START);
    await going.until('TaskStarted');
    expect(await going.refused('prune_kept_work', { olderThanMs: 0 })).toMatchObject({ code: 'prune.nothing' });
    await going.stop(1000);
    await system.stop(1000);
  });

  test('records why it could not be done', async () => {
    const system = await ended();
    system.runner.failNext('removeRefs', new Fault('git.failed', 'The disk is full.', { retryable: false }));
    await system.operator('prune_kept_work', { olderThanMs: 0 });
    expect((await system.until('PruningFailed')).data).toEqual({ reason: 'The disk is full.' });
    await system.stop(1000);
  });

  test('goes on where a killed server began it', async () => {
    const system = await ended();
    system.runner.failNext('removeRefs', new Fault('git.failed', 'Killed in the middle.'));
    await system.operator('prune_kept_work', { olderThanMs: 0 });
    await system.stop(0);
    const next = await startSystem({ store: system.store, runner: system.runner });
    const { data } = await next.until('PruningCompleted');
    strictEqual((data.removed as string[]).length > 0, true);
    await next.stop(1000);
  });
});
