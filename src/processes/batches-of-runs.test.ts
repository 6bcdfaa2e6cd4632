import { expect, test } from 'vitest';
import type { FakeRunner } from '../../tests/support/fake-runner.ts';
import { START, startSystem, type TestSystem, type TestSystemOptions } from '../../tests/support/system.ts';
import { definitionSchema } from '../machines/workflow/index.ts';

const QUICK = { 'fleet.cap': 8, 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };
const WORDS = ['untested:red', 'untested:green', 'untested:blue', 'untested:black'];
const ONE_PHASE = definitionSchema.parse({
  name: 'bugfix',
  title: 'Paint',
  phases: [{ name: 'paint', goal: 'It is painted.', role: 'fix', starts_with: 'one_task' }],
});

/** Four runs whose results wait for the base branch together; each adds the word that its goal names. */
async function fourRuns(around: (runner: FakeRunner) => Partial<FakeRunner> = () => ({})): Promise<TestSystem> {
  const all = Promise.withResolvers<void>();
  const agent: TestSystemOptions['agent'] = async (session, speak) => {
    session.add(WORDS.find((word) => session.start.prompt.includes(word)) ?? '');
    await speak('update_task_status', { taskId: session.start.taskId, status: 'done', summary: 'painted' });
    session.exit(0);
  };
  const system = await startSystem({
    ...{ bugs: [], agent, settings: QUICK, definition: ONE_PHASE },
    around: (runner) => ({
      ...around(runner),
      mergeCandidates: async (request) => {
        if (request.branch.startsWith('heph/base-')) await all.promise;
        return runner.mergeCandidates(request);
      },
    }),
  });
  for (const word of WORDS) await system.operator('start_workflow', { ...START, goal: `Paint ${word}` });
  const queued = new Set<unknown>();
  while (queued.size < WORDS.length) {
    const { data } = await system.until('CandidateQueued', (event) => {
      return String(event.data.candidateId).endsWith('-base') && !queued.has(event.data.candidateId);
    });
    queued.add(data.candidateId);
  }
  all.resolve();
  const ended = new Set<string>();
  while (ended.size < WORDS.length)
    ended.add((await system.until('WorkflowCompleted', ({ stream }) => !ended.has(stream))).stream);
  return system;
}

const ofBase = async (system: TestSystem, type: string) => {
  const trains = (await system.events('TrainOpened')).filter(({ data }) => data.kind === 'base');
  return (await system.events(type)).filter(({ stream }) => stream === trains[0]?.stream);
};

test('results of several runs land in the base branch together, and each run’s own branch is delivered', async () => {
  const system = await fourRuns();
  expect(system.runner.userBase()).toEqual([...WORDS].sort());
  const [batch] = await ofBase(system, 'BatchStarted');
  expect(batch?.meta.scope?.workflowId).toBeUndefined();
  const landed = await ofBase(system, 'CandidateLanded');
  expect(landed.map(({ data }) => data.base)).toEqual(WORDS.map(() => 'moved'));
  expect(new Set(landed.map(({ meta }) => meta.scope?.workflowId)).size).toBe(WORDS.length);
  const branches = (await system.events('WorkflowStarted')).map(({ data }) => `deliver ${String(data.runBranch)}`);
  expect(system.runner.calls).toEqual(expect.arrayContaining(branches));
  const moves = system.runner.calls.filter((call) => call === 'deliver main');
  expect(moves).toHaveLength((await ofBase(system, 'BatchEnded')).length);
  await system.stop(1000);
});

test('beside a base branch that cannot be moved each result is delivered by itself', async () => {
  const system = await fourRuns((runner) => ({
    deliver: async (request) => {
      if (!request.base) return runner.deliver(request);
      return { runBranch: request.runBranch, base: 'left', reason: 'main has changes that are not committed.' };
    },
  }));
  expect(system.runner.userBase()).toEqual([]);
  expect((await ofBase(system, 'BatchEnded')).map(({ data }) => data.outcome)).toContain('abandoned');
  const landed = await ofBase(system, 'CandidateLanded');
  const { baseCommit } = await system.runner.inspectRepository({ path: '/repo' });
  expect(landed.map(({ data }) => [data.base, data.from])).toEqual(WORDS.map(() => ['left', baseCommit]));
  await system.stop(1000);
});
