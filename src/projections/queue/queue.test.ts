import { describe, expect, it } from 'vitest';
import { bugfix } from '../../../tests/support/bugfix-story.ts';
import { createStory } from '../../../tests/support/story.ts';
import { type Candidate, lineUp, queueOrder, queueProjection } from './index.ts';
import type { Reason } from './reasons.ts';

interface Row {
  status: string;
  running: boolean;
  position: number | null;
  agentId: string | null;
  evidence: { type: string };
  reasons: (Reason & { ageMs: number })[];
}

function given() {
  const story = createStory();
  const steps = bugfix(story);
  const show = (asOf = story.now()) => {
    const state = queueProjection.init();
    for (const event of story.events) queueProjection.fold(state, event);
    const { rows, summary } = queueProjection.render(state, {}, { position: BigInt(story.events.length), asOf });
    return { rows: rows as unknown as Record<string, Row>, summary, state };
  };
  const codes = (taskId: string) => show().rows[taskId]?.reasons.map((reason) => reason.code);
  return { story, ...steps, show, codes };
}

describe('queue order', () => {
  const candidate = (taskId: string, more: Partial<Candidate> = {}): Candidate => ({
    taskId,
    agent: 'repair',
    boosted: false,
    priority: 'medium',
    phaseIndex: 1,
    arrived: 0,
    ...more,
  });

  it('puts boosted first, then priority, then earlier phases, then first come', () => {
    const sorted = [
      candidate('late', { arrived: 9 }),
      candidate('early phase', { phaseIndex: 0, arrived: 8 }),
      candidate('low but boosted', { priority: 'low', boosted: true, arrived: 7 }),
      candidate('critical', { priority: 'critical', arrived: 6 }),
      candidate('early', { arrived: 1 }),
    ].sort(queueOrder);
    expect(sorted.map((one) => one.taskId)).toEqual(['low but boosted', 'critical', 'early phase', 'early', 'late']);
  });

  it('fills all free slots, and an agent at its own cap does not hold up those behind it', () => {
    const line = lineUp(
      [
        candidate('a', { arrived: 1, agent: 'claude' }),
        candidate('b', { arrived: 2, agent: 'claude' }),
        candidate('c', { arrived: 3 }),
        candidate('server', { arrived: 4, agent: null }),
        candidate('d', { arrived: 5 }),
      ],
      { cap: 3, perAgent: { claude: 1 }, taken: new Map([['repair', 1]]) },
    );
    expect(line.map(({ task, position, verdict }) => [task.taskId, position, verdict])).toEqual([
      ['a', 1, 'starts'],
      ['b', 2, 'agent_cap'],
      ['c', 3, 'starts'],
      ['server', 4, 'starts'],
      ['d', 5, 'cap'],
    ]);
  });
});

describe('queue', () => {
  it('names the phase that has not started, and the wait that was recorded', () => {
    const { story, start, phase, task, show, codes } = given();
    const workflowId = start();
    phase(workflowId, 'investigate');
    const taskId = task(workflowId);
    expect(codes(taskId)).toEqual(['phase_not_started']);
    story.send('block_task', {
      taskId,
      reasons: [{ code: 'depends_on', text: 'It needs another task.', eventId: 'evt_x' }],
    });
    const row = show().rows[taskId] as Row;
    expect(row.reasons.map(({ code, restsOn, evidence }) => [code, restsOn, evidence?.type])).toEqual([
      ['phase_not_started', undefined, 'PhaseStarted'],
      ['depends_on', 'evt_x', 'TaskBlocked'],
    ]);
    expect(row.reasons[0]?.text).toBe('The phase fix has not started; investigate is not over.');
  });

  it('names the runner of which nothing is heard, also where an agent was at work, until another has the run', () => {
    const { story, start, phase, task, queue, work, show, codes } = given();
    const place = { host: 'here', bootId: null, dataDirectory: '/data', epoch: 1, leaseMs: 1000 };
    const workflowId = start('Make the tests pass', 'rnr_a');
    phase(workflowId, 'fix');
    const [working, waiting] = [task(workflowId), task(workflowId)];
    for (const one of [working, waiting]) queue(one);
    work(working);
    expect(show().rows[working]?.reasons[0]?.text).toContain('rnr_a has never been heard of');
    for (const runnerId of ['rnr_a', 'rnr_b']) story.send('register_runner', { runnerId, ...place });
    expect(show().rows[working]).toMatchObject({ running: true, reasons: [] });
    story.pass(2000);
    expect([codes(working), codes(waiting)]).toEqual([['runner_gone'], ['runner_gone']]);
    expect(show().rows[working]).toMatchObject({ running: false, agentId: null });
    expect(show().rows[waiting]?.reasons[0]).toMatchObject({
      text: expect.stringMatching(/^Its runner rnr_a on here has not been heard of for 2 s/),
      evidence: { type: 'RunnerRegistered' },
    });
    story.send('renew_lease', { runnerId: 'rnr_b', epoch: 1, leaseMs: 1000 });
    story.send('adopt_workflow', { workflowId, from: 'rnr_a', runnerId: 'rnr_b', reason: 'gone', rescued: [] });
    expect(show().rows[working]).toMatchObject({ running: true, reasons: [] });
  });

  it('says who takes the slots, and how many stand before', () => {
    const { story, start, phase, task, queue, work, show } = given();
    story.send('set_config', { changes: { 'fleet.cap': 1 } });
    const workflowId = start();
    phase(workflowId, 'fix');
    const [first, second, third] = [task(workflowId), task(workflowId), task(workflowId)];
    for (const one of [first, second, third]) queue(one);
    const agentId = work(first);
    story.send('boost_task', { taskId: third });
    const { rows, summary } = show();
    expect(rows[first]).toMatchObject({ running: true, agentId, status: 'in_progress', reasons: [], position: null });
    expect(rows[third]?.position).toBe(1);
    expect(rows[second]).toMatchObject({ position: 2, running: false });
    expect(rows[second]?.reasons[0]).toMatchObject({
      code: 'no_slot',
      text: `The only slot is taken or spoken for, by ${agentId} (${first}); 1 task is before it.`,
      evidence: { type: 'SlotGranted' },
    });
    expect(summary).toMatchObject({
      slots: { used: 1, cap: 1, free: 0 },
      open: 3,
      counts: { queued: 2, in_progress: 1 },
    });
  });

  it('explains a lower cap of one agent’s name', () => {
    const { story, start, phase, task, queue, work, show } = given();
    story.send('set_config', { changes: { 'fleet.perAgent': { repair: 1 } } });
    const workflowId = start();
    phase(workflowId, 'fix');
    const [first, second] = [task(workflowId), task(workflowId)];
    queue(first);
    queue(second);
    work(first);
    expect(show().rows[second]?.reasons[0]?.code).toBe('no_slot_for_agent');
  });

  it('names a paused workflow, a paused and a stopped fleet', () => {
    const { story, start, phase, task, queue, show, codes } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const taskId = task(workflowId);
    queue(taskId);
    expect(codes(taskId)).toEqual(['starting']);
    story.send('pause_workflow', { workflowId, reason: 'lunch' });
    story.send('pause_fleet', { reason: 'quota' });
    expect(show().rows[taskId]?.reasons.map(({ code, text }) => [code, text])).toEqual([
      ['workflow_paused', 'The workflow is paused: lunch.'],
      ['fleet_paused', 'The fleet is paused: quota.'],
    ]);
    story.send('resume_workflow', { workflowId });
    story.send('stop_all', {});
    expect(codes(taskId)).toEqual(['fleet_stopped']);
    story.send('resume_fleet', {});
    expect(codes(taskId)).toEqual(['starting']);
  });

  it('names an agent that was stopped, and the pause after a failed attempt until it is over', () => {
    const { story, start, phase, task, queue, work, show, codes } = given();
    story.send('set_config', { changes: { 'fleet.diedAtOnceMax': 1, 'fleet.cap': 9 } });
    const workflowId = start();
    phase(workflowId, 'fix');
    const taskId = task(workflowId);
    queue(taskId);
    const agentId = work(taskId);
    story.send('fail_attempt', { taskId, agentId, attempt: 1, code: 'died', reason: 'It died.', counts: true });
    const failedAt = story.now();
    expect(show(failedAt).rows[taskId]?.reasons[0]).toMatchObject({
      code: 'backoff',
      evidence: { type: 'AttemptFailed' },
    });
    expect(show(failedAt + 60_000).rows[taskId]?.reasons[0]?.code).toBe('starting');
    story.send('release_slot', { agentId, outcome: 'died_at_once' });
    story.pass(60_000);
    expect(codes(taskId)).toEqual(['agent_stopped']);
    story.send('resume_fleet', {});
    expect(codes(taskId)).toEqual(['starting']);
  });

  it('follows work through its checks and the merge train', () => {
    const { story, start, phase, task, queue, work, finish, board, land, show, codes } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const [first, second] = [task(workflowId), task(workflowId)];
    for (const one of [first, second]) queue(one);
    const agents = [work(first), work(second)];
    story.send('update_task_status', { taskId: first, status: 'done' }, { actor: `agent:${agents[0]}` });
    expect(codes(first)).toEqual(['validation']);
    finish(first, agents[0] as string);
    finish(second, agents[1] as string);
    expect(show().rows[first]?.reasons[0]?.text).toBe('It waits to be put into its merge train.');
    const one = board(workflowId, first);
    board(workflowId, second);
    story.send('start_merge', one);
    expect(show().rows[first]?.reasons[0]).toMatchObject({ code: 'merge', evidence: { type: 'MergeStarted' } });
    expect(show().rows[first]?.reasons[0]?.text).toContain('is being merged');
    expect(show().rows[second]?.reasons[0]?.text).toContain('1 candidate is before it');
    land(one.trainId, one.candidateId, first);
    expect(show().rows[first]).toBeUndefined();
    expect(show().rows[second]?.reasons[0]?.text).toContain('0 candidates are before it');
  });

  it('says how far a batch is, and who waits again when it is split', () => {
    const { story, start, phase, task, queue, work, finish, board, show } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const tasks = [task(workflowId), task(workflowId), task(workflowId), task(workflowId)];
    for (const one of tasks) queue(one);
    for (const one of tasks) finish(one, work(one));
    const boarded = tasks.map((one) => board(workflowId, one));
    const [{ trainId } = { trainId: '' }] = boarded;
    const ids = boarded.map(({ candidateId }) => candidateId);
    const words = () => tasks.map((one) => show().rows[one]?.reasons[0]?.text);
    story.send('start_batch', { trainId, candidateIds: ids.slice(0, 3), limit: 3 });
    expect(words()[0]).toContain('in a batch of 3.');
    expect(words()[3]).toContain('3 candidates are before it');
    const merged = ids
      .slice(0, 2)
      .map((candidateId, n) => ({ candidateId, onto: `m${n}`, commit: `m${n + 1}`, tree: 't' }));
    const refused = { candidateId: ids[2], code: 'merge_conflict', reason: 'no', files: ['a.js'], check: null };
    story.send('record_batch_merged', { trainId, merged, refused: [refused] });
    expect(words()[1]).toContain('in a batch of 2 that is being checked');
    const check = { trainId, count: 2, commit: 'm2', pass: false, again: false, check: null };
    story.send('record_batch_check', check);
    expect(words()[1]).toContain('who is at fault is being looked for');
    story.send('settle_batch', {
      trainId,
      landed: null,
      refused: { ...refused, candidateId: ids[0], code: 'red_when_merged' },
    });
    expect(words()[1]).toContain('0 candidates are before it');
    expect(words()[3]).toContain('1 candidate is before it');
  });

  it('brings a restarted task back, at the end of the line', () => {
    const { story, start, phase, task, queue, show } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const [first, second] = [task(workflowId), task(workflowId)];
    story.send('fail_task', { taskId: first, code: 'no', reason: 'It cannot be done.' });
    expect(show().rows[first]).toBeUndefined();
    story.send('restart_task', { taskId: first });
    queue(first);
    queue(second);
    expect([show().rows[second]?.position, show().rows[first]?.position]).toEqual([1, 2]);
  });

  it('lets a workflow go with its last open task, and shows what is unknown of one that comes back as unknown', () => {
    const { story, start, phase, task, show } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const [failed, open] = [task(workflowId), task(workflowId)];
    story.send('fail_task', { taskId: failed, code: 'no', reason: 'no' });
    story.send('cancel_workflow', { workflowId });
    expect(show().rows[open]?.reasons.map((reason) => reason.code)).toEqual(['workflow_ended']);
    story.send('cancel_task', { taskId: open });
    expect(show().state.workflows.size).toBe(0);
    story.send('restart_task', { taskId: failed });
    expect(show().rows[failed]).toMatchObject({
      title: 'unknown',
      status: 'pending',
      reasons: [{ code: 'workflow_ended' }],
    });
  });

  it('gives every open task that does not run a reason with an age, after each event of a run', () => {
    const { story, start, phase, task, queue, work, finish, board, land, over, complete } = given();
    const workflowId = start();
    phase(workflowId, 'investigate');
    const finding = task(workflowId, { phase: 'investigate', changes: 'none', checks: 'none' });
    const fix = task(workflowId, { parentTaskId: finding });
    queue(finding);
    const finder = work(finding);
    finish(finding, finder);
    // It changes nothing, so passing ends it.
    over(workflowId, 'investigate');
    phase(workflowId, 'fix');
    queue(fix);
    finish(fix, work(fix));
    const { trainId, candidateId } = board(workflowId, fix);
    land(trainId, candidateId, fix);
    over(workflowId, 'fix');
    complete(workflowId);
    const state = queueProjection.init();
    let looked = 0;
    for (const event of story.events) {
      queueProjection.fold(state, event);
      const { rows } = queueProjection.render(state, {}, { position: event.position, asOf: event.at });
      for (const row of Object.values(rows as unknown as Record<string, Row>)) {
        if (row.running) expect(row.agentId).toMatch(/^agt_/);
        else expect(row.reasons.length, `${event.type}: ${row.status}`).toBeGreaterThan(0);
        for (const reason of row.reasons) expect(reason.ageMs).toBeGreaterThanOrEqual(0);
        looked += 1;
      }
    }
    expect(looked).toBeGreaterThan(20);
    expect(state.workflows.size + state.trains.size).toBe(0);
  });
});
