import { describe, expect, it } from 'vitest';
import { checkSummary, delivery, workflowStart } from '../../../tests/support/examples.ts';
import { type Given, given, type Said } from '../../../tests/support/given.ts';
import { type Workflow, workflowActor, workflowCommands } from './index.ts';

const workflowId = 'wfl_bugfix';
const say = (name: string, input: Record<string, unknown> = {}, actor = 'server'): Said => ({
  name,
  input: { workflowId, ...input },
  actor,
});
const start: Said = { name: 'start_workflow', input: workflowStart(), actor: 'operator' };
const pause = say('pause_workflow', { reason: 'lunch' }, 'operator');
const resume = say('resume_workflow', {}, 'operator');
const cancel = say('cancel_workflow', { reason: 'not needed' }, 'operator');
const runOpened = say('record_run_opened', { commit: 'c0' });
const baseline = say('record_baseline', { check: checkSummary('failed') });
const startPhase = (phase: string, round = 1) => say('start_phase', { phase, round });
const completePhase = (phase: string, round = 1, outcome = 'green') => say('complete_phase', { phase, round, outcome });
const startDelivery = say('start_delivery', { commit: 'c9' });
const complete = say('complete_workflow', { delivery: delivery(), summary: 'All is green.' });
const fail = say('fail_workflow', { code: 'red', reason: 'Verify stays red.', delivery: null });
const ofBestOfN: Said = { name: 'start_best_of_n_run', input: { ...workflowStart(), bestOfNId: 'bon_parser' } };
const ofRevert: Said = {
  name: 'start_revert_run',
  input: { ...workflowStart(), takesOut: { candidateId: 'cnd_1', commit: 'm1', baseline: null } },
};
const EXAMPLES = [
  pause,
  resume,
  cancel,
  runOpened,
  baseline,
  startPhase('fix'),
  completePhase('fix'),
  startDelivery,
  complete,
  fail,
  say('adopt_workflow', { from: 'rnr_a', runnerId: 'rnr_b', reason: 'its server is gone', rescued: [] }),
  say('submit_result', { summary: 'Done.', outputs: {}, commit: 'c9', taskId: null }),
  say('request_result_review', { submission: 1, check: null, criteria: [], reviewId: 'tsk_r' }),
  say('accept_result', { submission: 1, check: null, criteria: [] }),
  say('reject_result', { submission: 1, check: null, criteria: [], code: 'red', feedback: '' }),
];
const after = (...said: Said[]): Given<Workflow> =>
  said.reduce((actor, one) => actor.when(one).next, given(workflowActor));
const ENDS = [after(start, startDelivery, complete), after(start, fail), after(start, cancel)];

describe('a workflow’s beginning', () => {
  it('is recorded whole, once', () => {
    const started = given(workflowActor)
      .when(start)
      .thenFacts({ type: 'WorkflowStarted', data: { ...workflowStart(), startedBy: 'operator' } });
    started.when(start).thenRejected('workflow.exists');
    started.when(ofBestOfN).thenRejected('workflow.exists');
    started.when(ofRevert).thenRejected('workflow.exists');
    const undoing = given(workflowActor).when(ofRevert).thenFacts('WorkflowStarted');
    expect(undoing.state.context.takesOut?.commit).toBe('m1');
    const run = given(workflowActor).when(ofBestOfN).thenFacts('WorkflowStarted');
    expect(run.state.context.bestOfNId).toBe('bon_parser');
  });

  it('has an example of every command here', () => {
    expect([start, ofBestOfN, ofRevert, ...EXAMPLES].map(({ name }) => name).sort()).toEqual(
      Object.keys(workflowCommands).sort(),
    );
  });

  it.each(EXAMPLES)('is not there for $name before', (said) => {
    given(workflowActor).when(said).thenRejected('workflow.not_open');
  });

  it('opens its run and takes its baseline once, also while paused', () => {
    for (const begun of [after(start), after(start, pause)]) {
      const opened = begun.when(runOpened).thenFacts({ type: 'RunOpened', data: { commit: 'c0' } });
      opened.when(runOpened).thenNothing();
      const based = opened.when(baseline).thenFacts('BaselineRecorded').when(baseline).thenNothing();
      expect(based.state.context).toMatchObject({ runOpened: true, baseline: { status: 'failed' } });
    }
  });
});

describe('phases', () => {
  it('start once in each round, and end once', () => {
    after(start)
      .when(startPhase('investigate'))
      .thenFacts({ type: 'PhaseStarted', data: { phase: 'investigate', round: 1 } })
      .when(startPhase('investigate'))
      .thenNothing()
      .when(completePhase('investigate'))
      .thenFacts({ type: 'PhaseCompleted', data: { outcome: 'green' } })
      .when(completePhase('investigate'))
      .thenNothing();
  });

  it('run one at a time', () => {
    after(start, startPhase('investigate'))
      .when(startPhase('fix'))
      .thenRejected('workflow.out_of_order', 'investigate is not over');
  });

  it('come again after a red one, up to rounds_max', () => {
    const red = after(start, startPhase('verify'), completePhase('verify', 1, 'red'));
    const again = red.when(startPhase('fix', 2)).thenFacts('PhaseStarted').when(completePhase('fix', 2)).next;
    expect(again.state.context.phases.map(({ name, round, status }) => [name, round, status])).toEqual([
      ['verify', 1, 'red'],
      ['fix', 2, 'green'],
    ]);
    again.when(startPhase('fix', 3)).thenRejected('workflow.out_of_order', 'beyond rounds_max 2');
  });

  it('are those of the definition', () => {
    after(start).when(startPhase('deploy')).thenRejected('workflow.no_such_phase', 'investigate, fix, verify');
    after(start).when(completePhase('fix')).thenRejected('workflow.out_of_order', 'has not started');
  });

  it('neither start nor end while the workflow is paused or over', () => {
    after(start, pause).when(startPhase('fix')).thenRejected('workflow.out_of_order');
    after(start, startPhase('fix'), pause).when(completePhase('fix')).thenRejected('workflow.out_of_order');
    for (const end of ENDS) end.when(startPhase('fix')).thenRejected('workflow.not_open');
    after(start, startPhase('fix'), cancel).when(completePhase('fix')).thenRejected('workflow.not_open');
  });
});

describe('pause and resume', () => {
  it('are said once', () => {
    const paused = after(start)
      .when(pause)
      .thenFacts({ type: 'WorkflowPaused', data: { reason: 'lunch', by: 'operator' } });
    expect(paused.state.context.reason).toBe('lunch');
    paused.when(pause).thenNothing();
    const resumed = paused.when(resume).thenFacts({ type: 'WorkflowResumed', data: { by: 'operator' } });
    expect(resumed.state).toMatchObject({ value: 'active', context: { reason: null } });
    resumed.when(resume).thenRejected('workflow.not_paused');
  });

  it('do not fit a workflow that is over', () => {
    for (const end of ENDS) {
      end.when(pause).thenRejected('workflow.not_open');
      end.when(resume).thenRejected('workflow.not_paused');
    }
  });
});

describe('the end of a workflow', () => {
  it('is its delivery, started once', () => {
    const delivering = after(start)
      .when(startDelivery)
      .thenFacts({ type: 'DeliveryStarted', data: { commit: 'c9', merge: true } });
    delivering.when(startDelivery).thenNothing();
    const done = delivering.when(complete).thenFacts({ type: 'WorkflowCompleted', data: { summary: 'All is green.' } });
    expect(done.state).toMatchObject({ value: 'completed', context: { delivery: { base: 'moved' } } });
    done.when(complete).thenRejected('workflow.out_of_order');
  });

  it('does not come before its delivery', () => {
    after(start).when(complete).thenRejected('workflow.out_of_order', 'Nothing has been delivered');
    after(start, pause).when(startDelivery).thenRejected('workflow.out_of_order');
  });

  it('is recorded although the workflow was paused while the delivery was under way', () => {
    after(start, startDelivery, pause).when(complete).thenFacts('WorkflowCompleted');
  });

  it('is a failure with its reason, from where it stands', () => {
    for (const open of [after(start), after(start, pause), after(start, startDelivery)]) {
      const failed = open.when(fail).thenFacts({ type: 'WorkflowFailed', data: { reason: 'Verify stays red.' } });
      failed.when(fail).thenRejected('workflow.not_open');
    }
  });

  it('is a cancellation, said once', () => {
    for (const open of [after(start), after(start, pause)]) {
      const cancelled = open.when(cancel).thenFacts({ type: 'WorkflowCancelled', data: { by: 'operator' } });
      expect(cancelled.state.context).toMatchObject({ reason: 'not needed' });
      cancelled.when(cancel).thenNothing();
    }
    after(start, fail).when(cancel).thenRejected('workflow.not_open');
  });
});

it('says what each of its events concerns', () => {
  expect(workflowActor.scope?.(after(start).state.context)).toEqual({ workflowId, repositoryId: 'rep_library' });
});

describe('a workflow of a runner', () => {
  const adopt = (from: string, runnerId: string) =>
    say('adopt_workflow', { from, runnerId, reason: 'its server is gone', rescued: [] });
  const ofA = () => after({ ...start, input: { ...workflowStart(), runnerId: 'rnr_a' } });

  it('is taken over by one of several that try', () => {
    const adopted = ofA().when(adopt('rnr_a', 'rnr_b')).thenFacts('WorkflowAdopted');
    adopted.when(adopt('rnr_a', 'rnr_b')).thenNothing();
    adopted.when(adopt('rnr_a', 'rnr_c')).thenRejected('workflow.taken_over', 'rnr_b');
    adopted.when(adopt('rnr_b', 'rnr_c')).thenFacts('WorkflowAdopted');
  });

  it('is taken over also when it has ended, for what is left of it', () => {
    ofA().when(cancel).next.when(adopt('rnr_a', 'rnr_b')).thenFacts('WorkflowAdopted');
  });
});
