import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { contests } from '../../tests/support/contest-story.ts';
import { bugfix } from '../../tests/support/bugfix-story.ts';
import { measured } from '../../tests/support/measures.ts';
import { createStory, tell } from '../../tests/support/story.ts';
import { systemClock } from '../kernel/adapters/system.ts';
import { type Finding, problem } from '../kernel/findings.ts';
import type { Clock } from '../kernel/clock.ts';
import { HephError } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { createMemoryCache } from '../projections/adapters/memory-cache.ts';
import { type ProjectionHost, startProjectionHost, VIEWS } from '../projections/index.ts';
import type { AgentProbe } from '../runtime/runner.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import { askQuery, createIdIndex, QUERIES, type QueryContext } from './index.ts';

const OPERATOR: Principal = { role: 'operator', id: 'operator' };
const open: ProjectionHost[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((host) => host.close()));
});

async function given() {
  const story = createStory();
  const steps = bugfix(story);
  const [one, two] = [steps.start('one'), steps.start('two')];
  for (const workflowId of [one, two]) steps.phase(workflowId, 'fix');
  const running = steps.task(one, { title: 'Running', inputs: { failures: [{ id: 'a' }] } });
  const waiting = steps.task(one, { title: 'Waiting', parentTaskId: running });
  const other = steps.task(two, { title: 'Other' });
  for (const taskId of [running, waiting, other]) steps.queue(taskId);
  const agentId = steps.work(running);
  const elsewhere = steps.work(other);
  const store = openMemoryStore();
  await tell(store, story.events);
  const views = await startProjectionHost({
    store,
    views: VIEWS,
    cache: createMemoryCache(),
    logId: 'log_one',
    clock: systemClock,
  });
  open.push(views);
  const probes: AgentProbe[] = [
    {
      agentId,
      state: 'exited',
      exit: { code: 0, signal: null, at: 0, how: 'exited', livedMs: 1 },
      outputBytes: 1,
      tokenHash: 'secret',
    },
  ];
  const context: QueryContext = {
    principal: OPERATOR,
    views,
    store,
    ids: createIdIndex(store),
    clock: systemClock,
    definitions: { list: async () => [{ name: 'x', definition: {}, hash: 'h' }], load: vi.fn() },
    transcripts: {
      id: 'local',
      listAgents: async () => probes,
      readTerminal: async ({ agentId: asked, cursor, bytesMax }) => ({
        agentId: asked,
        cursor,
        nextCursor: cursor + bytesMax,
        data: 'aGk=',
        ended: true,
        droppedBefore: 0,
      }),
    },
    work: { id: 'local', readDiff: () => Promise.reject(new Error('no worktrees here')) },
    blobs: { get: () => Promise.reject(new Error('no blobs here')) },
    diagnose: async () => [problem('git', 'There is none.', 'Install it.')],
    health: async () => ({
      ...{ version: '1', nodeVersion: '24.0.0', pid: 1, startedAt: 0, dataDirectory: '/data', logBytes: 5 },
      checks: [{ name: 'log', status: 'ok', detail: '' }],
    }),
  };
  const worker: Principal = {
    role: 'worker',
    id: `agent:${agentId}`,
    agent: { agentId, taskId: running, workflowId: one, allowedTools: [] },
  };
  const ask = (name: string, input: unknown = {}, more: Partial<QueryContext> = {}) => {
    const definition = QUERIES.get(name);
    if (!definition) throw new Error(`no query ${name}`);
    return askQuery(name, definition, input, { ...context, ...more }) as Promise<Record<string, never>>;
  };
  const append = async (send: () => void) => {
    const before = story.events.length;
    send();
    await tell(store, story.events.slice(before));
  };
  return {
    story,
    steps,
    store,
    views,
    context,
    worker,
    ask,
    append,
    one,
    two,
    running,
    waiting,
    other,
    agentId,
    elsewhere,
  };
}

const ids = (answer: { tasks?: { taskId: string }[] }) => answer.tasks?.map((task) => task.taskId);

describe('the table', () => {
  it('has a version, a summary and a JSON schema for each query, and tools for agents', () => {
    for (const { name, v, summary, schema } of QUERIES.values()) {
      expect(v, name).toBeGreaterThan(0);
      expect(summary, name).toMatch(/^[A-Z].*\.$/);
      expect(z.toJSONSchema(schema, { io: 'input' }), name).toMatchObject({ type: 'object' });
    }
    expect([...QUERIES.values()].filter((one) => one.tool).map((one) => one.name)).toEqual([
      'get_tasks',
      'task_progress',
      'get_queue',
      'get_agent_status',
      'get_coherence',
      'get_best_of_n',
      'list_best_of_n',
      'get_builds',
      'get_best_of_n_stats',
      'list_workflow_definitions',
      'wait_for_events',
      'health_check',
    ]);
  });

  it('gives settings and transcripts to those whose role allows it', async () => {
    const { ask, worker } = await given();
    const viewer: Principal = { role: 'viewer', id: 'viewer' };
    for (const [name, principal] of [
      ['get_config', worker],
      ['get_config', viewer],
      ['get_transcript', worker],
      ['get_view', worker],
    ] as const)
      expect(await ask(name, {}, { principal }), name).toMatchObject({ code: 'auth.role' });
    expect(await ask('get_config')).toMatchObject({ view: 'config', summary: { version: 0 } });
  });

  it('refuses input that does not fit, naming the field', async () => {
    const { ask } = await given();
    expect(await ask('get_events', { limit: 0 })).toMatchObject({
      code: 'input.invalid',
      message: expect.stringContaining('limit'),
    });
    expect(await ask('get_tasks', { colour: 1 })).toMatchObject({ code: 'input.invalid' });
  });
});

describe('get_tasks and task_progress', () => {
  it('answer what is open everywhere, one workflow, one task, one state', async () => {
    const { ask, one, running, waiting, other, agentId } = await given();
    expect(ids(await ask('get_tasks'))?.sort()).toEqual([running, waiting, other].sort());
    expect(ids(await ask('get_tasks', { workflowId: one }))).toEqual([running, waiting]);
    expect(ids(await ask('get_tasks', { workflowId: one, status: 'queued' }))).toEqual([waiting]);
    expect(ids(await ask('get_tasks', { status: 'open', phase: 'verify' }))).toEqual([]);
    expect(await ask('get_tasks', { limit: 1 })).toMatchObject({ tasks: [{}], more: true });
    const { tasks } = await ask('get_tasks', { taskId: running.slice(0, 12) });
    expect(tasks).toEqual([
      expect.objectContaining({
        taskId: running,
        status: 'in_progress',
        agentId,
        attempt: 1,
        inputs: { failures: [{ id: 'a' }] },
      }),
    ]);
  });

  it('tell of one task why it waits and what it has brought forth', async () => {
    const { ask, running, waiting } = await given();
    expect(await ask('task_progress', { taskId: waiting })).toMatchObject({
      linePosition: 1,
      reasons: [{ code: 'starting' }],
      children: {},
    });
    expect(await ask('task_progress', { taskId: running })).toMatchObject({ reasons: [], children: { queued: 1 } });
  });

  it('see what has just been appended', async () => {
    const { ask, append, steps, one } = await given();
    let taskId = '';
    await append(() => {
      taskId = steps.task(one);
    });
    expect(await ask('task_progress', { taskId })).toMatchObject({ taskId, status: 'pending' });
  });

  it('keep a worker to its own workflow', async () => {
    const { ask, worker, running, waiting, other, two } = await given();
    const principal = worker;
    expect(ids(await ask('get_tasks', {}, { principal }))).toEqual([running, waiting]);
    for (const [name, input] of [
      ['get_tasks', { workflowId: two }],
      ['get_tasks', { taskId: other }],
      ['task_progress', { taskId: other }],
      ['get_queue', { workflowId: two }],
      ['get_events', { workflowId: two }],
      ['wait_for_events', { workflowId: two }],
      ['get_agent_status', { workflowId: two }],
    ] as const)
      expect(await ask(name, input, { principal }), name).toMatchObject({ code: 'auth.not_yours' });
    const queue = (await ask('get_queue', {}, { principal })) as { rows?: object };
    expect(Object.keys(queue.rows ?? {}).sort()).toEqual([running, waiting].sort());
  });

  it('say that an id is unknown or ambiguous', async () => {
    const { ask, one, other } = await given();
    expect(await ask('task_progress', { taskId: 'tsk_00000000000000000000000000' })).toMatchObject({
      code: 'id.unknown',
    });
    expect(await ask('get_tasks', { taskId: 'zzz' })).toMatchObject({ code: 'id.unknown' });
    expect(await ask('get_tasks', { taskId: 'tsk_' })).toMatchObject({ code: 'id.ambiguous' });
    expect(await ask('get_tasks', { taskId: other, workflowId: one })).toMatchObject({ code: 'id.unknown' });
  });
});

describe('get_agent_status and get_transcript', () => {
  it('set what the log says beside what the process is found to be', async () => {
    const { ask, agentId, elsewhere } = await given();
    expect(await ask('get_agent_status', { agentId })).toMatchObject({
      agents: [{ agentId, status: 'live.working', evidence: { type: 'AgentStarted' }, process: { state: 'exited' } }],
    });
    expect(JSON.stringify(await ask('get_agent_status'))).not.toContain('secret');
    expect(await ask('get_agent_status', { agentId: elsewhere })).toMatchObject({
      agents: [{ process: { state: 'absent' } }],
    });
  });

  it('say whose an agent is that another server has started', async () => {
    const { ask, agentId, context } = await given();
    const readTerminal = () => Promise.reject(new HephError('id.unknown', 'There is no such agent.'));
    const here = { ...context.transcripts, listAgents: async () => [], readTerminal };
    const other = { ...here, id: 'rnr_other' };
    expect(await ask('get_agent_status', { agentId }, { transcripts: other })).toMatchObject({
      agents: [{ process: { state: 'unknown', reason: expect.stringContaining('with the runner local') } }],
    });
    expect(await ask('get_transcript', { agentId }, { transcripts: other })).toMatchObject({ code: 'agent.elsewhere' });
    expect(await ask('get_transcript', { agentId }, { transcripts: here })).toMatchObject({ code: 'id.unknown' });
  });

  it('say unknown when the processes cannot be asked', async () => {
    const { ask, agentId, context } = await given();
    const transcripts = { ...context.transcripts, listAgents: () => Promise.reject(new Error('no holders')) };
    expect(await ask('get_agent_status', { agentId }, { transcripts })).toMatchObject({
      agents: [{ process: { state: 'unknown', reason: 'no holders' } }],
    });
  });

  it('read a terminal from a cursor', async () => {
    const { ask, agentId } = await given();
    expect(await ask('get_transcript', { agentId: agentId.slice(0, 14), cursor: 5, bytesMax: 2 })).toMatchObject({
      agentId,
      cursor: 5,
      nextCursor: 7,
      encoding: 'base64',
      ended: true,
    });
    expect(await ask('get_transcript', { agentId: 'agt_00000000000000000000000000' })).toMatchObject({
      code: 'id.unknown',
    });
  });
});

describe('events', () => {
  it('come in pages with a sentence each', async () => {
    const { ask, story } = await given();
    const types: string[] = [];
    let after = '0';
    for (;;) {
      const answer = (await ask('get_events', { after, limit: 7 })) as unknown as {
        events: { type: string; text: string }[];
        position: string;
      };
      if (answer.events.length === 0) break;
      expect(answer.events.every((event) => event.text.length > 0)).toBe(true);
      types.push(...answer.events.map((event) => event.type));
      after = answer.position;
    }
    expect(types).toEqual(story.events.map((event) => event.type));
  });

  it('of one stream are those of that stream only', async () => {
    const { ask, running } = await given();
    const { events } = (await ask('get_events', { stream: `task-${running}` })) as unknown as {
      events: { stream: string }[];
    };
    expect(new Set(events.map((event) => event.stream))).toEqual(new Set([`task-${running}`]));
    expect(await ask('get_events', { stream: 'task-' })).toMatchObject({ events: [] });
  });

  it('that are there already are answered at once, with the cursor to go on from', async () => {
    const { ask, one } = await given();
    const first = await ask('wait_for_events', { after: '0', workflowId: one, limit: 2 });
    expect(first).toMatchObject({ timedOut: false, events: [{ type: 'WorkflowStarted' }, { type: 'RunOpened' }] });
    const second = await ask('wait_for_events', { after: first.position, workflowId: one, limit: 1 });
    expect(second).toMatchObject({ events: [{ type: 'BaselineRecorded' }] });
  });

  it('wake who waits for them, and no others do', async () => {
    const { ask, append, story, store, running, waiting } = await given();
    const after = (await store.head()).toString();
    const waits = ask('wait_for_events', { after, taskId: waiting, types: ['TaskBoosted', 'TaskProgressed'] });
    await append(() => {
      story.send('report_progress', { taskId: running, message: 'half' });
      story.send('boost_task', { taskId: waiting });
    });
    expect(await waits).toMatchObject({ timedOut: false, events: [{ type: 'TaskBoosted' }] });
  });

  it('that do not come are told of when the time is over, or when nobody waits any more', async () => {
    const { ask, store } = await given();
    let fire = () => {};
    const cancel = vi.fn();
    const armed = Promise.withResolvers<void>();
    const clock: Clock = {
      ...systemClock,
      after(delayMs, then) {
        expect(delayMs).toBe(1234);
        fire = then;
        armed.resolve();
        return cancel;
      },
    };
    const waits = ask('wait_for_events', { timeoutMs: 1234 }, { clock });
    await armed.promise;
    fire();
    expect(await waits).toEqual({ events: [], position: (await store.head()).toString(), timedOut: true });
    expect(cancel).toHaveBeenCalledOnce();
    const gone = await ask('wait_for_events', {}, { signal: AbortSignal.abort() });
    expect(gone).toMatchObject({ timedOut: true });
  });
});

describe('questions about best-of-Ns', () => {
  async function contested() {
    const base = await given();
    const steps = contests(base.story);
    const made = { first: '', second: '', taskId: '' };
    await base.append(() => {
      made.first = steps.judged({ agents: ['repair', 'claude'] }, [0.5, 1, null]);
      steps.complete(made.first);
      made.second = steps.begin({ from: { bestOfNId: made.first, index: 1 }, n: 2 });
      steps.plan(made.second, base.one);
      base.story.send('record_build_started', { bestOfNId: made.second, index: 0, taskId: base.waiting });
    });
    return { ...base, ...made };
  }
  const keys = (answer: { rows?: object }) => Object.keys(answer.rows ?? {});

  it('set the candidates side by side, with the reasons of a task that waits', async () => {
    const { ask, first, second, waiting } = await contested();
    expect(await ask('get_best_of_n', { bestOfNId: first })).toMatchObject({
      view: 'best-of-n',
      rows: { [`${first}/1`]: { won: true, task: null } },
      summary: { bestOfNId: first, status: 'completed', verdict: { winner: 1 } },
    });
    expect(await ask('get_best_of_n', { bestOfNId: second })).toMatchObject({
      rows: {
        [`${second}/0`]: {
          taskId: waiting,
          task: { status: 'queued', running: false, reasons: [{ code: 'starting' }] },
        },
        [`${second}/1`]: { taskId: null, task: null },
      },
    });
  });

  it('list the runs, the builds and what they came from, and how each agent fared', async () => {
    const { ask, first, second } = await contested();
    expect(keys(await ask('list_best_of_n'))).toEqual([second, first]);
    expect(keys(await ask('list_best_of_n', { status: 'building' }))).toEqual([second]);
    expect(keys(await ask('get_builds', { bestOfNId: first }))).toEqual([`${first}/2`, `${first}/1`, `${first}/0`]);
    expect(keys(await ask('get_builds', { order: 'top', limit: 1 }))).toEqual([`${first}/1`]);
    expect(keys(await ask('get_builds', { build: `${second}/1`, relation: 'ancestors' }))).toEqual([
      ...[`${second}/0`, `${first}/1`, `${first}/0`],
    ]);
    expect(await ask('get_best_of_n_stats', { by: 'agent' })).toMatchObject({
      rows: { 'agent claude': { won: 1, winRate: 1 }, 'agent repair': { won: 0, regret: 0.25 } },
      summary: { runs: 2, decided: 1 },
    });
  });

  it('take a unique prefix of a run, also in the name of a build, and say what they cannot find', async () => {
    const { ask, first, second } = await contested();
    const unique = Array.from({ length: 30 }, (_none, n) => first.slice(0, n)).find(
      (prefix) => prefix.length > 4 && !second.startsWith(prefix),
    ) as string;
    expect(await ask('get_best_of_n', { bestOfNId: unique })).toMatchObject({ summary: { bestOfNId: first } });
    expect(keys(await ask('get_builds', { build: `${unique}/2` }))).toEqual([`${first}/2`]);
    for (const [name, input, code] of [
      ['get_best_of_n', { bestOfNId: 'bon_' }, 'id.ambiguous'],
      ['get_best_of_n', { bestOfNId: 'bon_00000000000000000000000000' }, 'id.unknown'],
      ['get_best_of_n', { bestOfNId: '../x' }, 'id.unknown'],
      ['get_best_of_n', {}, 'input.invalid'],
      ['get_builds', { build: first }, 'best.no_such_build'],
      ['get_builds', { build: `${first}/3` }, 'best.no_such_build'],
      ['get_builds', { build: `${first}/99` }, 'best.no_such_build'],
      ['get_builds', { build: 'bon_/0' }, 'id.ambiguous'],
      ['get_builds', { build: 'bon_zzz/0' }, 'id.unknown'],
      ['get_builds', { relation: 'ancestors' }, 'input.invalid'],
      ['get_builds', { limit: 0 }, 'input.invalid'],
      ['get_best_of_n_stats', { by: 'colour' }, 'input.invalid'],
    ] as const)
      expect(await ask(name, input), JSON.stringify(input)).toMatchObject({ code });
  });

  it('are views, as of any position, and the same when folded anew', async () => {
    const { ask, story, first, second } = await contested();
    const begun = story.events.find(({ stream }) => stream === `bestOfN-${first}`)?.position as bigint;
    const decided = story.events.find(({ type }) => type === 'WinnerSelected')?.position as bigint;
    const at = (view: string, position: bigint, params: object) =>
      ask('get_view', { view, params, at: position.toString() });
    const status = async (position: bigint) =>
      (await at('best-of-n', position, { bestOfNId: first })).summary as { status: string } | undefined;
    expect(await status(begun - 1n)).toMatchObject({ status: 'unknown' });
    expect(await status(begun)).toMatchObject({ status: 'planned', verdict: null });
    expect(await status(decided)).toMatchObject({ status: 'selected', verdict: { winner: 1 } });
    expect(keys(await at('builds', decided, {}))).toEqual([`${first}/2`, `${first}/1`, `${first}/0`]);
    expect(keys(await at('builds', begun - 1n, { show: 'runs' }))).toEqual([]);
    expect(await ask('rebuild_view', { view: 'builds' })).toMatchObject({ equal: true });
    expect(keys(await ask('get_view', { view: 'builds', params: { show: 'runs' } }))).toEqual([second, first]);
    expect(await ask('get_view', { view: 'best-of-n' })).toMatchObject({ code: 'input.invalid' });
  });

  it('are not for a candidate, which would no longer be one of its own', async () => {
    const { ask, worker, second } = await contested();
    for (const name of ['get_best_of_n', 'list_best_of_n', 'get_builds', 'get_best_of_n_stats'])
      expect(await ask(name, { bestOfNId: second }, { principal: worker }), name).toMatchObject({ code: 'auth.role' });
  });
});

describe('diagnose', () => {
  it('tells what the machine lacks and how the parts of the server are, with what to do, and to operators only', async () => {
    const { ask, worker } = await given();
    const checks = [
      { name: 'log', status: 'ok' as const, detail: 'at position 3' },
      { name: 'model', status: 'unknown' as const, detail: 'nobody asked it' },
      { name: 'actors', status: 'degraded' as const, detail: 'task-x: poisoned' },
      { name: 'disk', status: 'failed' as const, detail: 'read-only' },
    ];
    const health = async () => ({ ...(await ask('health_check')), checks }) as never;
    const { findings, problems, warnings } = (await ask('diagnose', {}, { health })) as unknown as {
      findings: Finding[];
      problems: number;
      warnings: number;
    };
    expect(findings.map(({ what, level }) => `${what} ${level}`)).toEqual([
      'git error',
      'log ok',
      'model note',
      'actors warning',
      'disk error',
      'views ok',
    ]);
    expect([problems, warnings]).toEqual([2, 1]);
    for (const { level, next } of findings) expect(next === null).toBe(level === 'ok');
    expect(await ask('diagnose', {}, { principal: worker })).toMatchObject({ kind: 'denied' });
  });
});

describe('get_view, health_check and list_workflow_definitions', () => {
  it('ask a view as of a position, with prefixes of ids in its parameters', async () => {
    const { ask, one } = await given();
    expect(
      await ask('get_view', { view: 'workflow', params: { workflowId: one.slice(0, 14) }, at: '2' }),
    ).toMatchObject({
      position: '2',
      params: { workflowId: one },
      rows: {},
    });
    expect(await ask('get_view', { view: 'moon' })).toMatchObject({ code: 'query.unknown' });
    expect(await ask('get_view', { view: 'queue', at: '999999' })).toMatchObject({ code: 'position.ahead' });
  });

  it('is as well as its worst part, and unknown is not well', async () => {
    const { ask, context, views, worker } = await given();
    await views.caughtUp;
    expect(await ask('health_check')).toMatchObject({ status: 'ok', dataDirectory: '/data' });
    expect(await ask('health_check', {}, { principal: worker })).not.toHaveProperty('dataDirectory');
    expect(await ask('health_check', {}, { principal: worker })).not.toHaveProperty('logBytes');
    const health = async () => ({
      ...(await context.health()),
      checks: [{ name: 'disk', status: 'unknown' as const, detail: '' }],
    });
    expect(await ask('health_check', {}, { health })).toMatchObject({ status: 'unknown' });
    await views.close();
    expect(await ask('health_check')).toMatchObject({ status: 'failed' });
  });

  it('lists what can be started', async () => {
    const { ask } = await given();
    expect(await ask('list_workflow_definitions')).toEqual({ definitions: [{ name: 'x', definition: {}, hash: 'h' }] });
  });
});

describe('get_coherence and try_coherence', () => {
  async function judged() {
    const world = await given();
    const { story, append, agentId, running, elsewhere, other, one, two } = world;
    const look = (who: { agentId: string; taskId: string; workflowId: string }, times: number) => {
      const watched = { repositoryId: 'rep_one', runnerId: 'local', agent: 'claude', phase: 'fix', attempt: 1 };
      const loops = { times, action: '$ npm test', stale: times };
      const moment = { measuredAt: story.now(), heldUntil: null, watchedSince: 0 };
      return append(() => story.send('judge_agent', { ...who, ...watched, ...moment, measured: measured({ loops }) }));
    };
    await look({ agentId, taskId: running, workflowId: one }, 3);
    await look({ agentId: elsewhere, taskId: other, workflowId: two }, 8);
    return world;
  }

  it('tells of all agents, of one, and an agent of its own workflow only', async () => {
    const { ask, worker, agentId, elsewhere, views, store } = await judged();
    await views.view('coherence', {}, { until: await store.head() });
    const all = (await ask('get_coherence')) as unknown as { rows: Record<string, { score: number }> };
    expect(Object.keys(all.rows).sort()).toEqual([agentId, elsewhere].sort());
    expect(await ask('get_coherence', { agentId })).toMatchObject({
      rows: { [agentId]: { why: 'Nobody has looked at it lately.' } },
    });
    const own = (await ask('get_coherence', {}, { principal: worker })) as unknown as { rows: object };
    expect(Object.keys(own.rows)).toEqual([agentId]);
    expect(await ask('get_coherence', { agentId: elsewhere }, { principal: worker })).toMatchObject({
      code: 'auth.not_yours',
    });
  });

  it('tries other thresholds over what was recorded, and changes nothing', async () => {
    const { ask, agentId, store } = await judged();
    const head = await store.head();
    const tried = (await ask('try_coherence', { thresholds: { loopsMax: 3 }, weights: { loops: 0 } })) as unknown as {
      verdicts: number;
      score: { recorded: number; tried: number };
      signals: object[];
      different: object[];
    };
    expect(tried).toMatchObject({ verdicts: 2, different: [{ agentId, signal: 'loops', wouldWarn: true }] });
    expect(tried.signals).toContainEqual({ signal: 'loops', warned: 1, wouldWarn: 2 });
    expect(tried.score.tried).toBeGreaterThan(tried.score.recorded);
    expect(await ask('try_coherence', { agentId, limit: 1 })).toMatchObject({ verdicts: 1, different: [] });
    expect(await store.head()).toBe(head);
  });
});
