import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { Fault, HephError, isFailure } from '../kernel/errors.ts';
import { definitionSchema } from '../machines/workflow/index.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { BUGFIX, diligent, type Speak, START, startSystem, type TestSystem } from '../../tests/support/system.ts';
import type { FakeSession } from '../../tests/support/fake-runner.ts';

/** What happens when several things happen at once. Each test holds one of them at a gate until the other has come. */
const QUICK = { 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };

function gate() {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  let used = false;
  return {
    reached: reached.promise,
    open: () => opened.resolve(),
    /** Holds the first one that comes. */
    async pass() {
      if (used) return;
      used = true;
      reached.resolve();
      await opened.promise;
    },
  };
}

const outcome = (system: TestSystem, workflowId?: string) =>
  Promise.race(
    ['WorkflowCompleted', 'WorkflowFailed', 'WorkflowCancelled'].map((type) =>
      system.until(type, ({ stream }) => !workflowId || stream === `workflow-${workflowId}`),
    ),
  );

const counted = async (system: TestSystem, type: string) => (await system.events(type)).length;

const fixing = (session: FakeSession) => session.start.prompt.includes('phase fix');

async function completes(system: TestSystem, workflowId?: string) {
  const end = await outcome(system, workflowId);
  strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
  return end;
}

describe('an agent', () => {
  test('that is stopped while it starts does not live on unseen', async () => {
    const start = gate();
    const system = await startSystem({
      settings: QUICK,
      agent: () => {},
      around: (runner) => ({
        async startAgent(request) {
          await start.pass();
          return runner.startAgent(request);
        },
      }),
    });
    const exited = new Promise<string>((resolve) => {
      system.runner.watch((event) => event.type === 'agent_exited' && resolve(event.agentId));
    });
    await system.operator('start_workflow', START);
    await start.reached;
    await system.operator('stop_all', { reason: 'wrong branch' });
    const { stream } = await system.until('AgentFailed');
    start.open();
    strictEqual(`agent-${await exited}`, stream);
    await system.until('SlotReleased');
    await system.stop(1000);
  });

  test('that reports when its attempt is over is not heard', async () => {
    const refused: unknown[] = [];
    const lost: { speak: Speak; taskId: string }[] = [];
    const system: TestSystem = await startSystem({
      settings: QUICK,
      async agent(session, speak) {
        if (lost.length > 0) {
          const [late] = lost;
          refused.push(
            await late?.speak('update_task_status', { taskId: late.taskId, status: 'done', summary: 'late' }),
          );
          return diligent(session, speak);
        }
        lost.push({ speak, taskId: session.start.taskId });
        setImmediate(() => system.runner.lose(session.start.agentId));
      },
    });
    await system.operator('start_workflow', START);
    await completes(system);
    expect(refused[0]).toMatchObject({ code: 'task.not_assigned' });
    await system.stop(1000);
  });

  test('that has ended well before anybody knew that it lived is judged by its work', async () => {
    const system = await startSystem({
      settings: QUICK,
      async agent(session, speak) {
        if (!fixing(session)) return diligent(session, speak);
        for (const match of session.start.prompt.matchAll(/test\/(\w+)\.test\.js > /g)) session.fix(match[1] as string);
        session.exit(0);
      },
      around: (runner) => ({
        async startAgent(request) {
          const exited = new Promise<void>((resolve) => {
            runner.watch((event) => event.agentId === request.agentId && resolve());
          });
          const started = await runner.startAgent(request);
          await exited;
          return started;
        },
      }),
    });
    await system.operator('start_workflow', START);
    await completes(system);
    deepStrictEqual(
      (await system.events('AttemptFailed')).map((event) => event.data.reason),
      [],
    );
    await system.stop(1000);
  });
});

describe('a task', () => {
  test('that is cancelled while its merge is checked moves no branch', async () => {
    const check = gate();
    const system = await startSystem({
      settings: { ...QUICK, 'fleet.cap': 1 },
      around: (runner) => ({
        async runCheck(request) {
          if (runner.calls.some((call) => call.startsWith('mergeCandidate'))) await check.pass();
          return runner.runCheck(request);
        },
      }),
    });
    await system.operator('start_workflow', START);
    await check.reached;
    const { data } = await system.until('MergeStarted');
    const taskId = String(data.candidateId).replace(/-\d+$/, '');
    await system.operator('cancel_task', { taskId, reason: 'not this one' });
    await system.until('CandidateWithdrawn');
    check.open();
    const end = await outcome(system);
    strictEqual(
      (await system.events('CandidateLanded')).some((event) => event.data.candidateId === data.candidateId),
      false,
    );
    strictEqual(
      (await system.events('TaskMerged')).some((event) => event.stream === `task-${taskId}`),
      false,
    );
    ok(end.data);
    await system.stop(1000);
  });

  test('that is cancelled while it is judged is not failed for a verdict nobody waits for', async () => {
    const check = gate();
    const system = await startSystem({
      settings: QUICK,
      around: (runner) => ({
        async runCheck(request) {
          if (runner.calls.some((call) => call.startsWith('keepTree'))) await check.pass();
          return runner.runCheck(request);
        },
      }),
    });
    await system.operator('start_workflow', START);
    await check.reached;
    const { stream } = await system.until('TreeKept', ({ data }) => data.ref !== null);
    const taskId = stream.slice('task-'.length);
    expect(await system.refused('restart_task', { taskId })).toMatchObject({ code: 'task.not_ended' });
    await system.operator('cancel_task', { taskId, reason: 'not this one' });
    check.open();
    ok((await outcome(system)).data);
    const types = (await system.events()).filter((event) => event.stream === stream).map(({ type }) => type);
    deepStrictEqual(
      types.slice(types.indexOf('TaskCancelled') + 1).filter((type) => type !== 'WorktreeRemoved'),
      [],
    );
    await system.stop(1000);
  });
});

describe('a run', () => {
  test('that is paused in the middle of its delivery ends when it is resumed, and delivers once', async () => {
    const delivery = gate();
    let landed = 0;
    const system = await startSystem({
      settings: QUICK,
      around: (runner) => ({
        async deliver(request) {
          await delivery.pass();
          landed++;
          return runner.deliver(request);
        },
      }),
    });
    const { actorId } = await system.operator('start_workflow', START);
    await delivery.reached;
    await system.operator('pause_workflow', { workflowId: actorId, reason: 'lunch' });
    delivery.open();
    await system.until('CandidateLanded', ({ data }) => data.candidateId === `${actorId}-base`);
    strictEqual(await counted(system, 'WorkflowCompleted'), 0);
    await system.operator('resume_workflow', { workflowId: actorId });
    await completes(system);
    deepStrictEqual([system.runner.userBase(), landed], [[], 1]);
    await system.stop(1000);
  });

  test('that is cancelled while its delivery is checked leaves the base branch alone', async () => {
    const check = gate();
    const system = await startSystem({
      settings: QUICK,
      around: (runner) => ({
        async runCheck(request) {
          if (runner.calls.some((call) => /^mergeCandidate .*-base$/.test(call))) await check.pass();
          return runner.runCheck(request);
        },
      }),
    });
    const { actorId } = await system.operator('start_workflow', START);
    await system.until('DeliveryStarted');
    await check.reached;
    await system.operator('cancel_workflow', { workflowId: actorId, reason: 'no' });
    await system.until('CandidateWithdrawn');
    check.open();
    await system.stop(1000);
    deepStrictEqual(system.runner.userBase(), ['one', 'two']);
  });

  test('shares a repository and its base branch with another', async () => {
    const system = await startSystem({ settings: QUICK });
    const [one, other] = await Promise.all([
      system.operator('start_workflow', START),
      system.operator('start_workflow', START),
    ]);
    for (const { actorId } of [one, other])
      expect((await completes(system, actorId)).data).toMatchObject({ delivery: { base: 'moved' } });
    deepStrictEqual(system.runner.userBase(), []);
    await system.stop(1000);
  });

  test('merges again when the user has moved the base branch meanwhile', async () => {
    let moved = false;
    const system = await startSystem({
      settings: QUICK,
      around: (runner) => ({
        async deliver(request) {
          if (!moved) runner.userCommits('typo');
          moved = true;
          return runner.deliver(request);
        },
      }),
    });
    await system.operator('start_workflow', START);
    const restarted = await system.until('MergeRestarted');
    ok(String(restarted.data.reason).includes('main is at'), String(restarted.data.reason));
    // The user's own bug makes the merged whole red: the run is handed over beside the base branch.
    expect((await completes(system)).data).toMatchObject({ delivery: { base: 'left' } });
    deepStrictEqual(system.runner.userBase(), ['one', 'two', 'typo']);
    await system.stop(1000);
  });

  test('whose repository has gone says so', async () => {
    let gone = false;
    const away = () => {
      if (gone) throw new HephError('repository.not_found', '/repo is no git repository.');
    };
    const system = await startSystem({
      settings: QUICK,
      around: (runner) => ({
        async inspectRepository(request) {
          away();
          return runner.inspectRepository(request);
        },
        async deliver(request) {
          away();
          return runner.deliver(request);
        },
        async moveBranch(request) {
          gone = true;
          return runner.moveBranch(request);
        },
      }),
    });
    await system.operator('start_workflow', START);
    const end = await outcome(system);
    expect(end).toMatchObject({ type: 'WorkflowFailed', data: { code: 'repository.not_found' } });
    ok(String(end.data.reason).includes('could not be delivered'), String(end.data.reason));
    await system.stop(1000);
  });

  test('that has no check merges without one', async () => {
    const definition = definitionSchema.parse({
      ...BUGFIX,
      phases: BUGFIX.phases.filter(({ name }) => name !== 'verify').map((phase) => ({ ...phase, checks: 'none' })),
    });
    const system = await startSystem({
      settings: QUICK,
      definition,
      around: (runner) => ({
        inspectRepository: async (request) => ({ ...(await runner.inspectRepository(request)), detectedCheck: null }),
      }),
    });
    await system.operator('start_workflow', START);
    expect((await completes(system)).data).toMatchObject({ delivery: { base: 'moved' } });
    strictEqual(await counted(system, 'TaskMerged'), 2);
    await system.stop(1000);
  });

  test('waits for slots that another holds, and goes on when that ends', async () => {
    let hang = true;
    const system = await startSystem({
      settings: { ...QUICK, 'fleet.cap': 1 },
      agent: (session, speak) => (hang ? undefined : diligent(session, speak)),
    });
    const first = await system.operator('start_workflow', START);
    await system.until('TaskStarted');
    const second = await system.operator('start_workflow', START);
    await system.until('TaskQueued', ({ meta }) => meta.scope?.workflowId === second.actorId);
    strictEqual(await counted(system, 'SlotGranted'), 1);
    hang = false;
    await system.operator('cancel_workflow', { workflowId: first.actorId, reason: 'the other first' });
    await completes(system, second.actorId);
    await system.stop(1000);
  });

  test('tells of everything under the command that started it', async () => {
    const system = await startSystem({ settings: QUICK });
    const { commandId, position } = await system.operator('start_workflow', START);
    await completes(system);
    const others = (await system.events()).filter(
      (event) =>
        event.position >= position && event.meta.correlationId !== commandId && !event.meta.actor.startsWith('agent:'),
    );
    const spoken = new Set(
      (await system.events())
        .filter(({ meta }) => meta.actor.startsWith('agent:'))
        .map(({ meta }) => meta.correlationId),
    );
    deepStrictEqual(
      others.filter(({ meta }) => !spoken.has(meta.correlationId)).map(({ type, meta }) => `${type} ${meta.actor}`),
      [],
    );
    await system.stop(1000);
  });
});

describe('what breaks underneath', () => {
  test('a check that cannot be run fails the run with the runner’s reason', async () => {
    const system = await startSystem({
      settings: QUICK,
      around: () => ({
        runCheck: () => Promise.reject(new Fault('check.failed_to_run', 'npm is not there', { retryable: false })),
      }),
    });
    await system.operator('start_workflow', START);
    const end = await outcome(system);
    expect(end).toMatchObject({ type: 'WorkflowFailed', data: { code: 'check.failed_to_run' } });
    await system.stop(1000);
  });

  test('a blob that is missing fails what rests on it, and names it', async () => {
    const blobs = createMemoryBlobs();
    const system = await startSystem({
      settings: QUICK,
      blobs: {
        ...blobs,
        get: (hash) => Promise.reject(new Fault('blob.failed', `${hash} is not there`, { retryable: false })),
      },
    });
    await system.operator('start_workflow', START);
    const failed = await system.until('TaskFailed');
    ok(String(failed.data.reason).startsWith('The work could not be judged'), String(failed.data.reason));
    strictEqual((await outcome(system)).type, 'WorkflowFailed');
    await system.stop(1000);
  });

  test('a cap that is lowered holds from then on', async () => {
    const system: TestSystem = await startSystem({
      settings: QUICK,
      async agent(session, speak) {
        if (!fixing(session)) {
          const answer = await system.bus.execute({
            name: 'set_config',
            input: { changes: { 'fleet.cap': 1 } },
            principal: { role: 'operator', id: 'operator' },
          });
          ok(!isFailure(answer));
        }
        return diligent(session, speak);
      },
    });
    await system.operator('start_workflow', START);
    await completes(system);
    let held = 0;
    for (const { type } of await system.events()) {
      if (type === 'SlotGranted') held++;
      if (type === 'SlotReleased') held--;
      ok(held <= 1, `${held} slots at once`);
    }
    await system.stop(1000);
  });
});
