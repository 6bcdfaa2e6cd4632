import fc from 'fast-check';
import { buildEnd, contest, contestScore, contestScores, contestVariant } from '../examples.ts';
import { move, pick, text } from './move.ts';

const bestOfNId = 'bon_1';
const variant = fc.integer({ min: 0, max: 2 });
const ofContest = (name: string, fields: Record<string, unknown> = {}) => move(name, { bestOfNId, ...fields });
const scoresOf = pick(contestScores(1), contestScores(0.5), [contestScore('tests', 1)]);
const score = pick(undefined, 'tests=1', 'tests=3,time=1', 'survival=1', 'no_such=1');
export const bestOfN = fc.oneof(
  {
    weight: 12,
    arbitrary: move('start_best_of_n', {
      ...contest({ bestOfNId }),
      n: pick(1, 2, 2, 3),
      earlyStop: fc.boolean(),
      merge: fc.boolean(),
      agents: pick(['repair'], ['repair', 'claude']),
      weights: pick({ tests: 1, time: 1 }, { tests: 1, time: 1 }, { agreement: 1, tests: 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: move('start_best_of_n_of_task', { ...contest({ bestOfNId, taskId: 'tsk_1' }), n: 2, earlyStop: true }),
  },
  {
    weight: 12,
    arbitrary: ofContest('start_mutating', {
      ...{ workflowId: pick('wfl_1', 'wfl_2'), taskId: pick(undefined, 'tsk_1'), base: pick(undefined, 'c0') },
    }),
  },
  {
    weight: 8,
    arbitrary: ofContest('record_drafts', {
      ...{ model: 'writer', asked: 1, modelMs: 3, inputTokens: 9, outputTokens: null, costUsd: null },
      ...{ drafts: [{ approach: 'Begin.', criteria: [], maxLines: null, allowedFiles: null, allowedImports: null }] },
      problem: pick('', 'It was slow.'),
    }),
  },
  {
    weight: 60,
    arbitrary: variant.chain((index) =>
      ofContest('record_variant', { ...contestVariant(index), mutateMs: 1, modelMs: 0 }),
    ),
  },
  { weight: 24, arbitrary: ofContest('record_build_started', { index: variant, taskId: pick('tsk_1', 'tsk_2') }) },
  {
    weight: 24,
    arbitrary: fc
      .tuple(variant, pick('passed', 'passed', 'passed', 'failed', 'died', 'withdrawn'))
      .chain(([index, outcome]) => ofContest('record_build_ended', { ...buildEnd(index, { outcome }) })),
  },
  { weight: 30, arbitrary: ofContest('record_scores', { index: variant, scores: scoresOf, judgeMs: 2 }) },
  { weight: 40, arbitrary: ofContest('stop_early', { open: pick([], [{ index: 1, buildMs: 9e9, costUsd: null }]) }) },
  { weight: 10, arbitrary: ofContest('record_winner_sent', { trainId: 'mtr_1', candidateId: pick('a', 'b') }) },
  { weight: 14, arbitrary: ofContest('complete_best_of_n', { commit: pick('m1', null), words: text }) },
  ofContest('fail_best_of_n', { code: 'no', reason: text }),
  ofContest('cancel_best_of_n', { reason: text }),
  {
    weight: 18,
    arbitrary: ofContest('rescore_best_of_n', { score, check: pick(undefined, 'npm test'), measure: fc.boolean() }),
  },
  {
    weight: 30,
    arbitrary: ofContest('record_rescore', {
      verdict: pick(2, 2, 3),
      index: variant,
      passed: fc.boolean(),
      scores: pick(contestScores(0.25), [contestScore('survival', 1)]),
      judgeMs: 3,
    }),
  },
  { weight: 8, arbitrary: ofContest('abandon_rescoring', { verdict: pick(2, 3), reason: text }) },
);
