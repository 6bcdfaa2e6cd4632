import { describe, expect, it } from 'vitest';
import { checkSummary, workflowStart } from '../../../tests/support/examples.ts';
import { type Given, given, type Said } from '../../../tests/support/given.ts';
import { definitionSchema, resultPolicy, type Workflow, type WorkflowDefinition, workflowActor } from './index.ts';

const workflowId = 'wfl_bugfix';
const CRITERIA = [{ text: 'All checks pass.', proved_by: 'checks' as const }, 'The manual tells of it.'];
type Result = Partial<WorkflowDefinition['result']>;

const say = (name: string, input: Record<string, unknown> = {}, actor = 'process:phases'): Said => ({
  name,
  input: { workflowId, ...input },
  actor,
});
function start(result: Result = {}): Said {
  const { definition, ...rest } = workflowStart();
  return {
    name: 'start_workflow',
    input: { ...rest, definition: { ...definition, result: { criteria: CRITERIA, ...result } } },
    actor: 'operator',
  };
}
const submit = (commit = 'c1', actor = 'process:phases') =>
  say('submit_result', { summary: 'All is well.', outputs: {}, commit, taskId: null }, actor);
const verdicts = (...words: ('pass' | 'fail' | 'not_judged')[]) =>
  ['All checks pass.', 'The manual tells of it.'].map((criterion, at) => ({
    criterion,
    verdict: words[at] ?? 'pass',
    evidence: 'npm test: 40 pass',
  }));
const judged = (criteria = verdicts(), submission = 1) => ({ submission, check: checkSummary(), criteria });
const accept = (criteria = verdicts('pass', 'not_judged'), submission = 1) =>
  say('accept_result', judged(criteria, submission));
const reject = (submission = 1) =>
  say('reject_result', { ...judged(verdicts('fail'), submission), code: 'check_failed', feedback: 'one is red' });
const askReview = say('request_result_review', { ...judged(verdicts('pass', 'not_judged')), reviewId: 'tsk_r' });
const deliver = (commit = 'c1') => say('start_delivery', { commit });
const begin = (round: number, mends?: number) =>
  say('start_phase', { phase: 'fix', round, ...(mends !== undefined && { mends }) });
const after = (...said: Said[]): Given<Workflow> =>
  said.reduce((actor, one) => actor.when(one).next, given(workflowActor));
const statuses = ({ state }: Given<Workflow>) => state.context.results.map(({ status }) => status);

describe('a submitted result', () => {
  it('is recorded with who submitted it, and said twice it is true once', () => {
    const submitted = after(start())
      .when(submit())
      .thenFacts({
        type: 'ResultSubmitted',
        data: { submission: 1, by: 'process:phases', commit: 'c1', summary: 'All is well.' },
      });
    submitted.when(submit()).thenNothing();
    submitted.when(submit('c2')).thenRejected('result.pending', 'Submission 1');
    expect(submitted.state.context.results).toMatchObject([{ status: 'submitted', phases: 0, mended: false }]);
  });

  it('comes from an agent only where the template says so, and from an operator always', () => {
    after(start()).when(submit('c1', 'agent:agt_ada')).thenRejected('result.not_yours', 'submitted by phases');
    after(start({ submitted_by: 'operator' }))
      .when(submit('c1', 'agent:agt_ada'))
      .thenRejected('result.not_yours', 'operator');
    after(start({ submitted_by: 'agents' }))
      .when(submit('c1', 'agent:agt_ada'))
      .thenFacts('ResultSubmitted');
    after(start()).when(submit('c1', 'operator')).thenFacts('ResultSubmitted');
  });

  it('fits a workflow that is active only', () => {
    given(workflowActor).when(submit()).thenRejected('workflow.not_open');
    after(start(), say('pause_workflow')).when(submit()).thenRejected('workflow.out_of_order');
    after(start(), say('cancel_workflow')).when(submit()).thenRejected('workflow.not_open');
    after(start(), submit(), accept(), deliver())
      .when(submit('c2'))
      .thenRejected('workflow.out_of_order', 'delivered already');
  });
});

describe('the verdict on a result', () => {
  it('accepts it once, and what was accepted is delivered at that very commit', () => {
    const accepted = after(start(), submit())
      .when(accept())
      .thenFacts({ type: 'ResultAccepted', data: { submission: 1, commit: 'c1' } });
    accepted.when(accept()).thenNothing();
    accepted.when(reject()).thenNothing();
    accepted.when(deliver('c2')).thenRejected('workflow.out_of_order', 'has not been accepted');
    accepted.when(deliver()).thenFacts('DeliveryStarted');
    accepted.when(submit('c2', 'operator')).thenRejected('result.accepted');
  });

  it('has an answer to each criterion of the template', () => {
    const submitted = after(start(), submit());
    submitted.when(accept([])).thenRejected('result.criteria_unanswered', '2 criteria');
    submitted.when(accept(verdicts().toReversed())).thenRejected('result.criteria_unanswered');
    submitted
      .when(say('reject_result', { ...judged([]), code: 'red', feedback: '' }))
      .thenRejected('result.criteria_unanswered');
    submitted.when(accept(verdicts('pass', 'fail'))).thenRejected('result.criteria_unanswered', 'The manual');
    submitted.when(accept(verdicts(), 2)).thenRejected('workflow.out_of_order', 'no submission 2');
  });

  it('leaves nothing unjudged where a reviewer was to be asked', () => {
    const asked = after(start({ review: { agent: 'default', instructions: '' } }), submit())
      .when(askReview)
      .thenFacts({ type: 'ResultReviewRequested', data: { reviewId: 'tsk_r' } });
    asked.when(askReview).thenNothing();
    expect(statuses(asked)).toEqual(['in_review']);
    asked.when(accept()).thenRejected('result.criteria_unanswered', 'not judged');
    asked.when(accept(verdicts())).thenFacts('ResultAccepted');
  });

  it('rejects it with what is wrong, a bounded number of times', () => {
    const rejected = after(start(), submit())
      .when(reject())
      .thenFacts({ type: 'ResultRejected', data: { code: 'check_failed', feedback: 'one is red', commit: 'c1' } });
    rejected.when(deliver()).thenRejected('workflow.out_of_order');
    const again = rejected.when(begin(1, 1)).thenFacts({ type: 'PhaseStarted', data: { mends: 1 } });
    expect(again.state.context.results).toMatchObject([{ mended: true }]);
    const twice = again.when(submit()).thenFacts({ type: 'ResultSubmitted', data: { submission: 2 } });
    twice.when(reject(2)).thenFacts('ResultRejected').when(submit('c3')).thenRejected('result.rounds_exhausted', '2');
  });

  it('is superseded when a phase starts after it, and the server submits again', () => {
    const more = after(start(), submit(), accept(), begin(1));
    expect(statuses(more)).toEqual(['superseded']);
    more.when(deliver()).thenRejected('workflow.out_of_order');
    expect(statuses(more.when(submit('c2')).thenFacts('ResultSubmitted'))).toEqual(['superseded', 'submitted']);
    after(start(), submit(), accept()).when(submit('c2')).thenFacts('ResultSubmitted');
  });
});

describe('a run of which nobody has submitted anything', () => {
  it('is delivered as runs were before there were results', () => {
    after(start()).when(deliver()).thenFacts('DeliveryStarted');
  });
});

describe('who is asked, and what follows', () => {
  const phase = (name: string, more: object = {}) => ({ name, goal: 'G', role: 'r', ...more });
  const policy = (result: object, phases: object[]) =>
    resultPolicy(definitionSchema.parse({ name: 'w', title: 'W', result, phases }));

  it('is as it has always been where the template is silent', () => {
    expect(policy({}, [phase('one')])).toEqual({
      ...{ submitted_by: 'phases', on_result: 'finish_open', review: undefined, mender: 'one' },
    });
  });

  it('mends in the phase that is named, else where the last one sends its red, else in the last that changes something', () => {
    const read = phase('read', { changes: 'none' });
    const verify = phase('verify', { agent: 'none', changes: 'none' });
    expect(policy({}, [phase('one'), phase('two'), read, verify]).mender).toBe('two');
    expect(policy({}, [phase('one'), phase('two'), { ...verify, on_red: 'one' }]).mender).toBe('one');
    expect(policy({ on_fail: 'read' }, [phase('one'), read]).mender).toBe('read');
    expect(policy({}, [read, verify]).mender).toBe(null);
  });
});
