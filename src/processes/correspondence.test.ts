import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { expect, test } from 'vitest';
import { replay } from '../actors/replay.ts';
import type { Correspondence } from '../machines/correspondence.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { START, startSystem, type TestSystemOptions } from '../../tests/support/system.ts';

const QUICK = { 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };
const LONG = 'I am sure that it works now. '.repeat(40);

type Agent = NonNullable<TestSystemOptions['agent']>;
/** Mends nothing and says each time, at length, that it has. */
const boasts: Agent = async (session, speak) => {
  const { taskId, prompt } = session.start;
  if (prompt.includes('phase investigate')) {
    const inputs = { failures: [{ id: 'test/one.test.js > one' }] };
    await speak('create_task', { phase: 'fix', title: 'Fix', inputs });
    await speak('update_task_status', { taskId, status: 'done', summary: 'one fails' });
    return session.exit(0);
  }
  session.add('more');
  await speak('report_progress', { taskId, message: 'begun' });
  await speak('update_task_status', { taskId, status: 'done', summary: LONG });
  session.exit(0);
};

test('a task that stays red ends with the whole correspondence, short in the fact and whole as a blob', async () => {
  const blobs = createMemoryBlobs();
  const system = await startSystem({ settings: QUICK, bugs: ['one'], agent: boasts, blobs });
  await system.operator('start_workflow', START);
  const end = await system.until('WorkflowFailed');
  const failed = await system.until('TaskFailed');
  const { rounds, hash } = failed.data.correspondence as Correspondence;
  deepStrictEqual(
    rounds.map(({ round, attempt, code, acknowledged }) => [round, attempt, code, acknowledged]),
    [
      [1, 1, 'still_failing', true],
      [2, 2, 'still_failing', true],
      [3, 3, 'still_failing', false],
    ],
  );
  const kept = (await system.events('TreeKept')).filter(({ stream }) => stream === failed.stream);
  deepStrictEqual(
    rounds.map(({ commit }) => commit),
    kept.map(({ data }) => data.commit),
  );
  ok(rounds.every(({ submitted }) => submitted.length < LONG.length));
  const whole = JSON.parse(Buffer.from(await blobs.get(hash)).toString('utf8')) as Correspondence['rounds'];
  strictEqual(whole.length, 3);
  ok(whole.every(({ submitted, by }) => submitted === LONG && by?.startsWith('agt_')));
  expect(String(end.data.reason)).toMatch(
    /Before: Round 1 \(still_failing\): Still failing.* Round 2 \(still_failing\)/s,
  );
  await system.stop(1000);
  strictEqual((await replay(system.store)).difference, null);
});
