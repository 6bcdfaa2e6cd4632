import { expect, test } from 'vitest';
import { type Speak, startSystem } from '../../tests/support/system.ts';
import type { FakeSession } from '../../tests/support/fake-runner.ts';

const BUGS = Array.from({ length: 20 }, (_, n) => `bug${n}`);
/** So many places: whoever fixes a bug changes the lines of every other bug of the same place. */
const PLACES = 5;
const SETTINGS = {
  'fleet.cap': 20,
  // Whoever is outrun again and again is given further rounds, where a default of three would give up.
  'limits.validationRoundsMax': 20,
  'limits.backoffMs': 0,
  'limits.exitGraceMs': 0,
  'limits.stopGraceMs': 0,
};

async function contributor(session: FakeSession, speak: Speak): Promise<void> {
  const { taskId, prompt } = session.start;
  const failureOf = (bug: string) => ({ failures: [{ id: `test/${bug}.test.js > ${bug}` }] });
  if (prompt.includes('phase investigate'))
    for (const bug of BUGS) await speak('create_task', { phase: 'fix', title: bug, inputs: failureOf(bug) });
  else for (const [, bug = ''] of prompt.matchAll(/test\/(\w+)\.test\.js > /g)) session.fix(bug);
  await speak('update_task_status', { taskId, status: 'done', summary: 'done as asked' });
  session.exit(0);
}

test('of twenty changes to the same places each is in the branch once, and every conflict was somebody’s task', async () => {
  const conflicts = BUGS.flatMap((bug, n) =>
    BUGS.flatMap((other, m): [string, string][] => (m > n && m % PLACES === n % PLACES ? [[bug, other]] : [])),
  );
  const system = await startSystem({ bugs: BUGS, conflicts, settings: SETTINGS, agent: contributor });
  await system.operator('start_workflow', {
    ...{ workflow: 'bugfix', repository: '/repo', goal: 'Make the tests pass', agent: 'claude' },
  });
  const end = await Promise.race([system.until('WorkflowCompleted'), system.until('WorkflowFailed')]);
  expect(end.type, JSON.stringify(end.data)).toBe('WorkflowCompleted');
  expect(system.runner.userBase()).toEqual([]);

  const merged = (await system.events('TaskMerged')).map(({ stream }) => stream);
  expect([merged.length, new Set(merged).size]).toEqual([BUGS.length, BUGS.length]);
  const tasks = async (type: string) => (await system.events(type)).map(({ meta }) => meta.scope?.taskId);
  const refused = await tasks('CandidateRefused');
  expect(refused.length).toBeGreaterThan(0);
  expect(await tasks('WorkSentBack')).toEqual(refused);
  const laid = system.runner.calls.filter((call) => call.startsWith('layUnfinished'));
  expect(laid.sort()).toEqual(refused.map((taskId) => `layUnfinished ${taskId}`).sort());
  await system.stop(1000);
});
