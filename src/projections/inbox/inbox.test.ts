import { describe, expect, it } from 'vitest';
import { bugfix } from '../../../tests/support/bugfix-story.ts';
import { createStory } from '../../../tests/support/story.ts';
import { inboxProjection } from './index.ts';

interface Matter {
  matterId: string;
  kind: string;
  text: string;
  blocks: boolean;
  steps: { command: string | null; input: object; shell: string }[];
}

function given() {
  const story = createStory();
  const steps = bugfix(story);
  const working = (takes?: object) => {
    const workflowId = steps.start();
    steps.phase(workflowId, 'fix');
    const taskId = steps.task(workflowId);
    steps.queue(taskId);
    return { workflowId, taskId, agentId: steps.work(taskId, 'repair', takes) };
  };
  const render = () => {
    const state = inboxProjection.init();
    for (const event of story.events) inboxProjection.fold(state, event);
    const saved = inboxProjection.restore(JSON.parse(JSON.stringify(inboxProjection.save(state))));
    const moment = { position: 0n, asOf: story.now() };
    const shown = inboxProjection.render(state, {}, moment);
    expect(inboxProjection.render(saved, {}, moment)).toEqual(shown);
    return shown;
  };
  const matters = () => Object.values(render().rows) as unknown as Matter[];
  const kinds = () => matters().map(({ kind }) => kind);
  const activity = (agentId: string, word: string) =>
    story.send('record_activity', { agentId, activity: word, evidence: `it is ${word}` });
  const fail = (workflowId: string) =>
    story.send('fail_workflow', { workflowId, code: 'red', reason: 'The suite is red.', delivery: null });
  return { story, ...steps, working, render, matters, kinds, activity, fail };
}

describe('an agent that waits for a person', () => {
  it.each([
    ['needs_input', 'agent_needs_input', true],
    ['rate_limited', 'agent_rate_limited', false],
    ['no_signal', 'agent_no_signal', false],
  ])('%s is a matter until it works again', (word, kind, blocks) => {
    const { working, activity, matters, kinds } = given();
    const { agentId } = working();
    expect(kinds()).toEqual([]);
    activity(agentId, word);
    expect(matters()).toMatchObject([{ kind, blocks, agentId, text: `it is ${word}` }]);
    expect(matters()[0]?.steps).toContainEqual(expect.objectContaining({ command: 'stop_agent', input: { agentId } }));
    activity(agentId, 'working');
    expect(kinds()).toEqual([]);
  });

  it('can be answered only where it reads messages', () => {
    const { working, activity, matters } = given();
    activity(working().agentId, 'needs_input');
    activity(working({ messages: 'line', interrupt: 'none' }).agentId, 'needs_input');
    const answers = matters().map(({ steps }) => steps.filter(({ shell }) => shell.startsWith('heph agent message')));
    expect(answers.map(({ length }) => length).sort()).toEqual([0, 1]);
  });

  it('is no matter any more when it has ended', () => {
    const { working, activity, exit, kinds } = given();
    const { agentId } = working();
    activity(agentId, 'no_signal');
    exit(agentId);
    expect(kinds()).toEqual([]);
  });

  it('is told of when its requests are refused again and again', () => {
    const { story, working, exit, matters, kinds } = given();
    const { agentId } = working();
    const refuse = () =>
      story.send('record_denial', { agentId, what: 'cancel_task', code: 'auth.role', text: 'Not yours.' });
    refuse();
    refuse();
    expect(kinds()).toEqual([]);
    refuse();
    refuse();
    expect(matters()).toMatchObject([{ kind: 'agent_refused', text: expect.stringContaining('Not yours.') }]);
    exit(agentId);
    expect(kinds()).toEqual([]);
  });
});

describe('a warning of the guardian', () => {
  const about = (agentId: string) => ({
    ...{ agentId, taskId: null, workflowId: null, repositoryId: null },
    ...{ runnerId: 'local', agent: null, phase: null, attempt: null },
  });

  it('of an agent that lives although nobody wants it is a matter until it is cleared', () => {
    const { story, working, exit, matters, kinds } = given();
    const { agentId } = working();
    exit(agentId);
    story.send('report_orphan', { ...about(agentId), reason: 'The log says that it has ended.', stopAfterMs: 5_000 });
    expect(matters()).toMatchObject([{ kind: 'agent_orphaned', text: expect.stringContaining('lasts for 5 s') }]);
    story.send('clear_warning', { agentId, warning: 'orphan', reason: 'It is gone.' });
    expect(kinds()).toEqual([]);
  });

  it('of what an agent does is a matter until it is cleared or the agent has ended; silence is told of once', () => {
    const { story, working, exit, activity, matters, kinds } = given();
    const { agentId } = working();
    const warn = (warning: string) => {
      const [begun] = story.events.filter(({ type, stream }) => type === 'AgentStarted' && stream.endsWith(agentId));
      const data = { warning, reason: `It is ${warning}.`, since: story.now(), stopAfterMs: null };
      const event = { ...begun, type: 'WarningRaised', stream: `guardian-${agentId}`, data };
      story.events.push({ ...event, id: `evt_${warning}`, position: BigInt(story.events.length + 1) } as never);
    };
    activity(agentId, 'no_signal');
    warn('silence');
    expect(kinds()).toEqual(['agent_no_signal']);
    warn('loops');
    const warned = { kind: 'agent_warned', agentId, text: 'It is loops.' };
    expect(matters()).toContainEqual(expect.objectContaining(warned));
    exit(agentId);
    expect(kinds()).toEqual([]);
  });
});

describe('the fleet', () => {
  it('is a matter while it is paused or stopped', () => {
    const { story, matters, kinds } = given();
    story.send('pause_fleet', { reason: 'quota is short' });
    expect(matters()).toMatchObject([{ kind: 'fleet_paused', text: expect.stringContaining('quota is short') }]);
    story.send('stop_all', {});
    expect(matters()).toMatchObject([{ kind: 'fleet_stopped', steps: [{ command: 'resume_fleet' }] }]);
    story.send('resume_fleet', {});
    expect(kinds()).toEqual([]);
  });

  it('tells of names that are stopped, until it is resumed', () => {
    const { story, working, kinds } = given();
    story.send('set_config', { changes: { 'fleet.diedAtOnceMax': 1 } });
    story.send('release_slot', { agentId: working().agentId, outcome: 'died_at_once' });
    expect(kinds()).toEqual(['agents_stopped']);
    story.send('resume_fleet', {});
    expect(kinds()).toEqual([]);
  });
});

describe('a run', () => {
  it('is a matter while it is paused', () => {
    const { story, working, matters, kinds } = given();
    const { workflowId } = working();
    story.send('pause_workflow', { workflowId, reason: 'The budget is used up.' }, { actor: 'process:budgets' });
    expect(matters()).toMatchObject([{ kind: 'run_paused', blocks: true, text: 'The budget is used up.' }]);
    expect(matters()[0]?.steps.map(({ command }) => command)).toEqual([null, 'resume_workflow', 'cancel_workflow']);
    story.send('resume_workflow', { workflowId });
    expect(kinds()).toEqual([]);
  });

  it('that failed stays until the same is started again, or somebody puts it aside', () => {
    const { story, start, working, fail, matters, kinds } = given();
    fail(working().workflowId);
    expect(matters()).toMatchObject([{ kind: 'run_failed', blocks: false, text: 'The suite is red.' }]);
    expect(matters()[0]?.steps[0]?.shell).toBe("heph run bugfix --repo /repo --goal 'Make the tests pass'");
    start('Something else');
    expect(kinds()).toEqual(['run_failed']);
    fail(working().workflowId);
    expect(kinds()).toEqual(['run_failed']);
    story.send('dismiss_matter', { matterId: matters()[0]?.matterId });
    expect(kinds()).toEqual([]);
  });

  it('takes its failed tasks out with its end, and each leaves when it is restarted', () => {
    const { story, working, fail, matters, kinds } = given();
    const [one, two] = [working(), working()];
    for (const { taskId } of [one, two]) story.send('fail_task', { taskId, code: 'no', reason: 'Out of reach.' });
    expect(kinds()).toEqual(['task_failed', 'task_failed']);
    expect(matters()[0]).toMatchObject({ text: 'Out of reach.', steps: [{ command: 'restart_task' }, {}] });
    story.send('restart_task', { taskId: one.taskId });
    expect(matters()).toMatchObject([{ taskId: two.taskId }]);
    fail(two.workflowId);
    expect(kinds()).toEqual(['run_failed']);
  });

  it('that a person has to merge says how', () => {
    const { story, start, phase, over, matters, kinds, complete } = given();
    const ready = () => {
      const workflowId = start();
      for (const name of ['investigate', 'fix', 'verify']) {
        phase(workflowId, name);
        over(workflowId, name);
      }
      return workflowId;
    };
    complete(ready());
    expect(kinds()).toEqual([]);
    const workflowId = ready();
    story.send('start_delivery', { workflowId, commit: 'e'.repeat(40) });
    const delivery = { runBranch: 'heph/run', commit: 'e'.repeat(40), baseBranch: 'main' };
    story.send('complete_workflow', {
      ...{ workflowId, summary: 'All green.' },
      delivery: { ...delivery, base: 'left', reason: 'it is checked out with changes' },
    });
    expect(matters()).toMatchObject([
      {
        kind: 'delivery_left',
        text: expect.stringContaining('it is checked out with changes'),
        steps: [{ shell: `git -C /repo merge heph/run-${workflowId}` }],
      },
    ]);
  });

  it('waits for its result where the template asks an operator for it', () => {
    const { story, start, phase, over, kinds } = given();
    const workflowId = start('Make the tests pass', undefined, {}, { submitted_by: 'operator' });
    for (const name of ['investigate', 'fix', 'verify']) {
      phase(workflowId, name);
      over(workflowId, name);
    }
    expect(kinds()).toEqual(['result_awaited']);
    story.send('cancel_workflow', { workflowId });
    expect(kinds()).toEqual([]);
  });

  it('is told of when the runner it belongs to is not heard of any more', () => {
    const { story, start, kinds } = given();
    const place = { host: 'here', bootId: null, dataDirectory: '/data', epoch: 1, leaseMs: 1000 };
    story.send('register_runner', { runnerId: 'rnr_1', ...place });
    start('Make the tests pass', 'rnr_1');
    expect(kinds()).toEqual([]);
    story.pass(5000);
    expect(kinds()).toEqual(['run_unwatched']);
    story.send('renew_lease', { runnerId: 'rnr_1', epoch: 1, leaseMs: 60_000 });
    expect(kinds()).toEqual([]);
  });
});

it('a merge that outlasts its checks by far is stuck, until it ends or is put aside', () => {
  const { story, working, finish, board, matters, kinds } = given();
  const { workflowId, taskId, agentId } = working();
  finish(taskId, agentId);
  const { trainId, candidateId } = board(workflowId, taskId);
  story.send('start_merge', { trainId, candidateId });
  story.pass(600_000);
  expect(kinds()).toEqual([]);
  story.pass(700_000);
  expect(matters()).toMatchObject([{ kind: 'merge_stuck', blocks: true, taskId, workflowId }]);
  story.send('dismiss_matter', { matterId: matters()[0]?.matterId });
  expect(kinds()).toEqual([]);
});

it('what blocks something comes first, and of ended matters a bounded number stays', () => {
  const { story, start, render, kinds } = given();
  for (let n = 0; n < 105; n++) {
    const workflowId = start(`Goal ${n}`);
    story.send('fail_workflow', { workflowId, code: 'red', reason: `red ${n}`, delivery: null });
  }
  story.send('pause_fleet', {});
  expect(kinds().slice(0, 2)).toEqual(['fleet_paused', 'run_failed']);
  expect(render().summary).toMatchObject({ waiting: 101, blocking: 1, counts: { run_failed: 100 } });
  expect((Object.values(render().rows)[1] as { text: string }).text).toBe('red 104');
});
