import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { replay } from '../actors/replay.ts';
import { World } from './world.ts';
import { Fault } from '../kernel/errors.ts';
import { createFakeRunner } from '../../tests/support/fake-runner.ts';
import { createMemoryCache } from '../projections/adapters/memory-cache.ts';
import { createSnapshots } from '../projections/index.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { definitionSchema } from '../machines/workflow/index.ts';
import {
  BUGFIX,
  createLine,
  diligent,
  START,
  startSystem,
  type TestSystem,
  type TestSystemOptions,
} from '../../tests/support/system.ts';
import { systemClock } from '../kernel/adapters/system.ts';

const QUICK = { 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };

async function outcome(system: TestSystem) {
  return Promise.race([
    system.until('WorkflowCompleted'),
    system.until('WorkflowFailed'),
    system.until('WorkflowCancelled'),
  ]);
}

async function counted(system: TestSystem, type: string): Promise<number> {
  return (await system.events(type)).length;
}

describe('the main job', () => {
  test('goes from prompt to merge', async () => {
    const system = await startSystem();
    await system.operator('start_workflow', START);
    const end = await outcome(system);
    strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
    expect(end.data).toMatchObject({ delivery: { base: 'moved' } });
    deepStrictEqual(system.runner.userBase(), []);
    strictEqual(await counted(system, 'TaskMerged'), 2);
    await system.stop(1000);
    const report = await replay(system.store);
    strictEqual(report.difference, null, JSON.stringify(report.difference));
    ok(report.commands > 30);
  });

  test('leaves the base branch alone when it is told to', async () => {
    const system = await startSystem();
    await system.operator('start_workflow', { ...START, merge: false });
    expect((await outcome(system)).data).toMatchObject({ delivery: { base: 'not_asked' } });
    deepStrictEqual(system.runner.userBase(), ['one', 'two']);
    await system.stop(1000);
  });

  test('leaves no worktree behind, and then forgets the run', async () => {
    const system = await startSystem();
    await system.operator('start_workflow', START);
    await outcome(system);
    const removed = new Set<string>();
    while (removed.size < 3)
      removed.add((await system.until('WorktreeRemoved', (event) => !removed.has(event.stream))).stream);
    await system.processes.waitFor(await system.store.head());
    strictEqual(system.processes.world.workflows.size, 0);
    strictEqual(system.processes.world.tasks.size, 0);
    await system.stop(1000);
  });

  test('gives every slot back', async () => {
    const system = await startSystem();
    await system.operator('start_workflow', START);
    await outcome(system);
    await system.until(
      'SlotReleased',
      ({ position }) => position > 0n && Object.keys(system.processes.world.fleet.context.slots).length <= 1,
    );
    strictEqual(await counted(system, 'SlotGranted'), 3);
    await system.stop(1000);
  });
});

describe('a crash at any moment', () => {
  test('loses nothing and doubles nothing', async () => {
    const whole = await startSystem();
    await whole.operator('start_workflow', START);
    await outcome(whole);
    await whole.stop(1000);
    const length = (await whole.events()).length;
    let crashes = 0;
    for (let at = 1; at < length; at++) {
      const store = openMemoryStore();
      const blobs = createMemoryBlobs();
      const line = createLine();
      const first = await startSystem({ store, blobs, line });
      const seen = (async () => {
        for await (const item of store.subscribe()) {
          if (item.kind === 'events' && item.events.some((event) => event.position >= BigInt(at))) return;
        }
      })();
      await first.operator('start_workflow', START);
      await seen;
      // The old host forgets everything; what it had under way may still land, as an effect of a dead server may.
      await first.stop(0);
      crashes++;
      const second = await startSystem({ store, blobs, line, runner: first.runner });
      const end = await outcome(second);
      strictEqual(end.type, 'WorkflowCompleted', `crash after event ${at}: ${JSON.stringify(end.data)}`);
      deepStrictEqual(second.runner.userBase(), []);
      const started = first.runner.calls.filter((call) => call.startsWith('startAgent'));
      strictEqual(new Set(started).size, started.length, `crash after event ${at}: an agent was started twice`);
      const merged = (await second.events('TaskMerged')).map((event) => event.stream);
      strictEqual(new Set(merged).size, merged.length);
      await second.stop(1000);
    }
    ok(crashes > 20);
  });
});

describe('what the processes know', () => {
  test('is saved at a stop, and a start from it ends the job as one from the first event does', async () => {
    const store = openMemoryStore();
    const blobs = createMemoryBlobs();
    const line = createLine();
    const cache = createMemoryCache();
    const warnings: string[] = [];
    const snapshots = createSnapshots(store, cache, 'log_1', (message) => warnings.push(message));
    let hang = true;
    const agent: TestSystemOptions['agent'] = (session, speak) => (hang ? undefined : diligent(session, speak));
    const first = await startSystem({ store, blobs, line, snapshots, agent, settings: QUICK });
    await first.operator('start_workflow', START);
    await first.until('TaskStarted');
    const folded = first.processes.world.save();
    await first.stop(1000);
    const saved = cache.latest({ projection: 'processes', v: 11, logId: 'log_1' });
    ok(saved && saved.position === (await store.head()));
    deepStrictEqual(World.restore(JSON.parse(saved.state)).save(), JSON.parse(JSON.stringify(folded)));

    const second = await startSystem({ store, blobs, line, snapshots, runner: first.runner });
    hang = false;
    await second.operator('stop_agent', { agentId: [...second.processes.world.agents.keys()][0] as string });
    strictEqual((await outcome(second)).type, 'WorkflowCompleted');
    deepStrictEqual(warnings, []);
    await second.stop(1000);
  });
});

describe('an agent that fails', () => {
  test('costs an attempt, and the next one may succeed', async () => {
    let starts = 0;
    const system = await startSystem({
      settings: QUICK,
      agent: (session, speak) => (++starts === 1 ? session.exit(1) : diligent(session, speak)),
    });
    await system.operator('start_workflow', START);
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    const failed = await system.events('AttemptFailed');
    strictEqual(failed.length, 1);
    expect(failed[0]?.data).toMatchObject({ code: 'agent_died', counts: true });
    ok(String(failed[0]?.data.reason).includes('last words of'));
    await system.stop(1000);
  });

  test('fails its task when the attempts are used up, and the run with it', async () => {
    const system = await startSystem({
      settings: { ...QUICK, 'fleet.diedAtOnceMs': 0 },
      agent: (session) => session.exit(3),
    });
    await system.operator('start_workflow', START);
    const end = await outcome(system);
    expect(end.data).toMatchObject({ code: 'phase_failed' });
    ok(String(end.data.reason).includes('exit code 3'), String(end.data.reason));
    strictEqual(await counted(system, 'AttemptFailed'), 2);
    await system.stop(1000);
  });

  test('stops its name when three in a row die at once', async () => {
    const system = await startSystem({
      settings: { ...QUICK, 'limits.attemptsMax': 10, 'fleet.diedAtOnceMs': 60_000 },
      agent: (session) => session.exit(1),
    });
    await system.operator('start_workflow', START);
    const stopped = await system.until('AgentKindStopped');
    expect(stopped.data).toMatchObject({ agent: 'repair', deaths: 3 });
    expect(await system.refused('boost_task', { taskId: 'tsk_none' })).toMatchObject({ code: 'task.not_open' });
    strictEqual(await counted(system, 'SlotGranted'), 3);
    await system.stop(1000);
  });

  test('is judged by its work when it ends well without a word', async () => {
    const system = await startSystem({
      settings: QUICK,
      agent: async (session, speak) => {
        if (session.start.prompt.includes('phase investigate')) return diligent(session, speak);
        for (const match of session.start.prompt.matchAll(/test\/(\w+)\.test\.js > /g)) session.fix(match[1] as string);
        session.exit(0);
      },
    });
    await system.operator('start_workflow', START);
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    strictEqual((await system.events('WorkSubmitted')).filter((event) => event.data.how === 'exited').length, 2);
    await system.stop(1000);
  });

  test('is not believed when it ends well although its last turn failed', async () => {
    const system = await startSystem({
      settings: QUICK,
      agent: (session) => {
        session.print(`${JSON.stringify({ type: 'turn.failed', error: { message: 'No such model.' } })}\r\n`);
        session.exit(0);
      },
    });
    await system.operator('start_workflow', { ...START, agent: 'codex' });
    const end = await outcome(system);
    expect(end.data).toMatchObject({ code: 'phase_failed', reason: expect.stringContaining('No such model.') });
    const failed = await system.events('AttemptFailed');
    expect(failed.map(({ data }) => data.code)).toEqual(['turn_failed', 'turn_failed']);
    strictEqual(await counted(system, 'WorkSubmitted'), 0);
    await system.stop(1000);
  });

  test('says success and did nothing: its task does not pass', async () => {
    const system = await startSystem({
      settings: QUICK,
      agent: async (session, speak) => {
        if (session.start.prompt.includes('phase investigate')) return diligent(session, speak);
        await speak('update_task_status', { taskId: session.start.taskId, status: 'done', summary: 'all good' });
        session.exit(0);
      },
    });
    await system.operator('start_workflow', START);
    strictEqual((await outcome(system)).type, 'WorkflowFailed');
    deepStrictEqual(
      [...new Set((await system.events('ValidationFailed')).map((event) => event.data.code))],
      ['no_change'],
    );
    strictEqual(await counted(system, 'TaskMerged'), 0);
    await system.stop(1000);
  });

  test('breaks what was green: its work comes back with the names', async () => {
    let tries = 0;
    const system = await startSystem({
      settings: QUICK,
      agent: async (session, speak) => {
        const first = session.start.prompt.includes('Fix one') && tries++ === 0;
        if (first) session.add('broken:fine');
        return diligent(session, speak);
      },
    });
    await system.operator('start_workflow', START);
    const verdict = await system.until('ValidationFailed');
    expect(verdict.data).toMatchObject({ code: 'broke_tests' });
    ok(String(verdict.data.feedback).includes('fine'));
    await system.operator('stop_all', { reason: 'seen enough' });
    await system.stop(1000);
  });

  test('cannot be started: the reason is the runner’s', async () => {
    const runner = createFakeRunner({ bugs: ['one'], agent: () => {}, now: () => systemClock.now() });
    runner.failNext(
      'startAgent',
      new Fault('agent.not_found_executable', 'claude is not on the PATH.', { retryable: false }),
    );
    const system = await startSystem({ settings: { ...QUICK, 'limits.attemptsMax': 1 }, runner });
    await system.operator('start_workflow', START);
    ok(String((await outcome(system)).data.reason).includes('claude is not on the PATH'));
    await system.stop(1000);
  });

  test('is lost with its holder: the task is tried again', async () => {
    let starts = 0;
    const system: TestSystem = await startSystem({
      settings: QUICK,
      agent: (session, speak) =>
        ++starts === 1 ? void setImmediate(() => system.runner.lose(session.start.agentId)) : diligent(session, speak),
    });
    await system.operator('start_workflow', START);
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    strictEqual(await counted(system, 'AgentLost'), 1);
    await system.stop(1000);
  });

  test('is looked at again when the look at its end fails', async () => {
    const system = await startSystem({ settings: QUICK });
    for (let n = 0; n < 3; n++)
      system.runner.failNext('probeAgent', new Fault('terminal.failed', 'its holder did not answer'));
    await system.operator('start_workflow', START);
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    await system.stop(1000);
  });
});

describe('merging', () => {
  test('sends work back that conflicts, and it is made again on the new tip', async () => {
    const system = await startSystem({ settings: QUICK, conflicts: [['one', 'two']] });
    await system.operator('start_workflow', START);
    const end = await outcome(system);
    strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
    ok((await counted(system, 'WorkSentBack')) >= 1);
    deepStrictEqual(system.runner.userBase(), []);
    await system.stop(1000);
  });

  test.each([
    ['claude', true],
    ['repair', false],
  ])('lays the conflict into the worktree of %s: %s', async (agent, laid) => {
    const system = await startSystem({ settings: QUICK, conflicts: [['one', 'two']] });
    await system.operator('start_workflow', { ...START, agent });
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    const back = await system.events('WorkSentBack');
    const expected = laid ? back.map(({ meta }) => `layUnfinished ${meta.scope?.taskId}`) : [];
    deepStrictEqual(
      system.runner.calls.filter((call) => call.startsWith('layUnfinished')),
      expected,
    );
    await system.stop(1000);
  });

  test('opens further tasks when the whole is red, and ends after a bounded number of rounds', async () => {
    const system = await startSystem({
      settings: QUICK,
      bugs: ['one', 'two', 'three'],
      // Two of three are grouped; nobody ever fixes the third.
      agent: async (session, speak) => {
        if (session.start.prompt.includes('> three')) {
          await speak('update_task_status', {
            taskId: session.start.taskId,
            status: 'failed',
            reason: 'no patch was found',
          });
          return session.exit(0);
        }
        return diligent(session, speak);
      },
    });
    await system.operator('start_workflow', START);
    const end = await outcome(system);
    strictEqual(end.type, 'WorkflowFailed');
    ok(String(end.data.reason).includes('no patch was found'), String(end.data.reason));
    expect(end.data).toMatchObject({ delivery: { base: 'not_asked' } });
    ok((await system.events('PhaseStarted')).some((event) => event.data.phase === 'fix' && event.data.round === 2));
    deepStrictEqual(system.runner.userBase(), ['one', 'three', 'two']);
    await system.stop(1000);
  });

  test('mends in a further round what the first one did not see', async () => {
    const system = await startSystem({ settings: QUICK, bugs: ['one', 'two', 'three'] });
    await system.operator('start_workflow', START);
    const end = await outcome(system);
    strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
    deepStrictEqual(system.runner.userBase(), []);
    await system.stop(1000);
  });
});

describe('an operator', () => {
  test('pauses the fleet, also across a restart, and resumes it', async () => {
    const store = openMemoryStore();
    const blobs = createMemoryBlobs();
    const line = createLine();
    const first = await startSystem({ store, blobs, line });
    await first.operator('pause_fleet', { reason: 'lunch' });
    await first.operator('start_workflow', START);
    await first.until('TaskQueued');
    await first.stop(1000);
    const second = await startSystem({ store, blobs, line, runner: first.runner });
    strictEqual((await second.events('SlotGranted')).length, 0);
    await second.operator('resume_fleet', {});
    strictEqual((await outcome(second)).type, 'WorkflowCompleted');
    await second.stop(1000);
  });

  test('stops everything at once, and the work goes on after the resume without having cost an attempt', async () => {
    let hang = true;
    const system = await startSystem({
      settings: QUICK,
      agent: (session, speak) => (hang ? undefined : diligent(session, speak)),
    });
    await system.operator('start_workflow', START);
    await system.until('TaskStarted');
    await system.operator('stop_all', { reason: 'wrong branch' });
    const failed = await system.until('AttemptFailed');
    expect(failed.data).toMatchObject({ code: 'agent_stopped', counts: false });
    hang = false;
    await system.operator('resume_fleet', {});
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    await system.stop(1000);
  });

  test('cancels a workflow: agents are stopped, tasks end with the reason', async () => {
    const system = await startSystem({ settings: QUICK, agent: () => {} });
    const { actorId } = await system.operator('start_workflow', START);
    await system.until('TaskStarted');
    await system.operator('cancel_workflow', { workflowId: actorId, reason: 'not needed' });
    await system.until('AgentExited');
    expect((await system.until('TaskCancelled')).data).toMatchObject({ reason: 'The workflow is cancelled.' });
    await system.until('SlotReleased');
    await system.stop(1000);
  });

  test('pauses a workflow: nothing new starts until it is resumed', async () => {
    const system = await startSystem({
      settings: QUICK,
      agent: async (session, speak) => {
        if (session.start.prompt.includes('phase investigate'))
          await system.operator('pause_workflow', { workflowId: workflowId(), reason: 'wait' });
        return diligent(session, speak);
      },
    });
    const workflowId = () => [...system.processes.world.workflows.keys()][0] as string;
    await system.operator('start_workflow', START);
    await system.until('TaskCompleted');
    strictEqual(await counted(system, 'SlotGranted'), 1);
    await system.operator('resume_workflow', { workflowId: workflowId() });
    strictEqual((await outcome(system)).type, 'WorkflowCompleted');
    await system.stop(1000);
  });

  test('has a workflow paused by its budget', async () => {
    const system = await startSystem({
      settings: { ...QUICK, 'budgets.tokensMax': 10 },
      agent: async (session, speak) => {
        await speak('report_usage', { taskId: session.start.taskId, inputTokens: 100 });
        return diligent(session, speak);
      },
      definition: definitionSchema.parse({
        ...BUGFIX,
        phases: BUGFIX.phases.map((phase) => ({
          ...phase,
          allowed_tools: ['create_task', 'update_task_status', 'report_usage'],
        })),
      }),
    });
    await system.operator('start_workflow', START);
    ok(String((await system.until('WorkflowPaused')).data.reason).includes('100 tokens of 10'));
    await system.stop(1000);
  });
});

describe('the way in', () => {
  test('refuses what cannot be, and records nothing', async () => {
    const system = await startSystem();
    const before = (await system.events()).length;
    expect(await system.refused('start_workflow', { ...START, workflow: 'nonsense' })).toMatchObject({
      code: 'definition.unknown',
    });
    expect(await system.refused('start_workflow', { ...START, repository: '/nowhere' })).toMatchObject({
      code: 'repository.not_found',
    });
    expect(await system.refused('start_workflow', { ...START, agent: 'nobody' })).toMatchObject({
      code: 'agent.unknown_preset',
    });
    expect(await system.refused('start_workflow', { ...START, params: { speed: 1 } })).toMatchObject({
      code: 'input.invalid',
    });
    expect(await system.refused('start_workflow', { goal: 1 })).toMatchObject({ code: 'input.invalid' });
    expect(await system.refused('no_such_thing', {})).toMatchObject({ code: 'command.unknown' });
    expect(await system.refused('create_task', { workflowId: 'wfl_x', phase: 'fix', title: 't' })).toMatchObject({
      code: 'workflow.not_open',
    });
    expect(await system.refused('assign_task', { taskId: 't', agentId: 'a', attempt: 1 })).toMatchObject({
      code: 'auth.role',
    });
    strictEqual((await system.events()).length, before);
    await system.stop(1000);
  });

  test('answers a repeated command as the first time', async () => {
    const system = await startSystem({ agent: () => {} });
    const first = await system.operator('start_workflow', START, 'key-1');
    const again = await system.operator('start_workflow', START, 'key-1');
    deepStrictEqual({ ...again, repeated: false, state: first.state }, first);
    strictEqual(again.repeated, true);
    strictEqual(await counted(system, 'WorkflowStarted'), 1);
    await system.stop(1000);
  });

  test('keeps an agent to its own task and tools, and keeps what it was refused', async () => {
    const refusals: unknown[] = [];
    const system = await startSystem({
      agent: async (session, speak) => {
        refusals.push(await speak('update_task_status', { taskId: 'tsk_other', status: 'done' }));
        refusals.push(await speak('pause_fleet', {}));
        if (session.start.prompt.includes('phase fix'))
          refusals.push(await speak('create_task', { phase: 'fix', title: 'more' }));
        return diligent(session, speak);
      },
    });
    await system.operator('start_workflow', START);
    await outcome(system);
    const codes = refusals.map((refusal) => (refusal as { code: string }).code);
    deepStrictEqual([...new Set(codes)].sort(), ['auth.not_yours', 'auth.role', 'auth.tool_not_allowed']);
    ok((await counted(system, 'AccessDenied')) >= 4);
    await system.stop(1000);
  });
});
