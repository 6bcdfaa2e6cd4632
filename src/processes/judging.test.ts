import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import type { JudgeRecord } from '../machines/task/index.ts';
import { definitionSchema } from '../machines/workflow/index.ts';
import { replay } from '../actors/replay.ts';
import {
  BUGFIX,
  diligent,
  START,
  startSystem,
  type TestSystem,
  type TestSystemOptions,
} from '../../tests/support/system.ts';

const QUICK = { 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };
/** The same workflow, in which the tests are the work of the phase fix. */
const TESTS_ARE_THE_WORK = definitionSchema.parse({
  ...BUGFIX,
  phases: BUGFIX.phases.map((phase) => (phase.name === 'fix' ? { ...phase, tests: 'work' } : phase)),
});

type Agent = NonNullable<TestSystemOptions['agent']>;
const mends: Agent = async (session, speak) => {
  if (!session.start.prompt.includes('phase investigate')) return diligent(session, speak);
  const failures = [{ id: 'test/one.test.js > one' }];
  await speak('create_task', { phase: 'fix', title: 'Fix one', inputs: { failures } });
  await speak('update_task_status', { taskId: session.start.taskId, status: 'done', summary: 'one fails' });
  session.exit(0);
};
/** An agent that says done after adding words to its worktree, and mends nothing. */
const cheats =
  (...words: string[]): Agent =>
  async (session, speak) => {
    if (session.start.prompt.includes('phase investigate')) return mends(session, speak);
    session.add(...words);
    await speak('update_task_status', { taskId: session.start.taskId, status: 'done', summary: 'all is green' });
    session.exit(0);
  };

async function run(options: TestSystemOptions): Promise<{ system: TestSystem; end: string }> {
  const system = await startSystem({ settings: QUICK, bugs: ['one'], ...options });
  await system.operator('start_workflow', START);
  const end = await Promise.race([system.until('WorkflowCompleted'), system.until('WorkflowFailed')]);
  return { system, end: end.type };
}

const judgesIn = async (system: TestSystem, type: string) =>
  (await system.events(type)).flatMap(({ data }) => (data.judge ? [data.judge as JudgeRecord] : []));

describe('an agent that changes what judges it', () => {
  test.each([
    ['edits its test', 'blind:one', 'test'],
    ['patches the test runner', 'fake-runner', 'runner'],
  ])('%s: the original decides, and both verdicts are told', async (_how, word, kind) => {
    const { system, end } = await run({ agent: cheats(word) });
    strictEqual(end, 'WorkflowFailed');
    const failed = await system.events('ValidationFailed');
    deepStrictEqual([...new Set(failed.map(({ data }) => data.code))], ['judge_changed']);
    ok(String(failed[0]?.data.feedback).includes(`- ${word} (${kind}, changed)`));
    expect((await judgesIn(system, 'ValidationFailed'))[0]).toMatchObject({
      touched: [{ path: word, kind, change: 'changed' }],
      own: { pass: true, check: { status: 'passed' } },
      original: { pass: false, code: 'still_failing', check: { status: 'failed' } },
    });
    strictEqual((await system.events('TaskMerged')).length, 0);
    await system.stop(1000);
    strictEqual((await replay(system.store)).difference, null);
  });

  test('gets told, and mends the cause in the next round', async () => {
    let tries = 0;
    const { system, end } = await run({
      agent: (session, speak) => {
        const fixing = session.start.prompt.includes('phase fix');
        return fixing && tries++ === 0 ? cheats('blind:one')(session, speak) : mends(session, speak);
      },
    });
    strictEqual(end, 'WorkflowCompleted');
    const passed = await judgesIn(system, 'ValidationPassed');
    ok(passed.length > 0 && passed.every(({ own, original }) => own.pass && original?.pass));
    await system.stop(1000);
  });
});

test('an agent that only adds a test is named and judged once', async () => {
  const { system, end } = await run({
    agent: async (session, speak) => {
      if (session.start.prompt.includes('phase fix')) session.add('new-test');
      return mends(session, speak);
    },
  });
  strictEqual(end, 'WorkflowCompleted');
  const [passed] = await judgesIn(system, 'ValidationPassed');
  expect(passed).toMatchObject({
    touched: [{ path: 'new-test', change: 'added' }],
    own: { pass: true },
    original: null,
  });
  await system.stop(1000);
});

test('nothing is kept of what a judge says that the work has touched, and the last word is no old one', async () => {
  const asked: { commit: string; cache: unknown; trusted: unknown }[] = [];
  let tries = 0;
  const { system, end } = await run({
    agent: (session, speak) => {
      const fixing = session.start.prompt.includes('phase fix');
      return fixing && tries++ === 0 ? cheats('blind:one')(session, speak) : mends(session, speak);
    },
    around: (runner) => ({
      runCheck: (request) => {
        asked.push({ commit: request.commit, cache: request.cache, trusted: request.trusted });
        return runner.runCheck(request);
      },
    }),
  });
  strictEqual(end, 'WorkflowCompleted');
  const [failed] = await judgesIn(system, 'ValidationFailed');
  const cacheOf = (commit: string | undefined) => asked.findLast((one) => one.commit === commit)?.cache;
  strictEqual(cacheOf(failed?.own.check.commit), 'none');
  strictEqual(cacheOf(failed?.original?.check.commit), 'use');
  const lastWord = (await system.events('ValidationPassed')).at(-1)?.data.check as { commit: string };
  ok(['renew', 'none'].includes(String(cacheOf(lastWord.commit))));
  deepStrictEqual(new Set(asked.map(({ trusted }) => trusted)).size, 1);
  await system.stop(1000);
});

describe('where tests are the work', () => {
  test('changed tests judge, also at the end', async () => {
    const { system, end } = await run({ agent: cheats('blind:one'), definition: TESTS_ARE_THE_WORK });
    strictEqual(end, 'WorkflowCompleted');
    const judges = await judgesIn(system, 'ValidationPassed');
    deepStrictEqual(
      judges.map(({ touched, original }) => [touched.length, original]),
      [
        [1, null],
        [1, null],
      ],
    );
    await system.stop(1000);
  });

  test('a patched runner still does not', async () => {
    const { system, end } = await run({ agent: cheats('fake-runner'), definition: TESTS_ARE_THE_WORK });
    strictEqual(end, 'WorkflowFailed');
    await system.stop(1000);
  });
});

test('work that touches nothing of its judge has no such record', async () => {
  const { system, end } = await run({ agent: mends });
  strictEqual(end, 'WorkflowCompleted');
  deepStrictEqual(await judgesIn(system, 'ValidationPassed'), []);
  await system.stop(1000);
});

test('work that hides from its own test only when it is merged is judged by the original there, too', async () => {
  let told = false;
  const agent: Agent = async (session, speak) => {
    const { prompt, taskId } = session.start;
    if (!prompt.includes('Fix two')) {
      if (prompt.includes('Fix one')) session.add('untested:four');
      return diligent(session, speak);
    }
    told ||= prompt.includes('judged with the files of the base');
    if (!told) await system.until('TaskMerged');
    session.fix('two');
    if (!told) session.add('untested:six', 'blind:broken:fine');
    await speak('update_task_status', { taskId, status: 'done', summary: 'done' });
    session.exit(0);
  };
  const clashes: [string, string][] = [['untested:four', 'untested:six']];
  const system: TestSystem = await startSystem({ settings: QUICK, agent, clashes });
  await system.operator('start_workflow', START);
  const end = await Promise.race([system.until('WorkflowCompleted'), system.until('WorkflowFailed')]);
  strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
  const [refused] = await judgesIn(system, 'CandidateRefused');
  expect(refused).toMatchObject({ own: { pass: true }, original: { pass: false, code: 'broke_tests' } });
  deepStrictEqual(system.runner.userBase(), ['untested:four']);
  await system.stop(1000);
});

test('what lands although it touches its judge says what both judges said', async () => {
  const agent: Agent = (session, speak) => {
    if (session.start.prompt.includes('phase fix')) session.add('blind:fine');
    return mends(session, speak);
  };
  const { system, end } = await run({ agent });
  strictEqual(end, 'WorkflowCompleted');
  const landed = await judgesIn(system, 'CandidateLanded');
  ok(landed.length > 0 && landed.every(({ own, original }) => own.pass && original?.pass));
  await system.stop(1000);
});
