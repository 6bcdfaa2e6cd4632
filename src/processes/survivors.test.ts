import { expect, test } from 'vitest';
import { replay } from '../actors/replay.ts';
import { definitionSchema } from '../machines/workflow/index.ts';
import type { MutationResult } from '../runtime/mutation/mutation.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import type { FakeSession } from '../../tests/support/fake-runner.ts';
import { BUGFIX, diligent, type Speak, START, startSystem, type TestSystem } from '../../tests/support/system.ts';

const QUICK = { 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };

const demanding = (survivors_max: number) =>
  definitionSchema.parse({
    ...BUGFIX,
    phases: BUGFIX.phases.map((phase) => (phase.name === 'fix' ? { ...phase, survivors_max } : phase)),
  });

/** Mends its bug with a line that no test would miss; `listens`: until it is told so. */
const careless = (listens: boolean) => (session: FakeSession, speak: Speak) => {
  const { prompt } = session.start;
  const told = prompt.includes('the tests pass although `a < b` was changed to `true`');
  if (prompt.includes('test/one.test.js') && !prompt.includes('phase investigate')) {
    if (told && listens) session.fix('untested:a < b');
    else session.add('untested:a < b');
  }
  return diligent(session, speak);
};

const end = (system: TestSystem) =>
  Promise.race([system.until('WorkflowCompleted'), system.until('WorkflowFailed')]).then(({ type }) => type);

test('work that its tests do not see goes back with the survivors, and passes when a test is there', async () => {
  const blobs = createMemoryBlobs();
  const system = await startSystem({ agent: careless(true), definition: demanding(0), settings: QUICK, blobs });
  await system.operator('start_workflow', START);
  expect(await end(system)).toBe('WorkflowCompleted');
  const failed = await system.events('ValidationFailed');
  expect(failed.map(({ data }) => data)).toMatchObject([
    { round: 1, code: 'survivors', check: {}, mutation: { survivorsMax: 0, survived: 1, killed: 3, score: 0.75 } },
  ]);
  const [{ mutation }] = failed.map(({ data }) => data) as [{ mutation: { resultHash: string } }];
  const evidence = JSON.parse(Buffer.from(await blobs.get(mutation.resultHash)).toString('utf8')) as MutationResult;
  expect(evidence).toMatchObject({ survived: [{ original: 'a < b', replacement: 'true' }] });
  const passed = (await system.events('ValidationPassed')).map(({ data }) => data as { mutation?: object });
  expect(passed.filter((data) => data.mutation)).toMatchObject([
    { mutation: { score: 1 } },
    { mutation: { score: 1 } },
  ]);
  await system.stop(1000);
  expect((await replay(system.store)).difference).toBeNull();
});

test('work that never gets its test fails with what was missing, after a bounded number of rounds', async () => {
  const system = await startSystem({ agent: careless(false), definition: demanding(0), settings: QUICK });
  await system.operator('start_workflow', START);
  const { data } = await system.until('TaskFailed');
  expect(data).toMatchObject({ code: 'survivors', reason: expect.stringContaining('`a < b`') });
  await system.stop(1000);
});

test('as many survivors pass as the phase allows, and what cannot be measured is told and holds nothing up', async () => {
  const allowing = await startSystem({ agent: careless(false), definition: demanding(1), settings: QUICK });
  await allowing.operator('start_workflow', START);
  expect(await end(allowing)).toBe('WorkflowCompleted');
  await allowing.stop(1000);

  const unknown: MutationResult = { measured: false, reason: 'no test passes unchanged', unmeasured: [], millis: 1 };
  const around = () => ({ mutate: async () => unknown });
  const system = await startSystem({ definition: demanding(0), settings: QUICK, around });
  await system.operator('start_workflow', START);
  expect(await end(system)).toBe('WorkflowCompleted');
  const passed = (await system.events('ValidationPassed')).map((event) => event.data);
  expect(passed).toContainEqual(
    expect.objectContaining({
      verdict: expect.stringContaining('not measurable: no test passes unchanged'),
      mutation: expect.objectContaining({ score: null, reason: 'no test passes unchanged', survived: 0 }),
    }),
  );
  await system.stop(1000);
});

test('a phase that does not ask is not measured', async () => {
  const system = await startSystem({ settings: QUICK });
  await system.operator('start_workflow', START);
  expect(await end(system)).toBe('WorkflowCompleted');
  expect(system.runner.calls.filter((call) => call.startsWith('mutate'))).toEqual([]);
  await system.stop(1000);
});
