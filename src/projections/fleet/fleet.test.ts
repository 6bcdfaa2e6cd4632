import { describe, expect, it } from 'vitest';
import { bugfix } from '../../../tests/support/bugfix-story.ts';
import { createStory } from '../../../tests/support/story.ts';
import { fleetProjection, fleetView } from './index.ts';

function given() {
  const story = createStory();
  const steps = bugfix(story);
  const workflowId = steps.start();
  steps.phase(workflowId, 'fix');
  const working = () => {
    const taskId = steps.task(workflowId);
    steps.queue(taskId);
    return { taskId, agentId: steps.work(taskId) };
  };
  const show = (projection = fleetProjection as NonNullable<typeof fleetView.ofWorkflow>, params = {}) => {
    const state = projection.init();
    for (const event of story.events) projection.fold(state, event);
    return projection.render(state, params, { position: 0n, asOf: story.now() });
  };
  return { story, ...steps, workflowId, working, show };
}

describe('fleet', () => {
  it('shows each agent with its state, the event it rests on and its age', () => {
    const { story, working, show } = given();
    const { taskId, agentId } = working();
    story.send('record_activity', { agentId, activity: 'no_signal', evidence: 'nothing for 300 s' });
    story.pass(5000);
    expect(show().rows[agentId]).toMatchObject({
      taskId,
      status: 'live.no_signal',
      signal: 'nothing for 300 s',
      living: true,
      attempt: 1,
      evidence: { type: 'AgentWentSilent' },
      branch: `heph/${taskId}`,
      pid: 11,
      usage: null,
      end: null,
    });
    expect(show().rows[agentId]?.ageMs).toBeGreaterThanOrEqual(5000);
  });

  it('shows what a person said last and what became of it, without taking that for a sign of the agent', () => {
    const { story, workflowId, task, queue, work, show } = given();
    const taskId = task(workflowId);
    queue(taskId);
    const agentId = work(taskId, 'repair', { messages: 'line', interrupt: 'ctrl_c' });
    const [sent] = story.send('message_agent', { agentId, text: 'look there' });
    const said = { what: 'message', text: 'look there', by: 'operator', status: 'sent', effect: null };
    expect(show().rows[agentId]).toMatchObject({
      said,
      takes: { messages: 'line' },
      evidence: { type: 'AgentStarted' },
    });
    const id = sent?.data.messageId;
    story.send('record_delivery', { agentId, id, effect: 'output' });
    expect(show().rows[agentId]).toMatchObject({ said: { status: 'delivered', effect: 'output' } });
    story.send('interrupt_agent', { agentId });
    story.send('record_loss', { agentId, reason: 'gone' });
    const { said: last } = show().rows[agentId] as { said: object };
    expect(last).toMatchObject({ what: 'interrupt', status: 'undelivered', reason: expect.stringContaining('ended') });
  });

  it('names the task of each agent and the last turn of which something was kept', () => {
    const { story, working, show } = given();
    const { taskId, agentId } = working();
    expect(show().rows[agentId]).toMatchObject({ title: 'Mend it', parentTaskId: null, turn: null });
    const kept = { turn: 1, base: 'b0', commit: 'c1', tree: 't1', ref: 'refs/heph/turns/1', files: [], filesMore: 0 };
    story.send('submit_on_exit', { taskId, agentId, attempt: 1, summary: 'done' });
    story.send('record_tree', { taskId, agentId, attempt: 1, tree: kept });
    expect(show().rows[agentId]).toMatchObject({ turn: 1 });
  });

  it('adds up usage only where something was reported', () => {
    const { story, working, show } = given();
    const [one, two] = [working(), working()];
    story.send('report_usage', { taskId: one.taskId, inputTokens: 5 });
    story.send('report_usage', { taskId: one.taskId, inputTokens: 6, outputTokens: 1 });
    expect(show().rows[one.agentId]?.usage).toEqual({ inputTokens: 11, outputTokens: 1, costUsd: 0, wallMs: 0 });
    expect(show().rows[two.agentId]?.usage).toBeNull();
  });

  it('says how an agent ended, and leaves unknown what nobody saw', () => {
    const { story, working, exit, show } = given();
    const [one, two] = [working(), working()];
    exit(one.agentId);
    story.send('record_loss', { agentId: two.agentId, reason: 'the holder is gone' });
    expect(show().rows[one.agentId]).toMatchObject({ living: false, end: { how: 'exited', code: 0, livedMs: 5000 } });
    expect(show().rows[two.agentId]).toMatchObject({ status: 'lost', end: { how: 'lost', livedMs: null, code: null } });
  });

  it('sums up slots, stopped names, the fleet and what was last heard of each runner', () => {
    const { story, working, show } = given();
    story.send('set_config', { changes: { 'fleet.diedAtOnceMax': 1 } });
    const [one, two] = [working(), working()];
    story.send('release_slot', { agentId: one.agentId, outcome: 'died_at_once' });
    story.send('pause_fleet', { reason: 'look' });
    expect(show().summary).toMatchObject({
      slots: { used: 1, cap: 4, free: 3, held: [{ agentId: two.agentId, taskId: two.taskId }] },
      fleet: { status: 'paused', reason: 'look', evidence: { type: 'FleetPaused' } },
      stoppedAgents: [{ agent: 'repair', evidence: { type: 'AgentKindStopped' } }],
      runners: [{ runnerId: 'local', status: 'unknown', agents: 2, evidence: { type: 'AgentStarted' } }],
    });
  });

  it('takes no agent for working whose runner is not heard of any more, nor that for gone which only has nothing to do', () => {
    const { story, workflowId, working, show } = given();
    const { agentId } = working();
    const place = { host: 'here', bootId: null, dataDirectory: '/data', epoch: 1, leaseMs: 1000 };
    story.send('register_runner', { runnerId: 'local', ...place });
    story.send('register_runner', { runnerId: 'rnr_idle', ...place });
    expect(show().rows[agentId]?.status).toBe('live.working');
    story.pass(5000);
    story.send('retire_runner', { runnerId: 'rnr_idle', epoch: 1 });
    const gone = {
      status: 'live.no_signal',
      signal: expect.stringContaining('not been heard of for 5 s'),
      evidence: { type: 'RunnerRegistered' },
    };
    expect(show().rows[agentId]).toMatchObject(gone);
    expect(show().summary).toMatchObject({
      counts: { 'live.no_signal': 1 },
      runners: [
        { runnerId: 'local', status: 'unknown', agents: 1, host: 'here' },
        { runnerId: 'rnr_idle', status: 'stopped', agents: 0 },
      ],
    });
    const whole = fleetProjection.init();
    for (const event of story.events) fleetProjection.fold(whole, event);
    const ofWorkflow = fleetView.ofWorkflow as typeof fleetProjection;
    const state = ofWorkflow.init();
    for (const event of story.events) if (event.meta.scope?.workflowId) ofWorkflow.fold(state, event);
    const moment = { position: 0n, asOf: story.now(), whole };
    expect(ofWorkflow.render(state, { workflowId }, moment).rows[agentId]).toMatchObject(gone);
    story.send('renew_lease', { runnerId: 'local', epoch: 1, leaseMs: 1000 });
    expect(show().rows[agentId]?.status).toBe('live.working');
  });

  it('keeps a bounded number of ended agents, and all of them where a workflow is asked for', () => {
    const { workflowId, working, exit, show } = given();
    for (let n = 0; n < 210; n++) exit(working().agentId);
    expect(Object.keys(show().rows)).toHaveLength(200);
    const ofWorkflow = show(fleetView.ofWorkflow, { workflowId });
    expect(Object.keys(ofWorkflow.rows)).toHaveLength(210);
    expect(Object.keys(ofWorkflow.summary)).toEqual(['counts']);
  });
});
