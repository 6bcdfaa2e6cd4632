import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { replay } from '../actors/replay.ts';
import { isFailure } from '../kernel/errors.ts';
import type { Correspondence } from '../machines/correspondence.ts';
import { definitionSchema, type WorkflowDefinition } from '../machines/workflow/index.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
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
const CHECKED = [
  { text: 'All checks pass.', proved_by: 'checks' },
  { text: 'Nothing green is red.', proved_by: 'baseline' },
];
const TOLD = 'The manual tells of it.';
type Result = Record<string, unknown>;
const judgedBy = (result: Result): WorkflowDefinition => definitionSchema.parse({ ...BUGFIX, result });
const REVIEWED = judgedBy({
  criteria: [...CHECKED, TOLD],
  review: { agent: 'claude', instructions: 'Read the manual.' },
});

type Agent = NonNullable<TestSystemOptions['agent']>;
type Session = Parameters<Agent>[0];
const isReview = ({ start }: Session) => start.prompt.includes('# The criteria');
const answer = (criterion: number, verdict: 'pass' | 'fail' = 'pass') => ({
  ...{ criterion, verdict, evidence: `read docs/manual.md:${criterion}` },
});
const ALL = [answer(1), answer(2), answer(3)];
const answers =
  (criteria: object[], feedback = ''): Agent =>
  async (session, speak) => {
    await speak('submit_result_validation', { taskId: session.start.taskId, criteria, feedback });
    session.exit(0);
  };
/** Works as it is told; what is to be mended in the result, it mends with a test. */
const works: Agent = (session, speak) => {
  if (session.start.prompt.includes('Mend the result')) session.add('new-test');
  return diligent(session, speak);
};
const withReviewer =
  (reviewer: Agent): Agent =>
  (session, speak) =>
    isReview(session) ? reviewer(session, speak) : works(session, speak);

const started = async (system: TestSystem) =>
  (await system.operator('start_workflow', START)).stream.slice('workflow-'.length);
const ending = (system: TestSystem) =>
  Promise.race([system.until('WorkflowCompleted'), system.until('WorkflowFailed')]);

async function run(definition: WorkflowDefinition, agent: Agent, more: TestSystemOptions = {}) {
  const system = await startSystem({ settings: QUICK, definition, agent, ...more });
  await system.operator('start_workflow', START);
  return { system, end: await ending(system) };
}

const dataOf = async (system: TestSystem, type: string) => (await system.events(type)).map(({ data }) => data);
const verdictsOf = (data: Record<string, unknown> = {}) =>
  (data.criteria as { verdict: string }[]).map(({ verdict }) => verdict);

describe('a result that the checks prove', () => {
  test('is submitted by the phases, accepted and delivered, without a check more than the last phase has run', async () => {
    const { system, end } = await run(judgedBy({ criteria: [...CHECKED, TOLD] }), works);
    strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
    const [submitted] = await dataOf(system, 'ResultSubmitted');
    expect(submitted).toMatchObject({ submission: 1, by: 'process:phases', taskId: null });
    const [accepted] = await system.events('ResultAccepted');
    deepStrictEqual(verdictsOf(accepted?.data), ['pass', 'pass', 'not_judged']);
    expect(accepted?.data).toMatchObject({
      commit: submitted?.commit,
      check: { status: 'passed', commit: submitted?.commit },
      criteria: [{ evidence: expect.stringContaining('`npm test` passes') }, {}, { evidence: 'No check proves it.' }],
    });
    deepStrictEqual(await dataOf(system, 'DeliveryStarted'), [{ commit: submitted?.commit, merge: true }]);
    const checked = system.runner.calls.filter((call) => call === `runCheck ${submitted?.commit as string}`);
    // Once when the train merged it, once when the last phase looked at it.
    strictEqual(checked.length, 2);
    await system.stop(1000);
    strictEqual((await replay(system.store)).difference, null);
  });

  test('is checked where no phase has done it, and mended when it is red', async () => {
    const [investigate, fix] = BUGFIX.phases;
    const definition = definitionSchema.parse({
      ...BUGFIX,
      phases: [investigate, fix],
      result: { criteria: CHECKED },
    });
    const { system, end } = await run(definition, works, { bugs: ['one', 'two', 'three'] });
    strictEqual(end.type, 'WorkflowCompleted');
    const [rejected] = await dataOf(system, 'ResultRejected');
    expect(rejected).toMatchObject({ code: 'check_failed', feedback: expect.stringContaining('three') });
    const mends = (await dataOf(system, 'TaskCreated')).find(({ title }) =>
      String(title).startsWith('Mend the result'),
    );
    expect(mends?.inputs).toMatchObject({ failures: [{ id: 'test/three.test.js > three' }] });
    expect(await dataOf(system, 'ResultAccepted')).toMatchObject([{ submission: 2 }]);
    deepStrictEqual(system.runner.userBase(), ['new-test']);
    deepStrictEqual(verdictsOf(rejected), ['fail', 'pass']);
    await system.stop(1000);
  });
});

describe('a reviewer of the result', () => {
  test('who finds every criterion met lets it be delivered, and is another agent at that commit', async () => {
    const { system, end } = await run(REVIEWED, withReviewer(answers(ALL)));
    strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
    const [asked] = await dataOf(system, 'ResultReviewRequested');
    deepStrictEqual(verdictsOf(asked), ['pass', 'pass', 'not_judged']);
    const created = (await dataOf(system, 'TaskCreated')).find(({ taskId }) => taskId === asked?.reviewId);
    expect(created).toMatchObject({
      role: 'evaluator',
      allowedTools: ['submit_result_validation'],
      review: { taskId: null, submission: 1, criteria: ['All checks pass.', 'Nothing green is red.', TOLD] },
    });
    const requested = (await dataOf(system, 'AgentRequested')).find(({ taskId }) => taskId === asked?.reviewId);
    const [accepted] = await dataOf(system, 'ResultAccepted');
    strictEqual(requested?.base, accepted?.commit);
    deepStrictEqual(verdictsOf(accepted), ['pass', 'pass', 'pass']);
    const given = await system.events('ResultValidationGiven');
    deepStrictEqual(
      given.map(({ stream, meta }) => [stream, meta.actor.startsWith('agent:')]),
      [[`task-${asked?.reviewId as string}`, true]],
    );
    const prompt = [...system.runner.agents.values()].find(({ start }) => start.taskId === asked?.reviewId)?.start
      .prompt;
    for (const words of ['1. All checks pass.', `3. ${TOLD}`, 'Read the manual.', String(accepted?.commit)])
      ok(prompt?.includes(words), words);
    await system.stop(1000);
    strictEqual((await replay(system.store)).difference, null);
  });

  test('who does not gets a further round, and what was mended is judged again', async () => {
    let reviews = 0;
    const reviewer: Agent = (session, speak) =>
      reviews++ === 0
        ? answers([answer(1), answer(2), answer(3, 'fail')], 'Write a page.')(session, speak)
        : answers(ALL)(session, speak);
    const { system, end } = await run(REVIEWED, withReviewer(reviewer));
    strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
    const [rejected] = await dataOf(system, 'ResultRejected');
    expect(rejected).toMatchObject({ submission: 1, code: 'criteria_not_met' });
    const mends = (await dataOf(system, 'TaskCreated')).find(({ title }) =>
      String(title).startsWith('Mend the result'),
    );
    expect(mends).toMatchObject({
      phase: 'fix',
      inputs: { result: { submission: 1, criteria: [{ criterion: TOLD }] } },
    });
    for (const words of [TOLD, 'read docs/manual.md:3', 'Write a page.'])
      ok(String(mends?.description).includes(words));
    deepStrictEqual(
      (await dataOf(system, 'PhaseStarted')).map(({ phase, round, mends: what }) => [phase, round, what ?? null]),
      [
        ['investigate', 1, null],
        ['fix', 1, null],
        ['verify', 1, null],
        ['fix', 2, 1],
        ['verify', 2, null],
      ],
    );
    const submitted = await dataOf(system, 'ResultSubmitted');
    const [accepted] = await dataOf(system, 'ResultAccepted');
    strictEqual(submitted.length, 2);
    strictEqual(accepted?.submission, 2);
    await system.stop(1000);
    strictEqual((await replay(system.store)).difference, null);
  });

  test('who is never content ends the run after a bounded number of rounds, with all of it', async () => {
    const blobs = createMemoryBlobs();
    const { system, end } = await run(
      { ...REVIEWED, rounds_max: 2 },
      withReviewer(answers([answer(1), answer(2), answer(3, 'fail')], 'Write a page.')),
      { blobs },
    );
    strictEqual(end.type, 'WorkflowFailed');
    const { code, reason, correspondence, delivery } = end.data as Record<string, unknown>;
    strictEqual(code, 'result_rejected');
    ok(String(reason).includes('after 2 submissions') && String(reason).includes('Write a page.'));
    expect(delivery).toMatchObject({ base: 'not_asked' });
    const { rounds, hash } = correspondence as Correspondence;
    deepStrictEqual(
      rounds.map(({ round, code: said, acknowledged }) => [round, said, acknowledged]),
      [
        [1, 'criteria_not_met', true],
        [2, 'criteria_not_met', false],
      ],
    );
    strictEqual((JSON.parse(Buffer.from(await blobs.get(hash)).toString('utf8')) as unknown[]).length, 2);
    deepStrictEqual(system.runner.userBase(), ['one', 'two']);
    await system.stop(1000);
  });

  test('may answer the criteria of its own task, whole and once, and nothing else', async () => {
    const codes: string[] = [];
    const other = 'tsk_01hzzzzzzzzzzzzzzzzzzzzzzz';
    const { system, end } = await run(
      REVIEWED,
      withReviewer(async (session, speak) => {
        const { taskId } = session.start;
        for (const [name, input] of [
          ['submit_result_validation', { taskId: other, criteria: ALL }],
          ['submit_result_validation', { taskId, criteria: ALL.slice(1) }],
          ['submit_result_validation', { taskId, criteria: [...ALL, answer(3, 'fail')] }],
          ['give_validation_review', { taskId, verdict: 'pass', evidence: 'x' }],
          ['submit_result', { summary: 'It is done.' }],
          ['update_task_status', { taskId, status: 'done' }],
          ['submit_result_validation', { taskId, criteria: ALL }],
          ['submit_result_validation', { taskId, criteria: ALL.with(2, answer(3, 'fail')) }],
        ] as const) {
          const given = await speak(name, input);
          codes.push(isFailure(given) ? given.code : 'accepted');
        }
        session.exit(0);
      }),
    );
    strictEqual(end.type, 'WorkflowCompleted');
    deepStrictEqual(codes, [
      'auth.not_yours',
      'result.criteria_unanswered',
      'result.criteria_unanswered',
      'auth.tool_not_allowed',
      'auth.tool_not_allowed',
      'auth.tool_not_allowed',
      'accepted',
      'task.not_open',
    ]);
    strictEqual((await system.events('ResultValidationGiven')).length, 1);
    await system.stop(1000);
  });

  test('that cannot review is refused before anything starts', async () => {
    const definition = judgedBy({ criteria: [TOLD], review: {} });
    const system = await startSystem({ definition });
    expect(await system.refused('start_workflow', START)).toMatchObject({
      code: 'agent.cannot_review',
      message: expect.stringContaining('The agent repair cannot review'),
    });
    deepStrictEqual(await system.events('WorkflowStarted'), []);
    await system.operator('start_workflow', { ...START, agent: 'claude' });
    await system.stop(0);
  });

  test('who dies is replaced, a bounded number of times; then the result does not count', async () => {
    const { system, end } = await run(
      REVIEWED,
      withReviewer((session) => session.exit(1)),
    );
    expect(end).toMatchObject({ type: 'WorkflowFailed', data: { code: 'review_missing' } });
    strictEqual((await system.events('AttemptFailed')).length, 2);
    expect(await dataOf(system, 'ResultRejected')).toMatchObject([{ code: 'review_missing' }]);
    deepStrictEqual(system.runner.userBase(), ['one', 'two']);
    await system.stop(1000);
  });

  test('who never answers is ended at its deadline, and another one answers', async () => {
    let reviews = 0;
    const reviewer: Agent = (session, speak) => (reviews++ === 0 ? undefined : answers(ALL)(session, speak));
    const time = manualClock();
    const agent = withReviewer(reviewer);
    const system = await startSystem({ settings: QUICK, definition: REVIEWED, agent, clock: time.clock });
    await system.operator('start_workflow', START);
    const { data } = await system.until('ResultReviewRequested');
    await system.until('TaskStarted', ({ stream }) => stream === `task-${String(data.reviewId)}`);
    await system.processes.waitFor(await system.store.head());
    await settledSteps();
    const { agentWallMs, startMs } = system.processes.world.settings.limits;
    time.pass(agentWallMs + startMs);
    strictEqual((await ending(system)).type, 'WorkflowCompleted');
    expect(await dataOf(system, 'AttemptFailed')).toMatchObject([{ code: 'lease_expired' }]);
    await system.stop(0);
  });

  test('is not waited for when the run is cancelled', async () => {
    const silent = withReviewer(() => {});
    const system = await startSystem({ settings: QUICK, definition: REVIEWED, agent: silent });
    const workflowId = await started(system);
    const { data } = await system.until('ResultReviewRequested');
    const stream = `task-${String(data.reviewId)}`;
    await system.until('TaskStarted', (event) => event.stream === stream);
    await system.operator('cancel_workflow', { workflowId });
    await system.until('TaskCancelled', (event) => event.stream === stream);
    await system.stop(1000);
  });

  test('answers while the run is paused, and what it says counts when it goes on', async () => {
    let say = () => {};
    const told = new Promise<void>((resolve) => (say = resolve));
    const reviewer: Agent = async (session, speak) => {
      await told;
      return answers(ALL)(session, speak);
    };
    const system = await startSystem({ settings: QUICK, definition: REVIEWED, agent: withReviewer(reviewer) });
    const workflowId = await started(system);
    const { data } = await system.until('ResultReviewRequested');
    await system.until('TaskStarted', ({ stream }) => stream === `task-${String(data.reviewId)}`);
    await system.operator('pause_workflow', { workflowId });
    say();
    await system.until('ResultValidationGiven');
    strictEqual((await system.events('ResultAccepted')).length, 0);
    await system.operator('resume_workflow', { workflowId });
    strictEqual((await ending(system)).type, 'WorkflowCompleted');
    await system.stop(1000);
  });
});

/** Two phases of agents, and one that comes after; who is named a slow one waits until it is told to go on. */
const phase = (name: string, more: object = {}) => ({ name, goal: 'G', role: 'fix', checks: 'none', ...more });
const TOOLS = ['create_task', 'update_task_status', 'submit_result'];
const open = (result: Result): WorkflowDefinition => {
  const tools = result.submitted_by === 'agents' ? TOOLS : TOOLS.slice(0, 2);
  return definitionSchema.parse({
    ...{ name: 'bugfix', title: 'Open', result },
    phases: [
      phase('plan', { changes: 'none', starts_with: 'one_task', allowed_tools: tools }),
      phase('build', { allowed_tools: tools }),
      phase('polish', { starts_with: 'one_task', changes: 'optional', allowed_tools: tools }),
    ],
  });
};

function workshop() {
  let goOn = () => {};
  const slowMayEnd = new Promise<void>((resolve) => (goOn = resolve));
  const agent: Agent = async (session, speak) => {
    const { taskId, prompt } = session.start;
    if (prompt.includes('phase plan'))
      for (const title of ['Quick one', 'Slow two']) await speak('create_task', { phase: 'build', title });
    if (prompt.includes('Slow two')) await speak('create_task', { phase: 'polish', title: 'Not any more' });
    if (prompt.includes('Slow two')) await slowMayEnd;
    if (prompt.includes('Quick one')) session.add('new-test');
    if (prompt.includes('Slow two')) session.add('untested:two');
    await speak('update_task_status', { taskId, status: 'done', summary: 'done as asked' });
    session.exit(0);
  };
  return { agent, goOn: () => goOn() };
}

/** The quick task is merged, the slow one works; then the operator submits. */
async function submittedEarly(on_result: string) {
  const { agent, goOn } = workshop();
  const definition = open({ criteria: [TOLD], submitted_by: 'operator', on_result });
  const system = await startSystem({ settings: QUICK, definition, agent, bugs: [] });
  const workflowId = await started(system);
  await system.until('TaskMerged');
  const created = await system.until('TaskCreated', ({ data }) => data.title === 'Slow two');
  await system.until('TaskStarted', ({ stream }) => stream === created.stream);
  await system.operator('submit_result', { workflowId, summary: 'One is enough.', outputs: { found: 1 } });
  await system.until('ResultAccepted');
  return { system, workflowId, goOn, slow: created.stream };
}

describe('an accepted result', () => {
  test('stops the rest where the template says so; its work is kept', async () => {
    const { system, slow } = await submittedEarly('stop');
    strictEqual((await ending(system)).type, 'WorkflowCompleted');
    const cancelled = await system.until('TaskCancelled', ({ stream }) => stream === slow);
    ok(String(cancelled.data.reason).includes('submission 1 was accepted'));
    strictEqual((await system.events('TaskMerged')).length, 1);
    deepStrictEqual(system.runner.userBase(), ['new-test']);
    deepStrictEqual(
      (await dataOf(system, 'PhaseStarted')).map(({ phase: name }) => name),
      ['plan', 'build'],
    );
    await system.until('WorktreeRemoved', ({ stream }) => stream === slow);
    await system.stop(1000);
    strictEqual((await replay(system.store)).difference, null);
  });

  test('lets open tasks finish, and no further phase start; what they merge is judged too', async () => {
    const { system, goOn } = await submittedEarly('finish_open');
    goOn();
    strictEqual((await ending(system)).type, 'WorkflowCompleted');
    deepStrictEqual(system.runner.userBase(), ['new-test', 'untested:two']);
    expect(await dataOf(system, 'ResultSubmitted')).toMatchObject([
      { submission: 1, by: 'operator', summary: 'One is enough.' },
      { submission: 2, by: 'process:phases', summary: 'One is enough.', outputs: { found: 1 } },
    ]);
    strictEqual((await system.events('ResultAccepted')).length, 2);
    // What waits for a phase that does not start would wait for ever.
    const created = await system.until('TaskCreated', ({ data }) => data.title === 'Not any more');
    const cancelled = await system.until('TaskCancelled', ({ stream }) => stream === created.stream);
    ok(String(cancelled.data.reason).includes('no further phase starts'));
    deepStrictEqual(
      (await dataOf(system, 'PhaseStarted')).map(({ phase: name }) => name),
      ['plan', 'build'],
    );
    await system.stop(1000);
    strictEqual((await replay(system.store)).difference, null);
  });

  test('lets the run go on to its last phase', async () => {
    const { system, goOn } = await submittedEarly('continue');
    goOn();
    strictEqual((await ending(system)).type, 'WorkflowCompleted');
    deepStrictEqual(
      (await dataOf(system, 'PhaseStarted')).map(({ phase: name }) => name),
      ['plan', 'build', 'polish'],
    );
    const submitted = await dataOf(system, 'ResultSubmitted');
    expect(submitted.at(-1)).toMatchObject({ submission: 2, by: 'process:phases' });
    deepStrictEqual(system.runner.userBase(), ['new-test', 'untested:two']);
    await system.stop(1000);
  });
});

test('what is merged while a result is being reviewed is verified and judged before it is delivered, within the rounds', async () => {
  let reviews = 0;
  const reviewer: Agent = async (session, speak) => {
    if (++reviews > 1) return answers(ALL.with(2, answer(3, 'fail')), 'Write a page.')(session, speak);
    const [begun] = await system.events('WorkflowStarted');
    const task = { workflowId: begun?.data.workflowId, phase: 'fix', title: 'By hand' };
    const created = await system.operator('create_task', task);
    await system.until('TaskMerged', ({ stream }) => stream === created.stream);
    return answers(ALL)(session, speak);
  };
  const agent = withReviewer(reviewer);
  const system: TestSystem = await startSystem({
    ...{ settings: QUICK, definition: { ...REVIEWED, rounds_max: 2 } },
    agent(session, speak) {
      if (session.start.prompt.includes('By hand')) session.add('untested:by hand');
      return agent(session, speak);
    },
  });
  await system.operator('start_workflow', START);
  const end = await ending(system);
  deepStrictEqual(
    (await dataOf(system, 'PhaseStarted')).map(({ phase: name, round }) => `${name} ${round}`),
    ['investigate 1', 'fix 1', 'verify 1', 'verify 2', 'fix 2'],
  );
  strictEqual((await system.events('ResultAccepted')).length, 1);
  expect(await dataOf(system, 'ResultRejected')).toMatchObject([{ submission: 2, code: 'criteria_not_met' }]);
  // The mended result would have to be verified a third time.
  expect(end).toMatchObject({ type: 'WorkflowFailed', data: { code: 'rounds_exhausted' } });
  ok(end.data.correspondence);
  await system.stop(1000);
  strictEqual((await replay(system.store)).difference, null);
});

describe('who submits', () => {
  test('an agent of the run, for what is merged and nothing else', async () => {
    const codes: unknown[] = [];
    const { agent, goOn } = workshop();
    goOn();
    const { system, end } = await run(open({ criteria: [TOLD], submitted_by: 'agents' }), async (session, speak) => {
      if (!session.start.prompt.includes('phase polish')) return agent(session, speak);
      ok(session.start.prompt.includes(`- ${TOLD}`));
      const own = { taskId: session.start.taskId, criteria: [answer(1)] };
      for (const [name, input] of [
        ['submit_result', { summary: 'Mine.', commit: 'f'.repeat(40) }],
        ['submit_result', { summary: 'Another’s.', workflowId: 'wfl_01hzzzzzzzzzzzzzzzzzzzzzzz' }],
        ['submit_result_validation', own],
        ['submit_result', { summary: 'Both are mended.' }],
      ] as const) {
        const given = await speak(name, input);
        codes.push(isFailure(given) ? given.code : 'accepted');
      }
      return agent(session, speak);
    });
    strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
    deepStrictEqual(codes, ['result.not_on_branch', 'auth.not_yours', 'auth.tool_not_allowed', 'accepted']);
    const submitted = await system.events('ResultSubmitted');
    strictEqual(submitted.length, 1);
    expect(submitted[0]).toMatchObject({
      data: { summary: 'Both are mended.', taskId: expect.stringMatching(/^tsk_/) },
    });
    ok(submitted[0]?.meta.actor.startsWith('agent:'));
    await system.stop(1000);
  });

  const judgedEarly = (more: object = {}) =>
    definitionSchema.parse({
      ...open({ criteria: [TOLD], submitted_by: 'agents', review: { agent: 'claude' } }),
      ...more,
    });
  /** In the first phase it submits as often as it may, and waits for each verdict; those that mend submit again. */
  function eager(submits: (nth: number) => boolean) {
    const { agent, goOn } = workshop();
    goOn();
    const said: string[] = [];
    let system: TestSystem | undefined;
    const work: Agent = async (session, speak) => {
      const { prompt } = session.start;
      for (let nth = 1; prompt.includes('phase plan') && submits(nth); nth++) {
        const given = await speak('submit_result', { summary: `Try ${nth}.` });
        said.push(isFailure(given) ? given.code : 'accepted');
        await system?.until('ResultRejected', ({ data }) => data.submission === nth);
      }
      if (prompt.includes('Mend the result')) {
        session.add('untested:page');
        await speak('submit_result', { summary: 'Mended.' });
      }
      return agent(session, speak);
    };
    return { work, said, meet: (met: TestSystem) => void (system = met) };
  }

  test('an agent too early: the phases go on, and what nobody submitted anew is mended at the end', async () => {
    const { work, meet } = eager((nth) => nth === 1);
    const reviewer: Agent = (session, speak) =>
      answers([answer(1, session.start.prompt.includes('Try') ? 'fail' : 'pass')], 'Write it.')(session, speak);
    const agent: Agent = (session, speak) => (isReview(session) ? reviewer : work)(session, speak);
    const system = await startSystem({ settings: QUICK, definition: judgedEarly(), agent, bugs: [] });
    meet(system);
    await system.operator('start_workflow', START);
    const end = await ending(system);
    strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
    deepStrictEqual(
      (await dataOf(system, 'PhaseStarted')).map(({ phase: name, mends }) => [name, mends ?? null]),
      [
        ['plan', null],
        ['build', null],
        ['polish', null],
        ['polish', 1],
      ],
    );
    // What its own task merged after it had submitted is judged before it is delivered.
    const submitted = await dataOf(system, 'ResultSubmitted');
    deepStrictEqual(
      submitted.map(({ summary, by }) => [summary, String(by).split(':')[0]]),
      [
        ['Try 1.', 'agent'],
        ['Mended.', 'agent'],
        ['Mended.', 'process'],
      ],
    );
    const delivered = await dataOf(system, 'DeliveryStarted');
    strictEqual(delivered[0]?.commit, submitted.at(-1)?.commit);
    ok(system.runner.userBase().includes('untested:page'));
    await system.stop(1000);
    strictEqual((await replay(system.store)).difference, null);
  });

  test('an agent again and again: after as many rejections as rounds_max the run fails, whatever is open', async () => {
    const { work, said, meet } = eager(() => true);
    const never = answers([answer(1, 'fail')], 'Write it.');
    const agent: Agent = (session, speak) => (isReview(session) ? never : work)(session, speak);
    const definition = judgedEarly({ rounds_max: 2 });
    const system = await startSystem({ settings: QUICK, definition, agent });
    meet(system);
    await system.operator('start_workflow', START);
    const end = await ending(system);
    expect(end).toMatchObject({ type: 'WorkflowFailed', data: { code: 'result_rejected' } });
    strictEqual((await system.events('ResultSubmitted')).length, 2);
    await system.until('TaskCancelled');
    ok(said.every((code, at) => (at < 2 ? code === 'accepted' : code !== 'accepted')));
    await system.stop(1000);
  });

  test('nobody, although agents were to: the run fails and says so', async () => {
    const { agent, goOn } = workshop();
    goOn();
    const { system, end } = await run(open({ submitted_by: 'agents' }), agent);
    expect(end).toMatchObject({ type: 'WorkflowFailed', data: { code: 'result_missing' } });
    await system.stop(1000);
  });

  test('the operator, for whom the run waits', async () => {
    const { agent, goOn } = workshop();
    goOn();
    const system = await startSystem({ settings: QUICK, definition: open({ submitted_by: 'operator' }), agent });
    const workflowId = await started(system);
    await system.until('PhaseCompleted', ({ data }) => data.phase === 'polish');
    await system.processes.waitFor(await system.store.head());
    deepStrictEqual(await system.events('ResultSubmitted'), []);
    await system.operator('submit_result', { workflowId, summary: 'Good enough.' });
    strictEqual((await ending(system)).type, 'WorkflowCompleted');
    strictEqual((await system.refused('submit_result', { workflowId, summary: 'More.' })).code, 'workflow.not_open');
    await system.stop(1000);
  });
});

test.each<[string, number, Agent]>([
  ['the submission', 1, answers(ALL)],
  [
    'a submission that is rejected, and mended',
    2,
    (session, speak) => {
      const good = session.start.prompt.includes(', submission 2');
      return answers(good ? ALL : ALL.with(2, answer(3, 'fail')), 'Write a page.')(session, speak);
    },
  ],
])(
  'a crash at any moment from %s to the delivery loses nothing and doubles nothing',
  async (_what, times, reviewer) => {
    const agent = withReviewer(reviewer);
    const whole = await run(REVIEWED, agent);
    await whole.system.stop(1000);
    const log = await whole.system.events();
    const from = log.findIndex(({ type }) => type === 'ResultSubmitted');
    const to = log.findIndex(({ type }) => type === 'WorkflowCompleted');
    ok(to - from > 8 * times);
    for (let at = from - 1; at <= to; at += times) {
      const parts = { store: openMemoryStore(), blobs: createMemoryBlobs(), line: createLine() };
      const options = { ...parts, definition: REVIEWED, agent };
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
      const count = async (type: string) => (await second.events(type)).length;
      for (const type of ['ResultSubmitted', 'ResultReviewRequested', 'ResultValidationGiven'])
        strictEqual(await count(type), times, `${type} after a crash at event ${at}`);
      deepStrictEqual([await count('ResultAccepted'), await count('ResultRejected')], [1, times - 1]);
      const mending = (await dataOf(second, 'TaskCreated')).filter(({ title }) => String(title).startsWith('Mend'));
      strictEqual(mending.length, times - 1, `tasks to mend it after a crash at event ${at}`);
      await second.stop(1000);
    }
  },
);
