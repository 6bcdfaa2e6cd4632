import { describe, expect, it } from 'vitest';
import { given, type Said } from '../../../tests/support/given.ts';
import { ACTIVITIES, type AgentFact, agentActor, agentCommands } from './index.ts';

const agentId = 'agt_ada';
const fact = <T extends AgentFact['type']>(type: T, data: Extract<AgentFact, { type: T }>['data']) =>
  ({ type, v: 1, data }) as AgentFact;
const identity = {
  agentId,
  taskId: 'tsk_parser',
  workflowId: 'wfl_bugfix',
  repositoryId: 'rep_library',
  attempt: 1,
  agent: 'repair',
  runnerId: 'local',
  allowedTools: ['update_task_status'],
};
const place = { branch: 'heph/tsk_parser', commit: 'c0' };
const prompt = { template: 'fix', version: 1, hash: 'p0', memoryIds: [] };
const start = { holderPid: 10, pid: 11, startedAt: 5, bootId: 'b0', tokenHash: 't0' };
const exit = { code: 0, signal: null, how: 'exited' as const, livedMs: 900 };

const requested = fact('AgentRequested', identity);
const preparing = fact('PreparationStarted', place);
const ready = fact('WorktreeReady', place);
const started = fact('AgentStarted', start);
const stopAsked = fact('StopRequested', { reason: 'it loops', by: 'operator' });
const exited = fact('AgentExited', exit);
const lost = fact('AgentLost', { reason: 'The holder is gone.' });

const REQUESTED = [requested];
const PREPARING = [requested, preparing];
const STARTING = [...PREPARING, ready];
const LIVE = [...STARTING, fact('PromptSent', prompt), started];
const STOPPING = [...LIVE, stopAsked];
const ALIVE = [REQUESTED, PREPARING, STARTING, LIVE];
const OVER = [
  [...LIVE, exited],
  [...LIVE, lost],
  [...REQUESTED, fact('AgentFailed', { code: 'git.failed', reason: 'no room' })],
];

const say = (name: string, input: Record<string, unknown> = {}, actor = 'server'): Said => ({
  name,
  input: { agentId, ...input },
  actor,
});
const request: Said = { name: 'request_agent', input: identity };
const prepare = say('prepare_agent', place);
const recordWorktree = say('record_worktree', place);
const recordStart = say('record_start', { prompt, started: start });
const activity = (word: string) => say('record_activity', { activity: word, evidence: 'a hook' });
const recordExit = say('record_exit', { exit });
const recordFailure = say('record_failure', { code: 'git.failed', reason: 'no room' });
const recordLoss = say('record_loss', { reason: 'The holder is gone.' });
const denied = say('record_denial', { what: 'cancel_task', code: 'auth.role', text: 'This role may not do that.' });
const stop = say('stop_agent', { reason: 'it loops' }, 'operator');
const EXAMPLES = [
  stop,
  say('message_agent', { text: 'look' }, 'operator'),
  say('interrupt_agent', { reason: '' }, 'operator'),
  say('record_delivery', { id: 'cmd_1', effect: 'output', reason: '' }),
  prepare,
  recordWorktree,
  recordStart,
  activity('idle'),
  recordExit,
  recordFailure,
  denied,
  recordLoss,
];

describe('an agent’s way to life', () => {
  it('is prepared with its request when its base is known', () => {
    const known: Said = { name: 'request_agent', input: { ...identity, branch: place.branch, base: place.commit } };
    given(agentActor).when(known).thenFacts('AgentRequested', { type: 'PreparationStarted', data: place });
  });

  it('is requested once, for one task', () => {
    given(agentActor).when(request).thenFacts({ type: 'AgentRequested', data: identity }).when(request).thenNothing();
    const other: Said = { ...request, input: { ...identity, taskId: 'tsk_other' } };
    given(agentActor, requested).when(other).thenRejected('agent.exists');
  });

  it('has an example of every command here', () => {
    expect([request, ...EXAMPLES].map(({ name }) => name).sort()).toEqual(Object.keys(agentCommands).sort());
  });

  it.each(EXAMPLES)('is not there for $name before', (said) => {
    given(agentActor).when(said).thenRejected('agent.not_live');
  });

  it('leads through a worktree to a terminal, each step once', () => {
    const after = given(agentActor, requested)
      .when(prepare)
      .thenFacts({ type: 'PreparationStarted', data: place })
      .when(prepare)
      .thenNothing()
      .when(recordWorktree)
      .thenFacts({ type: 'WorktreeReady', data: place })
      .when(recordWorktree)
      .thenNothing()
      .when(recordStart)
      .thenFacts({ type: 'PromptSent', data: prompt }, { type: 'AgentStarted', data: start })
      .when(recordStart)
      .thenNothing();
    expect(after.state).toMatchObject({
      value: 'live.working',
      context: { branch: place.branch, base: 'c0', started: start },
    });
  });

  it('takes no step before its turn', () => {
    given(agentActor, requested).when(recordWorktree).thenRejected('agent.out_of_order');
    given(agentActor, ...PREPARING)
      .when(recordStart)
      .thenRejected('agent.out_of_order');
    given(agentActor, requested).when(recordExit).thenRejected('agent.out_of_order');
  });

  it('may be lost with its runner before it lives', () => {
    for (const facts of [REQUESTED, PREPARING, STARTING])
      given(agentActor, ...facts)
        .when(recordLoss)
        .thenFacts('AgentLost');
  });

  it('may come to nothing until it lives', () => {
    for (const facts of [REQUESTED, PREPARING, STARTING]) {
      const after = given(agentActor, ...facts)
        .when(recordFailure)
        .thenFacts('AgentFailed');
      expect(after.state).toMatchObject({ value: 'exited', context: { end: { how: 'failed', reason: 'no room' } } });
    }
    given(agentActor, ...LIVE)
      .when(recordFailure)
      .thenRejected('agent.out_of_order');
  });
});

describe('a living agent', () => {
  it.each(ACTIVITIES)('is seen %s from every other activity, and recorded on change only', (word) => {
    for (const before of ACTIVITIES.filter((one) => one !== word)) {
      const from = given(agentActor, ...LIVE).when(activity(before)).next;
      const after = from.when(activity(word));
      expect(after.facts).toHaveLength(1);
      expect(after.next.state.value).toBe(`live.${word}`);
      after.next.when(activity(word)).thenNothing();
    }
  });

  it('has no activity before its life and after it', () => {
    for (const facts of [STARTING, STOPPING, ...OVER])
      given(agentActor, ...facts)
        .when(activity('idle'))
        .thenNothing();
  });

  it('ends by itself, or is lost, once', () => {
    const after = given(agentActor, ...LIVE)
      .when(recordExit)
      .thenFacts('AgentExited')
      .when(recordExit)
      .thenNothing();
    expect(after.state.context.end).toEqual({ ...exit, reason: '' });
    const gone = given(agentActor, ...LIVE)
      .when(recordLoss)
      .thenFacts('AgentLost')
      .when(recordLoss)
      .thenNothing();
    expect(gone.state).toMatchObject({
      value: 'lost',
      context: { end: { how: 'lost', reason: 'The holder is gone.' } },
    });
  });
});

describe('what an agent was refused', () => {
  it('is recorded while it lives, and changes nothing else', () => {
    for (const facts of [STARTING, LIVE, STOPPING]) {
      const before = given(agentActor, ...facts);
      const after = before.when(denied).thenFacts({ type: 'AccessDenied', data: { code: 'auth.role' } });
      expect(after.state.value).toBe(before.state.value);
    }
    for (const facts of [REQUESTED, ...OVER])
      given(agentActor, ...facts)
        .when(denied)
        .thenNothing();
  });

  it('fills no log: after fifty nothing more is recorded', () => {
    let agent = given(agentActor, ...LIVE);
    for (let n = 0; n < 50; n++) agent = agent.when(denied).thenFacts('AccessDenied');
    agent.when(denied).thenNothing();
  });
});

describe('stopping an agent', () => {
  it('is asked once, at any time of its life', () => {
    for (const facts of ALIVE) {
      const after = given(agentActor, ...facts)
        .when(stop)
        .thenFacts({ type: 'StopRequested', data: { reason: 'it loops', by: 'operator' } });
      expect(after.state).toMatchObject({ value: 'stopping', context: { stop: { by: 'operator' } } });
      after.when(stop).thenNothing();
    }
  });

  it('ends in an exit, a failure or a loss', () => {
    given(agentActor, ...STOPPING)
      .when(recordExit)
      .thenFacts('AgentExited');
    given(agentActor, ...STOPPING)
      .when(recordFailure)
      .thenFacts('AgentFailed');
    given(agentActor, ...STOPPING)
      .when(recordLoss)
      .thenFacts('AgentLost');
  });

  it('starts nothing any more', () => {
    given(agentActor, ...REQUESTED, stopAsked)
      .when(prepare)
      .thenNothing();
    given(agentActor, ...PREPARING, stopAsked)
      .when(recordWorktree)
      .thenRejected('agent.out_of_order');
    given(agentActor, ...STARTING, stopAsked)
      .when(recordStart)
      .thenRejected('agent.out_of_order');
  });

  it('comes too late for one that is over, and nothing changes its end', () => {
    for (const facts of OVER) {
      given(agentActor, ...facts)
        .when(stop)
        .thenRejected('agent.not_live');
      for (const said of [recordExit, recordFailure, recordLoss])
        given(agentActor, ...facts)
          .when(said)
          .thenNothing();
    }
  });
});

it('says what each of its events concerns', () => {
  expect(agentActor.scope?.(given(agentActor, requested).state.context)).toEqual({
    agentId,
    taskId: 'tsk_parser',
    workflowId: 'wfl_bugfix',
    repositoryId: 'rep_library',
    runnerId: 'local',
  });
});
