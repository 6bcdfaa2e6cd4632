import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { replay } from '../actors/replay.ts';
import { bestOfN } from './best-of-n.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { FakeSession } from '../../tests/support/fake-runner.ts';
import {
  BUGFIX,
  createLine,
  type Speak,
  START,
  startSystem,
  type TestSystem,
  type TestSystemOptions,
} from '../../tests/support/system.ts';

const QUICK = {
  ...{ 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 },
  'bestOfN.score': 'survival=1',
};
const BEST = { n: 3, repository: '/repo', goal: 'Make the tests pass', agents: ['repair'] };

const variantOf = ({ start }: FakeSession) => Number(/\(variant (\d+)\)/.exec(start.prompt)?.[1]);

/** Each candidate mends everything in its own way; that of variant 1 leaves nothing that no test sees, so it is the best. */
async function builds(session: FakeSession, speak: Speak): Promise<void> {
  session.fix('one', 'two');
  if (variantOf(session) !== 1) session.add(`untested:${variantOf(session)}`);
  await speak('update_task_status', { taskId: session.start.taskId, status: 'done', summary: 'mended' });
  session.exit(0);
}

/** `of`: what each candidate does, by its variant; the others build. */
function each(of: Record<number, (session: FakeSession, speak: Speak) => Promise<void> | void>) {
  return async (session: FakeSession, speak: Speak) => (of[variantOf(session)] ?? builds)(session, speak);
}

async function open(options: TestSystemOptions = {}): Promise<TestSystem> {
  return startSystem({ agent: builds, ...options, settings: { ...QUICK, ...options.settings } });
}

async function outcome(system: TestSystem) {
  return Promise.race([
    system.until('WorkflowCompleted'),
    system.until('WorkflowFailed'),
    system.until('WorkflowCancelled'),
  ]);
}

async function ends(system: TestSystem): Promise<Record<string, unknown>[]> {
  const found = (await system.events('BuildEnded')).map(({ data }) => data);
  return found.sort((a, b) => Number(a.index) - Number(b.index));
}

/** Stops it when all is said: nothing of it is left, and every decision can be repeated. */
async function closes(system: TestSystem): Promise<void> {
  await system.stop(1000);
  const report = await replay(system.store);
  strictEqual(report.difference, null, JSON.stringify(report.difference));
}

describe('a best-of-N', () => {
  test('goes from a goal to the merged winner, in a run of its own', async () => {
    const system = await open();
    await system.operator('start_best_of_n', BEST);
    const end = await outcome(system);
    strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
    deepStrictEqual(system.runner.userBase(), []);
    const [selected] = await system.events('WinnerSelected');
    expect(selected?.data).toMatchObject({ winner: 1 });
    const merged = await system.events('TaskMerged');
    strictEqual(merged.length, 1, 'the candidates are not merged');
    const [completed] = await system.events('BestOfNCompleted');
    strictEqual(completed?.data.commit, merged[0]?.data.commit);
    for (const [index, built] of (await ends(system)).entries())
      expect(built).toMatchObject({ index, outcome: 'passed', changedLines: 2, costUsd: null });
    await closes(system);
  });

  test('is reached by the template and its parameters too', async () => {
    const system = await open();
    const params = { best_of: 2, score: 'survival=1', seed: 7, agents: 'repair,claude' };
    await system.operator('start_workflow', { ...START, workflow: 'best-of', params });
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    const [started] = await system.events('BestOfNStarted');
    expect(started?.data).toMatchObject({ n: 2, weights: { survival: 1 }, seed: 7, agents: ['repair', 'claude'] });
    deepStrictEqual(
      (await system.events('AgentRequested')).map(({ data }) => data.agent),
      ['repair', 'claude'],
    );
    await closes(system);
  });

  test('gives every candidate the same beginning, its own words, and no task to open', async () => {
    const prompts: string[] = [];
    const refused: unknown[] = [];
    const system = await open({
      async agent(session, speak) {
        prompts.push(session.start.prompt);
        refused.push(await speak('create_task', { phase: 'build', title: 'more' }));
        return builds(session, speak);
      },
    });
    await system.operator('start_best_of_n', { ...BEST, n: 2, agents: ['claude'], criteria: ['Be kind'] });
    await outcome(system);
    strictEqual(new Set(prompts).size, 2);
    ok(prompts.every((prompt) => prompt.includes('Make the tests pass') && prompt.includes('- Be kind')));
    for (const one of refused) expect(one).toMatchObject({ code: 'auth.tool_not_allowed' });
    const bases = (await system.events('AgentRequested')).map(({ data }) => data.base);
    strictEqual(new Set(bases).size, 1);
    await closes(system);
  });

  test('gives a candidate the model that its variant names, and the others their agent’s own', async () => {
    const models: string[] = [];
    const system = await open({
      settings: { 'agents.mine': { argv: ['mine', '--model', '{model}'], model: 'own' } },
      async agent(session, speak) {
        models[variantOf(session)] = String(session.start.argv.at(-1));
        return builds(session, speak);
      },
    });
    await system.operator('start_best_of_n', { ...BEST, n: 12, agents: ['mine'], models: { mine: ['other'] } });
    await outcome(system);
    const planned = (await system.events('VariantPlanned')).map(({ data }) => data.mutators as string[]);
    deepStrictEqual(
      models,
      planned.map((mutators) => (mutators.includes('model') ? 'other' : 'own')),
    );
    ok(models.includes('other'));
    await closes(system);
  });

  test('counts a candidate that dies as one that failed, with its reason, and asks nobody again', async () => {
    const system = await open({
      agent: each({
        0: (session) => session.exit(3),
        1: (session, speak) =>
          void speak('update_task_status', { taskId: session.start.taskId, status: 'failed', reason: 'too hard' }),
      }),
    });
    await system.operator('start_best_of_n', BEST);
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    deepStrictEqual(system.runner.userBase(), ['untested:2']);
    const [died, failed, passed] = await ends(system);
    expect(died).toMatchObject({ outcome: 'died', commit: null });
    ok(String(died?.reason).includes('exit code 3'), String(died?.reason));
    expect(failed).toMatchObject({ outcome: 'failed', reason: 'too hard' });
    expect(passed).toMatchObject({ outcome: 'passed', reason: '' });
    strictEqual((await system.events('AgentRequested')).length, 3);
    await closes(system);
  });

  test('fails with all reasons when nobody passes, and merges nothing', async () => {
    const gaveUp = (session: FakeSession, speak: Speak) =>
      void speak('update_task_status', {
        taskId: session.start.taskId,
        status: 'failed',
        reason: `reason ${variantOf(session)}`,
      });
    const system = await open({ agent: gaveUp });
    await system.operator('start_best_of_n', BEST);
    const end = await outcome(system);
    strictEqual(end.type, 'WorkflowFailed');
    for (const index of [0, 1, 2]) ok(String(end.data.reason).includes(`reason ${index}`), String(end.data.reason));
    strictEqual((await system.events('TaskMerged')).length, 0);
    deepStrictEqual(system.runner.userBase(), ['one', 'two']);
    await closes(system);
  });
});

describe('a crash at any moment of a best-of-3', () => {
  test('loses nothing and doubles nothing', async () => {
    const whole = await open();
    await whole.operator('start_best_of_n', BEST, 'start');
    await outcome(whole);
    await whole.stop(1000);
    const length = (await whole.events()).length;
    for (let at = 1; at < length; at++) {
      const store = openMemoryStore();
      const blobs = createMemoryBlobs();
      const line = createLine();
      const first = await open({ store, blobs, line });
      const seen = (async () => {
        for await (const item of store.subscribe())
          if (item.kind === 'events' && item.events.some((event) => event.position >= BigInt(at))) return;
      })();
      await first.operator('start_best_of_n', BEST, 'start');
      await seen;
      await first.stop(0);
      const second = await startSystem({ store, blobs, line, runner: first.runner });
      const end = await outcome(second);
      strictEqual(end.type, 'WorkflowCompleted', `crash after event ${at}: ${JSON.stringify(end.data)}`);
      deepStrictEqual(second.runner.userBase(), [], `crash after event ${at}`);
      const started = first.runner.calls.filter((call) => call.startsWith('startAgent'));
      strictEqual(started.length, 3, `crash after event ${at}: ${started.join()}`);
      strictEqual((await second.events('TaskMerged')).length, 1, `crash after event ${at}`);
      await second.until('BestOfNCompleted');
      strictEqual((await second.events('BuildEnded')).length, 3, `crash after event ${at}`);
      await second.stop(1000);
    }
  });
});

describe('what ends one of run, task and best-of-N', () => {
  /** Three candidates of which the last two never end. */
  async function underWay() {
    const system = await open({ agent: each({ 1: () => {}, 2: () => {} }) });
    const { stream } = await system.operator('start_best_of_n', BEST);
    await system.until('BuildEnded');
    await system.until('TaskStarted', ({ meta }) => meta.scope?.taskId !== undefined);
    const [parent] = (await system.events('TaskCreated')).filter(({ data }) => data.candidates !== undefined);
    return { system, bestOfNId: stream.slice('bestOfN-'.length), parentId: String(parent?.data.taskId) };
  }

  /** Every agent has ended and every slot is free; nothing was merged. */
  async function isOver({ system }: Awaited<ReturnType<typeof underWay>>) {
    await system.until('BestOfNCancelled');
    for (const granted of await system.events('SlotGranted'))
      await system.until('SlotReleased', ({ data }) => data.agentId === granted.data.agentId);
    deepStrictEqual(system.runner.userBase(), ['one', 'two']);
    strictEqual((await system.events('TaskMerged')).length, 0);
    await closes(system);
  }

  test.each(['best-of-N', 'task', 'run'])('ends the others, and nothing is merged: the %s', async (which) => {
    const under = await underWay();
    const { system, bestOfNId, parentId } = under;
    const [run] = await system.events('WorkflowStarted');
    const workflowId = String(run?.data.workflowId);
    if (which === 'best-of-N') await system.operator('cancel_best_of_n', { bestOfNId, reason: 'enough' });
    else if (which === 'task') await system.operator('cancel_task', { taskId: parentId, reason: 'enough' });
    else await system.operator('cancel_workflow', { workflowId, reason: 'enough' });
    await system.until('WorkflowCancelled');
    await system.until('TaskCancelled', ({ stream }) => stream === `task-${parentId}`);
    const candidates = (await system.events('BuildStarted')).map(({ data }) => `task-${data.taskId}`);
    for (const stream of candidates.slice(1)) await system.until('TaskCancelled', (event) => event.stream === stream);
    await isOver(under);
  });
});

const CONFLICT = { outcome: 'conflict' as const, onto: 'x', files: ['a.js'] };

describe('a winner that comes back', () => {
  test('opens a further contest from where the branch stands then, with what was said', async () => {
    const prompts: string[] = [];
    let refusals = 0;
    const system = await open({
      async agent(session, speak) {
        prompts.push(session.start.prompt);
        return builds(session, speak);
      },
      around: (runner) => ({
        mergeCandidates: async (request) =>
          refusals++ > 0 ? runner.mergeCandidates(request) : request.candidates.map(() => CONFLICT),
      }),
    });
    await system.operator('start_best_of_n', { ...BEST, n: 2, agents: ['claude'] });
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    const [first] = await system.events('BestOfNFailed');
    expect(first?.data).toMatchObject({ code: 'merge_conflict' });
    const started = await system.events('BestOfNStarted');
    strictEqual(started.length, 2);
    expect(started[1]?.data).toMatchObject({ seed: Number(started[0]?.data.seed) + 1, n: 2 });
    strictEqual((await system.events('BestOfNCompleted')).length, 1);
    strictEqual(prompts.filter((prompt) => prompt.includes('The best of an earlier round was not taken')).length, 2);
    strictEqual((await system.events('TaskMerged')).length, 1);
    await closes(system);
  });

  test('is not asked for again for ever: the task fails as any other does', async () => {
    const system = await open({
      settings: { 'limits.validationRoundsMax': 2 },
      around: () => ({ mergeCandidates: async ({ candidates }) => candidates.map(() => CONFLICT) }),
    });
    await system.operator('start_best_of_n', { ...BEST, n: 1 });
    expect((await outcome(system)).data).toMatchObject({ code: 'phase_failed' });
    for (const { stream } of await system.events('BestOfNStarted'))
      await system.until('BestOfNFailed', (event) => event.stream === stream);
    await closes(system);
  });
});

describe('a best-of-N that stops early', () => {
  test('withdraws who can no longer win, and merges who has won', async () => {
    const system = await open({
      agent: each({ 1: () => {} }),
      around: (runner) => ({
        async keepTree(request) {
          const files = [{ path: 'a.js', insertions: 1, deletions: 0 }];
          return { ...(await runner.keepTree(request)), files };
        },
      }),
    });
    // One line is the least that a change can be, and of equals the earlier variant wins.
    await system.operator('start_best_of_n', { ...BEST, n: 2, score: 'diff=1', earlyStop: true });
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    const [, withdrawn] = await ends(system);
    expect(withdrawn).toMatchObject({ outcome: 'withdrawn', commit: null });
    await system.until('TaskCancelled');
    strictEqual((await system.events('WinnerSelected')).length, 1);
    await closes(system);
  });

  test('looks again when time alone will have settled it, and not before', async () => {
    const system = await open({ agent: each({ 1: () => {} }) });
    await system.operator('start_best_of_n', { ...BEST, n: 2, score: 'time=1', earlyStop: true });
    const scored = await system.until('CandidateScored');
    await system.processes.waitFor(scored.position);
    const { world } = system.processes;
    const [contest] = world.bestOfNs.values();
    const owed = (now: number) =>
      contest && bestOfN.obligations(contest, world, now).find(({ key }) => key.startsWith('early:'));
    const now = Date.now();
    const later = owed(now)?.notBefore ?? 0;
    // The first one took ten seconds and the check of its work: by then the other has used more than that.
    ok(later > now && later < now + 60_000, `${later - now} ms`);
    strictEqual(owed(later + 1)?.notBefore, undefined);
    await closes(system);
  });
});

describe('a task of a run', () => {
  /** Opens one task for both bugs, that so many candidates are to work for. */
  const asksFor = (candidates: number) => async (session: FakeSession, speak: Speak) => {
    if (!session.start.prompt.includes('phase investigate')) return builds(session, speak);
    const failures = ['one', 'two'].map((bug) => ({ id: `test/${bug}.test.js > ${bug}` }));
    const task = { phase: 'fix', title: 'Mend both', inputs: { failures }, candidates };
    answers.push(await speak('create_task', task));
    await speak('update_task_status', { taskId: session.start.taskId, status: 'done', summary: 'grouped' });
    session.exit(0);
  };
  const answers: unknown[] = [];

  test('is worked for by as many candidates as its creator asked for, and the run goes on with the winner', async () => {
    const system = await open({ agent: asksFor(2) });
    await system.operator('start_workflow', { ...START, params: {} });
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    deepStrictEqual(system.runner.userBase(), []);
    const tasks = (await system.events('TaskCreated')).map(({ data }) => [data.phase, data.candidate !== undefined]);
    deepStrictEqual(tasks, [
      ['investigate', false],
      ['fix', false],
      ['fix', true],
      ['fix', true],
      ['verify', false],
    ]);
    await closes(system);
  });

  test('is given several where its run allows them, and whoever opens tasks is told how many', async () => {
    const system = await open({
      definition: { ...BUGFIX, parameters: [{ name: 'best_of', type: 'number', default: 1, required: false }] },
      agent: (session, speak) => asksFor(Number(/"bestOf": (\d)/.exec(session.start.prompt)?.[1]))(session, speak),
    });
    await system.operator('start_workflow', { ...START, params: { best_of: 2 } });
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    strictEqual((await system.events('BuildEnded')).length, 2);
    await closes(system);
  });

  test('is refused candidates that make no sense, with the reason, and nothing is changed', async () => {
    const system = await open({ agent: () => {} });
    const { stream } = await system.operator('start_workflow', START);
    const workflowId = stream.slice('workflow-'.length);
    const before = (await system.events('TaskCreated')).length;
    const task = { workflowId, phase: 'fix', title: 'x' };
    for (const candidates of [0, 33, 1.5, 'three'])
      expect(await system.refused('create_task', { ...task, candidates })).toMatchObject({ code: 'input.invalid' });
    for (const phase of ['investigate', 'verify'])
      expect(await system.refused('create_task', { ...task, phase, candidates: 2 })).toMatchObject({
        code: 'input.invalid',
        message: `The phase ${phase} takes no changes, so there is nothing to choose from.`,
      });
    expect(await system.refused('create_task', { ...task, agent: 'nobody', candidates: 2 })).toMatchObject({
      code: 'agent.unknown_preset',
    });
    await system.operator('set_config', { changes: { 'limits.tasksPerWorkflowMax': 4 } });
    await system.until('TaskCreated');
    expect(await system.refused('create_task', { ...task, candidates: 3 })).toMatchObject({
      code: 'workflow.too_many_tasks',
    });
    ok((await system.events('TaskCreated')).length <= before + 1);
    await system.stop(1000);
  });

  test.each([
    [{ best_of: 0 }, 'input.invalid'],
    [{ best_of: 33 }, 'input.invalid'],
    [{ best_of: 'many' }, 'input.invalid'],
    [{ seed: -1 }, 'input.invalid'],
    [{ score: 'beauty=1' }, 'best.bad_score'],
    [{ agents: 'repair,nobody' }, 'agent.unknown_preset'],
  ])('is not begun by a run with the parameters %j', async (params, code) => {
    const system = await open();
    expect(await system.refused('start_workflow', { ...START, workflow: 'best-of', params })).toMatchObject({ code });
    deepStrictEqual(await system.events('WorkflowStarted'), []);
    await system.stop(1000);
  });

  test('may be restarted when nobody passed: all try again, and a candidate cannot be by itself', async () => {
    let hopeless = true;
    const system = await open({
      settings: { 'limits.attemptsMax': 1 },
      async agent(session, speak) {
        if (session.start.prompt.includes('phase investigate')) {
          await speak('create_task', { phase: 'fix', title: 'Keeps the phase open' });
          return asksFor(2)(session, speak);
        }
        if (session.start.prompt.includes('Keeps the phase open')) return;
        return hopeless ? session.exit(1) : builds(session, speak);
      },
    });
    await system.operator('start_workflow', { ...START, params: {} });
    const failed = await system.until('TaskFailed', ({ data }) => data.code === 'none_passed');
    const parentId = failed.stream.slice('task-'.length);
    const [built] = await system.events('BuildStarted');
    expect(await system.refused('restart_task', { taskId: built?.data.taskId })).toMatchObject({
      code: 'task.candidate',
    });
    hopeless = false;
    await system.operator('restart_task', { taskId: parentId });
    await system.until('TaskMerged', ({ stream }) => stream === failed.stream);
    strictEqual((await system.events('BestOfNStarted')).length, 2);
    await system.until('BestOfNCompleted');
    await closes(system);
  });
});
