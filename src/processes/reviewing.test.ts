import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { isFailure } from '../kernel/errors.ts';
import { definitionSchema } from '../machines/workflow/index.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { replay } from '../actors/replay.ts';
import {
  BUGFIX,
  createLine,
  diligent,
  START,
  startSystem,
  type TestSystem,
  type TestSystemOptions,
} from '../../tests/support/system.ts';

import { manualClock, settledSteps } from './test-support.ts';

const QUICK = { 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };
const REVIEWED = definitionSchema.parse({
  ...BUGFIX,
  phases: BUGFIX.phases.map((phase) =>
    phase.name === 'fix' ? { ...phase, review: { agent: 'claude', instructions: 'Look at the cause.' } } : phase,
  ),
});

type Agent = NonNullable<TestSystemOptions['agent']>;
/** One task to mend `one`, done as asked. */
const works: Agent = async (session, speak) => {
  if (!session.start.prompt.includes('phase investigate')) return diligent(session, speak);
  const failures = [{ id: 'test/one.test.js > one' }];
  await speak('create_task', { phase: 'fix', title: 'Fix one', inputs: { failures } });
  await speak('update_task_status', { taskId: session.start.taskId, status: 'done', summary: 'one fails' });
  session.exit(0);
};
const isReview = (session: Parameters<Agent>[0]) => session.start.prompt.includes('# How to review');
const gives =
  (verdict: 'pass' | 'fail', feedback = ''): Agent =>
  async (session, speak) => {
    const { taskId } = session.start;
    await speak('give_validation_review', { taskId, verdict, feedback, evidence: 'read a.js:1, ran npm test' });
    session.exit(0);
  };
const withReviewer =
  (reviewer: Agent): Agent =>
  (session, speak) =>
    isReview(session) ? reviewer(session, speak) : works(session, speak);

const ending = (system: TestSystem) =>
  Promise.race([system.until('WorkflowCompleted'), system.until('WorkflowFailed')]);

async function run(reviewer: Agent, more: TestSystemOptions = {}) {
  const options = { settings: QUICK, bugs: ['one'], definition: REVIEWED, agent: withReviewer(reviewer), ...more };
  const system = await startSystem(options);
  await system.operator('start_workflow', START);
  const end = await ending(system);
  return { system, end };
}

describe('a reviewer', () => {
  test('who accepts the work lets it be merged, and is another agent at that commit', async () => {
    const { system, end } = await run(gives('pass', 'The cause is mended.'));
    strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
    const [asked] = await system.events('ReviewRequested');
    const reviewId = String(asked?.data.reviewId);
    const spec = (await system.events('TaskCreated')).find(({ data }) => data.taskId === reviewId)?.data;
    expect(spec).toMatchObject({
      role: 'evaluator',
      allowedTools: ['give_validation_review'],
      review: { taskId: asked?.stream.slice('task-'.length) },
    });
    const prepared = (await system.events('AgentRequested')).find(({ data }) => data.taskId === reviewId);
    const kept = (await system.events('TreeKept')).map(({ data }) => data.commit);
    ok(kept.includes(prepared?.data.base), 'its worktree is at the commit of the work');
    const passed = (await system.events('ValidationPassed')).map(({ data }) => String(data.verdict));
    ok(passed.some((verdict) => verdict.includes('Reviewed: The cause is mended.')));
    strictEqual((await system.events('TaskMerged')).length, 1);
    await system.stop(1000);
    strictEqual((await replay(system.store)).difference, null);
  });

  test('who refuses it sends it back with the feedback, to the same worktree', async () => {
    let reviews = 0;
    const prompts: string[] = [];
    const agent: Agent = (session, speak) => {
      if (isReview(session)) return gives(reviews++ === 0 ? 'fail' : 'pass', 'It mends the symptom.')(session, speak);
      prompts.push(session.start.prompt);
      return works(session, speak);
    };
    const { system, end } = await run(works, { agent });
    strictEqual(end.type, 'WorkflowCompleted');
    const failed = await system.events('ValidationFailed');
    deepStrictEqual(
      failed.map(({ data }) => data.code),
      ['review_failed'],
    );
    const again = prompts.filter((prompt) => prompt.includes('It mends the symptom.'));
    ok(again.length === 1 && again[0]?.includes('read a.js:1'));
    const got = await system.events('FeedbackAcknowledged');
    deepStrictEqual(
      got.map(({ stream, data }) => [stream, data.attempt]),
      [[failed[0]?.stream, 2]],
    );
    const taskId = failed[0]?.stream.slice('task-'.length);
    const { calls } = system.runner;
    const removed = calls.indexOf(`removeWorktree ${taskId}`);
    ok(removed === -1 || removed > calls.lastIndexOf(`prepareWorktree ${taskId}`), 'the worktree is the same');
    await system.stop(1000);
  });

  test('may read and give a verdict, and nothing else', async () => {
    const refused: string[] = [];
    const { system } = await run(async (session, speak) => {
      for (const [name, input] of [
        ['create_task', { phase: 'fix', title: 'More' }],
        ['update_task_status', { taskId: session.start.taskId, status: 'done' }],
      ] as const) {
        const answer = await speak(name, input);
        refused.push(isFailure(answer) ? answer.code : 'accepted');
      }
      return gives('pass')(session, speak);
    });
    deepStrictEqual(refused, ['auth.tool_not_allowed', 'auth.tool_not_allowed']);
    await system.stop(1000);
  });

  test.each([
    ['dies', 1, 'agent_died'],
    ['ends without a word', 0, 'agent_died'],
  ])('who %s is replaced, a bounded number of times; then the work does not pass', async (_how, code, why) => {
    const { system, end } = await run((session) => session.exit(code));
    strictEqual(end.type, 'WorkflowFailed');
    const attempts = await system.events('AttemptFailed');
    deepStrictEqual(
      attempts.map(({ data }) => data.code),
      [why, why],
    );
    const failed = (await system.events('TaskFailed')).find(({ data }) => data.code === 'review_missing');
    ok(String(failed?.data.reason).includes('No reviewer gave a verdict'));
    strictEqual((await system.events('TaskMerged')).length, 0);
    await system.stop(1000);
  });

  test('who never comes back is ended at its deadline, and another one judges', async () => {
    let reviews = 0;
    const reviewer: Agent = (session, speak) => (reviews++ === 0 ? undefined : gives('pass')(session, speak));
    const time = manualClock();
    const system = await startSystem({
      ...{ settings: QUICK, bugs: ['one'], definition: REVIEWED, agent: withReviewer(reviewer), clock: time.clock },
    });
    await system.operator('start_workflow', START);
    const { data } = await system.until('ReviewRequested');
    await system.until('TaskStarted', ({ stream }) => stream === `task-${String(data.reviewId)}`);
    await system.processes.waitFor(await system.store.head());
    await settledSteps();
    const { agentWallMs, startMs } = system.processes.world.settings.limits;
    time.pass(agentWallMs + startMs);
    strictEqual((await ending(system)).type, 'WorkflowCompleted');
    deepStrictEqual(
      (await system.events('AttemptFailed')).map((event) => event.data.code),
      ['lease_expired'],
    );
    await system.stop(0);
  });
});

test('a review is closed when its work is cancelled', async () => {
  const silent: Agent = () => {};
  const system = await startSystem({
    ...{ settings: QUICK, bugs: ['one'], definition: REVIEWED, agent: withReviewer(silent) },
  });
  await system.operator('start_workflow', START);
  const asked = await system.until('ReviewRequested');
  const stream = `task-${String(asked.data.reviewId)}`;
  await system.until('TaskStarted', (event) => event.stream === stream);
  await system.operator('cancel_task', { taskId: asked.stream.slice('task-'.length), reason: 'not needed' });
  await system.until('TaskCancelled', (event) => event.stream === stream);
  await system.stop(1000);
});

test('a crash at any moment of a review loses nothing and doubles nothing', async () => {
  const agent = withReviewer(gives('pass'));
  const whole = await startSystem({ settings: QUICK, bugs: ['one'], definition: REVIEWED, agent });
  await whole.operator('start_workflow', START);
  await ending(whole);
  await whole.stop(1000);
  const log = await whole.events();
  const from = log.findIndex(({ type }) => type === 'ReviewRequested');
  const to = log.findIndex(({ type, position }, at) => at > from && type === 'ValidationPassed' && position > 0n);
  ok(to - from > 5);
  for (let at = from - 2; at <= to + 1; at++) {
    const parts = { store: openMemoryStore(), blobs: createMemoryBlobs(), line: createLine() };
    const options = { ...parts, bugs: ['one'], definition: REVIEWED, agent };
    const first = await startSystem({ ...options, settings: QUICK });
    const seen = (async () => {
      for await (const item of parts.store.subscribe())
        if (item.kind === 'events' && item.events.some((event) => event.position >= BigInt(at))) return;
    })();
    await first.operator('start_workflow', START);
    await seen;
    await first.stop(0);
    const second = await startSystem({ ...options, runner: first.runner });
    const end = await ending(second);
    strictEqual(end.type, 'WorkflowCompleted', `crash after event ${at}: ${JSON.stringify(end.data)}`);
    strictEqual((await second.events('ReviewGiven')).length, 1);
    strictEqual((await second.events('TaskMerged')).length, 1);
    await second.stop(1000);
  }
});
