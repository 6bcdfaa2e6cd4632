import { expect, test } from 'vitest';
import type { FakeRunner, FakeSession } from '../../tests/support/fake-runner.ts';
import {
  createLine,
  type Speak,
  startSystem,
  type TestSystem,
  type TestSystemOptions,
} from '../../tests/support/system.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { EventStore } from '../store/event-store.ts';

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

const fate = (system: TestSystem) => Promise.race([system.until('WorkflowCompleted'), system.until('WorkflowFailed')]);
const START = { workflow: 'bugfix', repository: '/repo', goal: 'Make the tests pass', agent: 'claude' };

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
  await system.operator('start_workflow', START);
  const end = await fate(system);
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

/** Eight tasks in one line: the fixes of two conflict, and what two others add does not fit together. */
const LINE = BUGS.slice(0, 8);
const MISFITS: Record<string, string> = { bug4: 'untested:four', bug6: 'untested:six' };
/** Tasks whose agent was told. */
const told = new Set<string>();

async function lined(session: FakeSession, speak: Speak): Promise<void> {
  const { taskId, prompt } = session.start;
  if (prompt.includes('phase investigate'))
    for (const bug of LINE)
      await speak('create_task', {
        phase: 'fix',
        title: bug,
        inputs: { failures: [{ id: `test/${bug}.test.js > ${bug}` }] },
      });
  const [, mine = ''] = /test\/(\w+)\.test\.js > /.exec(prompt) ?? [];
  if (mine) session.fix(mine);
  // Told that it does not fit, it leaves out what does not.
  const misfit = MISFITS[mine];
  if (prompt.includes('test/fine.test.js')) told.add(taskId);
  if (misfit) (told.has(taskId) ? session.fix : session.add)(misfit);
  await speak('update_task_status', { taskId, status: 'done', summary: 'done as asked' });
  session.exit(0);
}

/** The whole line stands before the first merge is made, and then nothing is held up any more. */
function waitsForAll(store: EventStore): (runner: FakeRunner) => Partial<FakeRunner> {
  const all = async () => {
    const queued = new Set<unknown>();
    for await (const item of store.subscribe()) {
      if (item.kind !== 'events') continue;
      for (const { type, data } of item.events) if (type === 'CandidateQueued') queued.add(data.candidateId);
      if (queued.size >= LINE.length) return;
    }
  };
  let complete: Promise<void> | null = null;
  return (runner) => ({
    mergeCandidates: (request) => (complete ??= all()).then(() => runner.mergeCandidates(request)),
  });
}

async function startLine(parts: TestSystemOptions = {}): Promise<TestSystem> {
  const store = parts.store ?? openMemoryStore();
  const system = await startSystem({
    ...{
      store,
      bugs: LINE,
      conflicts: [['bug1', 'bug2']],
      clashes: [Object.values(MISFITS) as [string, string]],
      settings: SETTINGS,
    },
    ...{ agent: lined, around: waitsForAll(store) },
    ...parts,
  });
  await system.operator('start_workflow', START);
  return system;
}

async function endsWell(system: TestSystem, where = ''): Promise<void> {
  const end = await fate(system);
  expect(end.type, `${where} ${JSON.stringify(end.data)}`).toBe('WorkflowCompleted');
  expect(Object.values(MISFITS), where).toEqual(expect.arrayContaining(system.runner.userBase()));
  expect(system.runner.userBase(), where).toHaveLength(1);
  const merged = (await system.events('TaskMerged')).map(({ stream }) => stream);
  expect([merged.length, new Set(merged).size], where).toEqual([LINE.length, LINE.length]);
  const landed = (await system.events('CandidateLanded')).map(({ data }) => data.candidateId);
  expect(new Set(landed).size, where).toBe(landed.length);
  // Whoever conflicts and whoever does not fit gets its work back with its own reason, and nobody else does.
  const refused = (await system.events('CandidateRefused')).map(({ data }) => data.code);
  expect(new Set(refused), where).toEqual(new Set(['merge_conflict', 'red_when_merged']));
  expect(
    (await system.events('WorkSentBack')).map(({ data }) => data.code),
    where,
  ).toEqual(refused);
}

test('a line is merged as a batch: who conflicts and who does not fit is out of it with its own reason, all else lands at once', async () => {
  const system = await startLine();
  await endsWell(system);
  const batches = await system.events('BatchStarted');
  expect(batches.length).toBeGreaterThan(0);
  expect((await system.events('BatchEnded')).length).toBe(batches.length);
  const split = await system.until('BatchEnded', ({ data }) => data.outcome === 'split');
  const misfit = await system.until('CandidateRefused', ({ data }) => data.code === 'red_when_merged');
  const between = (await system.events()).filter(
    ({ position }) => position >= misfit.position && position < split.position,
  );
  expect(between.map(({ type }) => type)).toEqual(['CandidateRefused']);
  expect(split.meta.scope).toMatchObject({ workflowId: misfit.meta.scope?.workflowId });
  expect(String(misfit.data.reason)).toContain('fine');
  const both = (await system.events('CandidateMerged')).filter(
    ({ data }) => data.candidateId === misfit.data.candidateId,
  );
  expect(both.length).toBeGreaterThan(0);
  await system.stop(1000);
});

test('a check that is red by chance refuses nobody', async () => {
  const merges = new Set<string>();
  const answers = new Map<string, Awaited<ReturnType<FakeRunner['runCheck']>>>();
  const store = openMemoryStore();
  const held = waitsForAll(store);
  const system = await startLine({
    store,
    conflicts: [],
    clashes: [],
    around: (runner) => ({
      async mergeCandidates(request) {
        const results = await (held(runner).mergeCandidates as FakeRunner['mergeCandidates'])(request);
        for (const result of results) if (result.outcome === 'merged') merges.add(result.commit);
        return results;
      },
      async runCheck(request) {
        const real = await runner.runCheck(request);
        const isFirst = merges.delete(request.commit);
        const answer = isFirst ? { ...real, status: 'failed' as const, exitCode: 1, tests: null } : real;
        if (!answers.has(request.checkKey)) answers.set(request.checkKey, answer);
        return answers.get(request.checkKey) as typeof answer;
      },
    }),
  });
  const end = await fate(system);
  expect(end.type, JSON.stringify(end.data)).toBe('WorkflowCompleted');
  expect(await system.events('CandidateRefused')).toEqual([]);
  const again = (await system.events('BatchChecked')).filter(({ data }) => data.again && data.pass);
  expect(again.length).toBeGreaterThan(0);
  await system.stop(1000);
});

test('a candidate that is cancelled while its batch is checked does not land, and the others do', async () => {
  let victim = '';
  const store = openMemoryStore();
  const system: TestSystem = await startLine({
    store,
    conflicts: [],
    clashes: [],
    around: (runner) => ({
      ...waitsForAll(store)(runner),
      async runCheck(request) {
        const batch = (await system.events('BatchStarted'))[0];
        const merged = await system.events('CandidateMerged');
        if (batch && victim === '' && merged.some(({ data }) => data.commit === request.commit)) {
          const ids = batch.data.candidateIds as string[];
          victim = (ids[2] as string).replace(/-\d+$/, '');
          await system.operator('cancel_task', { taskId: victim, reason: 'not wanted any more' });
        }
        return runner.runCheck(request);
      },
    }),
  });
  await fate(system);
  const merged = (await system.events('TaskMerged')).map(({ stream }) => stream);
  expect(merged).not.toContain(`task-${victim}`);
  for (const task of (await system.events('TaskCreated')).filter(({ data }) => LINE.includes(String(data.title))))
    if (task.data.taskId !== victim) expect(merged).toContain(task.stream);
  expect((await system.events('BatchEnded')).map(({ data }) => data.outcome)).toContain('abandoned');
  await system.stop(1000);
});

test('a server that is killed at any moment of a batch lands each once, and blames who is at fault', async () => {
  const whole = await startLine();
  await endsWell(whole);
  const [started] = await whole.events('BatchStarted');
  const steps = (await whole.events()).filter(({ position }) => position > (started?.position ?? 0n)).length;
  await whole.stop(1000);
  expect(steps).toBeGreaterThan(30);
  // The log grows in another order each time, so a crash point is counted from where the first batch begins.
  for (let step = 0; step < 30; step++) {
    const store = openMemoryStore();
    const blobs = createMemoryBlobs();
    const line = createLine();
    const first = await startLine({ store, blobs, line });
    const { position } = await first.until('BatchStarted');
    await reached(store, position + BigInt(step));
    await first.stop(0);
    const second = await startSystem({ store, blobs, line, runner: first.runner });
    await endsWell(second, `killed ${step} events after the batch began:`);
    await second.stop(1000);
  }
});

async function reached(store: EventStore, position: bigint): Promise<void> {
  for await (const item of store.subscribe()) {
    if (item.kind === 'events' && item.events.some((event) => event.position >= position)) return;
  }
}
