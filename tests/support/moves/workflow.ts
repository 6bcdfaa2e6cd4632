import fc from 'fast-check';
import { checkSummary, definition, delivery, workflowStart } from '../examples.ts';
import { move, pick, text, workflowId } from './move.ts';

/** An answer to what the template does not ask. */
const unwritten = { criterion: 'no such', verdict: 'pass' as const, evidence: 'none' };
const phase = pick(...definition().phases.map(({ name }) => name), 'no_such');
const round = fc.integer({ min: 1, max: 3 });
const judgedResult = { submission: pick(1, 1, 2), check: null, criteria: pick([], [], [unwritten]) };
const ofWorkflow = (name: string, fields: Record<string, unknown> = {}) => move(name, { workflowId, ...fields });
export const workflow = fc.oneof(
  move('start_workflow', { ...workflowStart(workflowId), runnerId: 'rnr_1' }),
  move('start_best_of_n_run', { ...workflowStart(workflowId), runnerId: 'rnr_1', bestOfNId: 'bon_1' }),
  move('start_revert_run', workflowStart(workflowId)),
  ofWorkflow('pause_workflow', { reason: text }),
  { weight: 3, arbitrary: ofWorkflow('resume_workflow') },
  ofWorkflow('record_run_opened', { commit: 'c0' }),
  ofWorkflow('record_baseline', { check: checkSummary('failed') }),
  { weight: 6, arbitrary: ofWorkflow('start_phase', { phase, round, mends: pick(undefined, undefined, 1) }) },
  { weight: 6, arbitrary: ofWorkflow('complete_phase', { phase, round, outcome: pick('green', 'red', 'empty') }) },
  {
    weight: 8,
    arbitrary: ofWorkflow('submit_result', { summary: text, outputs: {}, commit: pick('c8', 'c9'), taskId: null }),
  },
  ofWorkflow('request_result_review', { ...judgedResult, reviewId: 'tsk_r' }),
  { weight: 4, arbitrary: ofWorkflow('accept_result', judgedResult) },
  { weight: 4, arbitrary: ofWorkflow('reject_result', { ...judgedResult, code: 'red', feedback: text }) },
  { weight: 2, arbitrary: ofWorkflow('start_delivery', { commit: pick('c8', 'c9') }) },
  ofWorkflow('complete_workflow', { delivery: delivery(), summary: text }),
  ofWorkflow('fail_workflow', { code: 'red', reason: text, delivery: null }),
  ofWorkflow('cancel_workflow', { reason: text }),
  ofWorkflow('adopt_workflow', {
    from: pick('rnr_1', 'rnr_2'),
    runnerId: pick('rnr_1', 'rnr_2'),
    reason: text,
    rescued: [],
  }),
);
