import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { initialQueue, line as viewsLine } from '../projections/queue/state.ts';
import { foldQueue } from '../projections/queue/fold.ts';
import type { Task } from '../machines/task/index.ts';
import type { StoredEvent } from '../store/event-store.ts';
import { phases } from './phases.ts';
import type { Entity } from './entity.ts';
import { relatedTo } from './related.ts';
import { World } from './world.ts';

/** A world and a way to let something happen in it; what is not said does not matter to it. */
function history() {
  const world = new World();
  const events: StoredEvent[] = [];
  const revisions = new Map<string, number>();
  const states = new Map<string, string>();
  const clock = { wrongBy: 0 };
  const happen = (stream: string, type: string, data: object = {}, scope: object = {}) => {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const position = BigInt(events.length + 1);
    const event = {
      ...{ id: `evt_${position}`, stream, revision, position, type, v: 1, at: Number(position) + clock.wrongBy, data },
      meta: { actor: 'test', correlationId: 'cmd_1', from: states.get(stream), scope },
    } as unknown as StoredEvent;
    events.push(event);
    const entity = world.apply(event);
    if (entity) states.set(stream, entity.value);
    if (entity?.kind === 'task')
      Object.assign(event.meta, { to: entity.value, scope: (entity as Entity<Task>).context.spec });
    return entity;
  };
  const start = (workflowId: string) =>
    happen(`workflow-${workflowId}`, 'WorkflowStarted', {
      workflowId,
      repository: { repositoryId: 'rep_1' },
      runBranch: `heph/${workflowId}`,
      definition: { phases: [] },
    });
  const create = (taskId: string, workflowId: string, more: object = {}) =>
    happen(`task-${taskId}`, 'TaskCreated', {
      ...{
        taskId,
        workflowId,
        repositoryId: 'rep_1',
        phase: 'fix',
        phaseIndex: 1,
        priority: 'medium',
        agent: 'repair',
      },
      ...more,
    });
  const queue = (taskId: string, workflowId: string, more: object = {}) => {
    create(taskId, workflowId, more);
    happen(`task-${taskId}`, 'TaskQueued', { because: '' });
  };
  return { world, events, happen, start, create, queue, clock };
}

const sizes = ({ tasks, agents, workflows, trains, candidates }: World) => [
  tasks.size,
  agents.size,
  workflows.size,
  trains.size,
  candidates.size,
];

function wholeRun() {
  const story = history();
  const { happen, start, queue } = story;
  start('wfl_1');
  queue('tsk_1', 'wfl_1');
  happen('fleet-main', 'SlotGranted', {
    agentId: 'agt_1',
    taskId: 'tsk_1',
    workflowId: 'wfl_1',
    agent: 'repair',
    attempt: 1,
  });
  happen('task-tsk_1', 'TaskAssigned', { agentId: 'agt_1', attempt: 1 });
  happen('agent-agt_1', 'AgentRequested', { agentId: 'agt_1', taskId: 'tsk_1', workflowId: 'wfl_1', attempt: 1 });
  happen('task-tsk_1', 'TaskStarted', { agentId: 'agt_1', attempt: 1 });
  happen('mergeTrain-mtr_1', 'TrainOpened', {
    trainId: 'mtr_1',
    repositoryId: 'rep_1',
    kind: 'run',
    branch: 'heph/wfl_1',
  });
  happen('mergeTrain-mtr_1', 'CandidateQueued', { candidateId: 'tsk_1-1', workflowId: 'wfl_1', taskId: 'tsk_1' });
  return story;
}

describe('what is let go of', () => {
  test('is a workflow with everything of it, when nothing can change any more', () => {
    const { world, happen } = wholeRun();
    happen('mergeTrain-mtr_1', 'MergeStarted', { candidateId: 'tsk_1-1' });
    happen('mergeTrain-mtr_1', 'CandidateRefused', {
      candidateId: 'tsk_1-1',
      code: 'x',
      reason: '',
      files: [],
      check: null,
    });
    strictEqual(world.candidates.size, 1);
    happen('workflow-wfl_1', 'WorkflowCancelled', { reason: '', by: '' });
    happen('task-tsk_1', 'TaskCancelled', { reason: '', by: '' });
    happen('agent-agt_1', 'AgentFailed', { code: 'x', reason: '' });
    happen('task-tsk_1', 'WorktreeRemoved', { rescued: null });
    deepStrictEqual(sizes(world), [1, 1, 1, 1, 1], 'the slot is not given back yet');
    happen('fleet-main', 'SlotReleased', { agentId: 'agt_1', agent: 'repair', outcome: 'used' });
    deepStrictEqual(sizes(world), [0, 0, 0, 0, 0]);
    strictEqual(world.countTasks('wfl_1'), 0);
    expect(world.usageOf('wfl_1')).toEqual({ costUsd: 0, tokens: 0 });
  });

  test('is nothing whose train still holds a candidate: it is still to be withdrawn', () => {
    const { world, happen } = wholeRun();
    happen('workflow-wfl_1', 'WorkflowCancelled', { reason: '', by: '' });
    happen('task-tsk_1', 'TaskCancelled', { reason: '', by: '' });
    happen('agent-agt_1', 'AgentFailed', { code: 'x', reason: '' });
    happen('task-tsk_1', 'WorktreeRemoved', { rescued: null });
    happen('fleet-main', 'SlotReleased', { agentId: 'agt_1', agent: 'repair', outcome: 'used' });
    deepStrictEqual(sizes(world), [1, 1, 1, 1, 0]);
    happen('mergeTrain-mtr_1', 'CandidateWithdrawn', { candidateId: 'tsk_1-1', reason: '' });
    deepStrictEqual(sizes(world), [0, 0, 0, 0, 0]);
  });

  test('is nothing whose worktree still stands', () => {
    const { world, happen } = wholeRun();
    happen('mergeTrain-mtr_1', 'CandidateWithdrawn', { candidateId: 'tsk_1-1', reason: '' });
    happen('agent-agt_1', 'AgentFailed', { code: 'x', reason: '' });
    happen('fleet-main', 'SlotReleased', { agentId: 'agt_1', agent: 'repair', outcome: 'used' });
    happen('workflow-wfl_1', 'WorkflowCancelled', { reason: '', by: '' });
    happen('task-tsk_1', 'TaskCancelled', { reason: '', by: '' });
    deepStrictEqual(sizes(world), [1, 1, 1, 1, 1]);
    happen('task-tsk_1', 'WorktreeRemoved', { rescued: null });
    deepStrictEqual(sizes(world), [0, 0, 0, 0, 0]);
  });

  test('comes back to be closed when a task is created or restarted in that moment', () => {
    const { world, happen, start, create } = history();
    start('wfl_1');
    create('tsk_1', 'wfl_1');
    happen('task-tsk_1', 'TaskFailed', { code: 'x', reason: '', by: '' });
    happen('workflow-wfl_1', 'WorkflowFailed', { code: 'x', reason: '', delivery: null });
    deepStrictEqual(sizes(world), [0, 0, 0, 0, 0]);
    const late = create('tsk_2', 'wfl_1');
    const again = happen('task-tsk_1', 'TaskRestarted', { by: 'operator' }, { workflowId: 'wfl_1' });
    for (const task of [late, again]) {
      if (!task) throw new Error('nobody follows it');
      deepStrictEqual(
        phases.obligations(task, world, 0).map(({ key }) => key),
        [`close:${task.id}`],
      );
      happen(`task-${task.id}`, 'TaskCancelled', { reason: '', by: '' });
    }
    deepStrictEqual(sizes(world), [0, 0, 0, 0, 0]);
  });

  test('is a candidate of a run that nobody asks about any more', () => {
    const { world, happen } = history();
    happen('mergeTrain-mtr_b', 'TrainOpened', {
      trainId: 'mtr_b',
      repositoryId: 'rep_1',
      kind: 'base',
      branch: 'main',
    });
    happen('mergeTrain-mtr_b', 'CandidateQueued', { candidateId: 'wfl_0-base', workflowId: 'wfl_0', taskId: null });
    happen('mergeTrain-mtr_b', 'CandidateWithdrawn', { candidateId: 'wfl_0-base', reason: '' });
    deepStrictEqual(sizes(world), [0, 0, 0, 1, 0], 'the base branch’s train stays');
  });
});

describe('what is related', () => {
  const names = (story: ReturnType<typeof history>, entity: ReturnType<ReturnType<typeof history>['happen']>) =>
    entity ? relatedTo(entity, story.world).map(({ kind, id }) => `${kind} ${id}`) : [];

  test('to a task that ends, or a run: the train that holds its candidate', () => {
    const story = wholeRun();
    const ended = names(story, story.happen('task-tsk_1', 'TaskCancelled', { reason: '', by: '' }));
    deepStrictEqual(ended, ['task tsk_1', 'workflow wfl_1', 'fleet main', 'agent agt_1', 'mergeTrain mtr_1']);
    const paused = names(story, story.happen('workflow-wfl_1', 'WorkflowPaused', { reason: '', by: '' }));
    deepStrictEqual(paused, ['workflow wfl_1', 'task tsk_1', 'fleet main', 'mergeTrain mtr_1', 'agent agt_1']);
  });

  test('to a train: the one that its event is about, and not the whole run', () => {
    const story = wholeRun();
    story.queue('tsk_2', 'wfl_1');
    const started = names(story, story.happen('mergeTrain-mtr_1', 'MergeStarted', { candidateId: 'tsk_1-1' }));
    deepStrictEqual(started, ['mergeTrain mtr_1', 'workflow wfl_1', 'task tsk_1']);
  });

  test('to the fleet: the agents that live', () => {
    const story = wholeRun();
    deepStrictEqual(names(story, story.happen('fleet-main', 'FleetStopped', { reason: '', by: '' })), [
      'fleet main',
      'agent agt_1',
    ]);
    story.happen('agent-agt_1', 'AgentFailed', { code: 'x', reason: '' });
    deepStrictEqual(names(story, story.happen('fleet-main', 'FleetResumed', { by: '' })), ['fleet main']);
  });

  test('to the settings: everything', () => {
    const story = wholeRun();
    const all = names(
      story,
      story.happen('config-main', 'ConfigChanged', { changes: {}, version: 1 }) ?? story.world.config,
    );
    strictEqual(all.length, story.world.everything().length);
  });
});

test('a poisoned stream is named, and the rest goes on', () => {
  const { world, happen, create, start } = history();
  start('wfl_1');
  create('tsk_1', 'wfl_1');
  strictEqual(happen('task-tsk_1', 'TaskMerged', {}), null);
  strictEqual(happen('task-tsk_1', 'TaskCancelled', { reason: '', by: '' }), null);
  deepStrictEqual([...world.poisoned.keys()], ['task-tsk_1']);
  create('tsk_2', 'wfl_1');
  strictEqual(world.countOpen('wfl_1', 1), 2);
  strictEqual(happen('task-tsk_2', 'SomethingNew', {}), null);
  strictEqual(world.poisoned.size, 1);
});

test('what is counted is what a count would find', () => {
  const { world, happen, start, create } = history();
  start('wfl_1');
  create('tsk_1', 'wfl_1', { phase: 'first', phaseIndex: 0 });
  create('tsk_2', 'wfl_1', { phaseIndex: 2, phase: 'last' });
  happen('task-tsk_1', 'UsageReported', { inputTokens: 3, outputTokens: 4, costUsd: 0.5, wallMs: 1 });
  happen('task-tsk_2', 'UsageReported', { inputTokens: 1, outputTokens: 0, costUsd: 0.25, wallMs: 1 });
  deepStrictEqual(
    [0, 1, 2].map((index) => world.countOpen('wfl_1', index)),
    [1, 1, 2],
  );
  happen('task-tsk_1', 'TaskCancelled', { reason: '', by: '' });
  deepStrictEqual(
    [0, 1, 2].map((index) => world.countOpen('wfl_1', index)),
    [0, 0, 1],
  );
  expect(world.usageOf('wfl_1')).toMatchObject({ costUsd: 0.75, tokens: 8 });
  deepStrictEqual([world.lastCreated('wfl_1', 'last'), world.lastCreated('wfl_1', 'none')], [3, 0]);
  strictEqual(world.countOpen('wfl_none', 9), 0);
});

test('a phase that runs again knows its own tasks, also when the clock was put back meanwhile', () => {
  const { world, happen, create, clock } = history();
  const run = (type: string, data: object = {}) => happen('workflow-wfl_1', type, data) as Entity;
  const ran = (phase: string, round: number, outcome: string) => {
    run('PhaseStarted', { phase, round });
    create(`${phase}_${round}`, 'wfl_1', { phase, phaseIndex: phase === 'fix' ? 0 : 1, agent: null });
    happen(`task-${phase}_${round}`, 'TaskFailed', { code: 'red', reason: '', by: 'server' });
    run('PhaseCompleted', { phase, round, outcome });
  };
  const owed = (entity: Entity) => phases.obligations(entity, world, 0).map(({ key }) => key);
  run('WorkflowStarted', {
    ...{ workflowId: 'wfl_1', repository: { repositoryId: 'rep_1' }, runBranch: 'heph/wfl_1' },
    definition: {
      result: { criteria: [] },
      phases: [{ name: 'fix' }, { name: 'verify', starts_with: 'one_task', on_red: 'fix' }],
    },
  });
  run('RunOpened', { commit: 'c0' });
  run('BaselineRecorded', { check: {} });
  ran('fix', 1, 'green');
  ran('verify', 1, 'red');
  ran('fix', 2, 'green');
  const again = run('PhaseStarted', { phase: 'verify', round: 2 });
  deepStrictEqual(owed(again), ['first:wfl_1:verify:2']);
  clock.wrongBy = -600_000;
  create('tsk_2', 'wfl_1', { phase: 'verify', phaseIndex: 1, agent: null });
  deepStrictEqual(owed(again), [], 'its task is there');
  happen('task-tsk_2', 'TaskFailed', { code: 'red', reason: '', by: 'server' });
  deepStrictEqual(owed(again), ['complete:wfl_1:verify:2']);
});

describe('the line', () => {
  /** Two runs, several agents, every priority, some boosted, one restarted: the same numbers each time. */
  function crowd() {
    const story = history();
    story.start('wfl_1');
    story.start('wfl_2');
    let seed = 7;
    const pick = <T>(of: readonly T[]): T => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return of[(seed >> 8) % of.length] as T;
    };
    for (let n = 0; n < 120; n++) {
      const workflowId = pick(['wfl_1', 'wfl_2']);
      const priority = pick(['critical', 'high', 'medium', 'low']);
      story.queue(`tsk_${n}`, workflowId, {
        priority,
        agent: pick(['repair', 'claude', null]),
        phaseIndex: pick([0, 1, 2]),
      });
      if (pick([true, false, false])) story.happen(`task-tsk_${pick([n, n])}`, 'TaskBoosted', { by: '' });
      if (pick([true, false, false])) {
        story.happen(`task-tsk_${n}`, 'TaskCancelled', { reason: '', by: '' });
        if (pick([true, false])) {
          story.happen(`task-tsk_${n}`, 'TaskRestarted', { by: '' });
          story.happen(`task-tsk_${n}`, 'TaskQueued', { because: '' });
        }
      }
    }
    return story;
  }

  test('goes in the order that the queue view shows', () => {
    const { world, events } = crowd();
    const state = initialQueue();
    for (const event of events) foldQueue(state, event);
    const shown = viewsLine(state, Number.MAX_SAFE_INTEGER).map(({ task }) => task.taskId);
    const goes = [...world.line.next(() => true)];
    strictEqual(goes.length > 60, true);
    deepStrictEqual(goes, shown);
  });

  test('leaves out what may not go, also when that changes on the way', () => {
    const { world } = crowd();
    let taken = 0;
    const some = [
      ...world.line.next((workflowId, agent) => workflowId === 'wfl_1' && agent === 'claude' && taken++ < 3),
    ];
    const all = [...world.line.next(() => true)].filter((id) => {
      const { spec } = world.tasks.get(id)?.context ?? {};
      return spec?.workflowId === 'wfl_1' && spec.agent === 'claude';
    });
    deepStrictEqual(some, all.slice(0, 3));
  });
});

describe('a best-of-N', () => {
  const started = { bestOfNId: 'bon_1', n: 1, directive: {}, repository: {}, weights: {} };
  const variant = { index: 0, directive: {}, mutators: [], words: '' };

  function contest() {
    const story = history();
    story.start('wfl_1');
    story.happen('bestOfN-bon_1', 'BestOfNStarted', started);
    story.happen('bestOfN-bon_1', 'MutationStarted', { workflowId: 'wfl_1' });
    story.happen('bestOfN-bon_1', 'VariantPlanned', variant);
    story.happen('bestOfN-bon_1', 'BuildingStarted', { candidates: 1 });
    return story;
  }

  test('keeps its run in the world as long as it is open, and stays when the run is let go of', () => {
    const { world, happen } = contest();
    happen('workflow-wfl_1', 'WorkflowCancelled', { reason: '', by: '' });
    strictEqual(world.workflows.size, 1, 'the contest is still to be cancelled');
    happen('bestOfN-bon_1', 'BestOfNCancelled', { reason: '', by: '' });
    strictEqual(world.workflows.size, 0);
    strictEqual(world.bestOfNs.get('bon_1')?.value, 'cancelled');
  });

  test('is followed through its run and its candidates, also after a restart', () => {
    const { world, happen, create } = contest();
    create('tsk_1', 'wfl_1');
    const built = happen('bestOfN-bon_1', 'BuildStarted', { index: 0, taskId: 'tsk_1' });
    const names = (of: World) => built && relatedTo(built, of).map(({ kind, id }) => `${kind} ${id}`);
    deepStrictEqual(names(world), ['bestOfN bon_1', 'workflow wfl_1', 'task tsk_1']);
    const restored = World.restore(JSON.parse(JSON.stringify(world.save())));
    deepStrictEqual(names(restored), names(world));
    deepStrictEqual(
      restored.bestOfNsOf('wfl_1').map(({ id }) => id),
      ['bon_1'],
    );
  });
});
