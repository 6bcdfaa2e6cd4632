import { describe, expect, it } from 'vitest';
import {
  buildEnd,
  contest,
  contestScore,
  contestScores,
  contestVariant,
  directive,
} from '../../../tests/support/examples.ts';
import { type Given, given, type Said } from '../../../tests/support/given.ts';
import { type BestOfN, type BestOfNSpec, type BuildEnd, bestOfNActor, openRescoring } from './index.ts';

const bestOfNId = 'bon_parser';
const say = (name: string, more: Record<string, unknown> = {}): Said => ({ name, input: { bestOfNId, ...more } });
const start = (differs: Partial<BestOfNSpec> = {}): Said => ({ name: 'start_best_of_n', input: contest(differs) });
const mutating = say('start_mutating', { workflowId: 'wfl_contest' });
const variant = (index: number, differs = {}) =>
  say('record_variant', { ...contestVariant(index), mutateMs: 2, modelMs: 5, ...differs });
const begun = (index: number) => say('record_build_started', { index, taskId: `tsk_${index}` });
const ended = (index: number, differs: Partial<BuildEnd> = {}) =>
  say('record_build_ended', { ...buildEnd(index, differs) });
const scored = (index: number, tests: number) =>
  say('record_scores', { index, scores: contestScores(tests), judgeMs: 7 });
const stop = (...open: { index: number; buildMs: number; costUsd: number | null }[]) => say('stop_early', { open });
const sent = say('record_winner_sent', { trainId: 'mtr_base', candidateId: 'cnd_1' });
const complete = say('complete_best_of_n', { commit: 'm1', words: 'It is merged.' });
const cancel = say('cancel_best_of_n', { reason: 'Not needed.' });
const rescore = (more: Record<string, unknown> = {}): Said => ({
  ...say('rescore_best_of_n', more),
  actor: 'operator',
});
const rescored = (index: number, passed: boolean, tests: number, verdict = 2) =>
  say('record_rescore', { verdict, index, passed, scores: contestScores(tests), judgeMs: 9 });

const after = (...said: Said[]): Given<BestOfN> =>
  said.reduce((actor, one) => actor.when(one).next, given(bestOfNActor));
const building = (differs: Partial<BestOfNSpec> = {}) => [
  ...[start(differs), mutating, variant(0), variant(1), variant(2)],
  ...[begun(0), begun(1), begun(2)],
];
const scoring = (differs: Partial<BestOfNSpec> = {}) => [
  ...building(differs),
  ...[ended(0), ended(1), ended(2, { outcome: 'failed' })],
];
const selected = (differs: Partial<BestOfNSpec> = {}) => [...scoring(differs), scored(0, 0.5), scored(1, 1)];
const completed = [...selected(), sent, complete];

describe('planning a best-of-N', () => {
  it('records the whole request, once', () => {
    const one = given(bestOfNActor).when({ ...start(), actor: 'operator' });
    const planned = one.thenFacts({ type: 'BestOfNStarted', data: { ...contest(), startedBy: 'operator' } });
    expect(planned.state.value).toBe('planned');
    planned.when(start()).thenRejected('best.exists');
  });

  it('knows nothing before it was started', () => {
    for (const said of [mutating, variant(0), cancel, rescore()])
      given(bestOfNActor).when(said).thenRejected('best.not_open');
  });

  it('takes variants in their order, each once, and begins to build with the last', () => {
    const open = after(start(), mutating);
    open.when(variant(1)).thenRejected('best.out_of_order', 'Variant 0 comes next');
    const one = open.when(variant(0)).thenFacts({ type: 'VariantPlanned', data: { ...contestVariant(0), modelMs: 5 } });
    one.when(variant(0)).thenNothing();
    const two = one.when(variant(1)).thenFacts('VariantPlanned');
    const all = two.when(variant(2)).thenFacts('VariantPlanned', { type: 'BuildingStarted', data: { candidates: 3 } });
    expect(all.state.value).toBe('building');
    all.when(variant(2)).thenNothing();
    all.when(variant(3)).thenRejected('best.out_of_order');
  });

  it('lets nobody change what was given as variant 0', () => {
    const open = after(start(), mutating);
    const other = directive({ goal: 'Something else' });
    open.when(variant(0, { directive: other })).thenRejected('best.out_of_order', 'as it was given');
    open.when(variant(0, { mutators: ['seed'] })).thenRejected('best.out_of_order', 'as it was given');
  });

  it('belongs to one run', () => {
    after(start(), mutating).when(mutating).thenNothing();
    after(start(), mutating)
      .when(say('start_mutating', { workflowId: 'wfl_other' }))
      .thenRejected('best.out_of_order');
  });
});

describe('building candidates', () => {
  it('gives each one task', () => {
    const open = after(start(), mutating, variant(0), variant(1), variant(2));
    const one = open.when(begun(0)).thenFacts({ type: 'BuildStarted', data: { index: 0, taskId: 'tsk_0' } });
    one.when(begun(0)).thenNothing();
    one.when(say('record_build_started', { index: 0, taskId: 'tsk_9' })).thenRejected('best.out_of_order', 'tsk_0');
    one.when(begun(7)).thenRejected('best.no_such_candidate', 'variant 7');
  });

  it('takes the first word on how one ended, and a death for a failure', () => {
    const one = after(...building()).when(ended(1, { outcome: 'died', reason: 'Its agent was killed.' }));
    const died = one.thenFacts({ type: 'BuildEnded', data: { outcome: 'died', reason: 'Its agent was killed.' } });
    died.when(ended(1)).thenNothing();
    expect(died.state.value).toBe('building');
  });

  it('lets nobody pass without a task or without work', () => {
    after(start(), mutating, variant(0), variant(1), variant(2))
      .when(ended(0))
      .thenRejected('best.out_of_order', 'without a task');
    after(...building())
      .when(ended(0, { commit: null }))
      .thenRejected('best.out_of_order', 'without any work');
  });

  it('goes on to scoring only when every candidate has ended', () => {
    const two = after(...building(), ended(0), ended(2, { outcome: 'failed' }));
    expect(two.state.value).toBe('building');
    const all = two
      .when(ended(1))
      .thenFacts('BuildEnded', { type: 'ScoringStarted', data: { early: false, words: '2 of 3 candidates passed.' } });
    expect(all.state.value).toBe('scoring');
  });

  it('fails with everybody’s reason when none passed', () => {
    const failed = after(...building(), ended(0, { outcome: 'died' }), ended(2, { outcome: 'withdrawn' }))
      .when(ended(1, { outcome: 'failed', reason: 'Two tests fail.' }))
      .thenFacts('BuildEnded', { type: 'BestOfNFailed', data: { code: 'none_passed' } });
    expect(failed.state.value).toBe('failed');
    expect(failed.state.context.reason).toContain('variant 1 failed: Two tests fail.');
  });
});

describe('scoring', () => {
  it('takes every weighted scorer’s word on a candidate, once, and tells where its time went', () => {
    const open = after(...scoring());
    open
      .when(say('record_scores', { index: 0, scores: [contestScore('tests', 1)], judgeMs: 7 }))
      .thenRejected('best.out_of_order', 'lack time');
    const one = open.when(scored(0, 0.5)).thenFacts({
      type: 'CandidateScored',
      data: { index: 0, total: 0.7, times: { mutateMs: 2, buildMs: 60_000, testMs: 1_000, judgeMs: 7, modelMs: 5 } },
    });
    one.when(scored(0, 1)).thenNothing();
    expect(one.state.value).toBe('scoring');
  });

  it('takes no second word of a scorer in one judgement', () => {
    const twice = { index: 0, scores: [contestScore('tests', 1), contestScore('tests', 0)], judgeMs: 7 };
    expect(() => after(...scoring()).when(say('record_scores', twice))).toThrow('twice');
  });

  it('selects with the last score of those that passed, and says why', () => {
    const won = after(...scoring(), scored(0, 0.5))
      .when(scored(1, 1))
      .thenFacts('CandidateScored', {
        type: 'WinnerSelected',
        data: { winner: 1, tie: 'none', words: 'Variant 1 scores 0.95, more than variant 0 with 0.7.' },
      });
    expect(won.state.value).toBe('selected');
    won.when(scored(1, 1)).thenNothing();
  });

  it('lets one that did not pass be scored, and never win', () => {
    const won = after(...scoring(), scored(2, 1), scored(0, 0.1), scored(1, 0));
    expect(won.state.context.verdict).toMatchObject({ winner: 0, ranking: [{ index: 0 }, { index: 1 }] });
  });

  it('judges nobody who left no work', () => {
    after(...building(), ended(0, { outcome: 'died' }))
      .when(scored(0, 1))
      .thenRejected('best.out_of_order', 'no work');
  });

  it('breaks ties by fewer changed lines, then by the earlier variant', () => {
    const both = (lines: number) =>
      after(
        ...[...building(), ended(0), ended(1, { changedLines: lines }), ended(2, { outcome: 'died' })],
        ...[scored(0, 1), scored(1, 1)],
      ).state.context.verdict;
    expect(both(3)).toMatchObject({ winner: 1, tie: 'fewer_lines' });
    expect(both(3)?.words).toContain('changes fewer lines: 3, not 4');
    expect(both(4)).toMatchObject({ winner: 0, tie: 'earlier_variant' });
  });
});

describe('stopping early', () => {
  const early = { earlyStop: true };

  it('withdraws who can no longer win, and selects', () => {
    const leading = after(...building(early), ended(0, { changedLines: 1 }), scored(0, 1));
    leading.when(stop()).thenRejected('best.not_settled');
    const slow = [1, 2].map((index) => ({ index, buildMs: 120_000, costUsd: 0.5 }));
    const stopped = leading
      .when(stop(...slow))
      .thenFacts(
        { type: 'BuildEnded', data: { index: 1, outcome: 'withdrawn', buildMs: 120_000, costUsd: 0.5 } },
        { type: 'BuildEnded', data: { index: 2, outcome: 'withdrawn' } },
        { type: 'ScoringStarted', data: { early: true } },
        { type: 'WinnerSelected', data: { winner: 0 } },
      );
    stopped.when(stop(...slow)).thenNothing();
    stopped.when(ended(1)).thenNothing();
  });

  it('only when it was asked to, and only while candidates are built', () => {
    after(...building(), ended(0), scored(0, 1))
      .when(stop())
      .thenRejected('best.out_of_order', 'not asked');
    after(...scoring(early))
      .when(stop())
      .thenRejected('best.not_settled');
  });

  it('does not forget one that passed and waits for its judges', () => {
    const waits = after(...building(early), ended(0), scored(0, 0.9), ended(1, { buildMs: 1 }));
    waits.when(stop({ index: 2, buildMs: 9_000_000, costUsd: null })).thenRejected('best.not_settled');
  });

  it('judges nobody by the others while others are built', () => {
    after(...building({ ...early, weights: { tests: 1, agreement: 1 } }), ended(0))
      .when(scored(0, 1))
      .thenRejected('best.out_of_order', 'agreement');
  });
});

describe('the winner', () => {
  it('is merged and then done, each once', () => {
    const waiting = after(...selected());
    waiting.when(complete).thenRejected('best.out_of_order', 'not been merged');
    const merging = waiting.when(sent).thenFacts('WinnerSent');
    merging.when(sent).thenNothing();
    const done = merging.when(complete).thenFacts({ type: 'BestOfNCompleted', data: { commit: 'm1' } });
    done.when(complete).thenNothing();
    done.when(cancel).thenRejected('best.not_open');
  });

  it('goes into its run also where nothing goes to the base branch', () => {
    const waiting = after(...selected({ merge: false }));
    waiting.when(complete).thenRejected('best.out_of_order', 'not been merged');
    waiting.when(sent).thenFacts('WinnerSent');
  });

  it('may fail to be merged', () => {
    const failed = after(...selected(), sent).when(say('fail_best_of_n', { code: 'refused', reason: 'A conflict.' }));
    failed.thenFacts({ type: 'BestOfNFailed', data: { code: 'refused' } });
    failed.next.when(say('fail_best_of_n', { code: 'refused', reason: 'A conflict.' })).thenNothing();
  });
});

it.each([[start()], [start(), mutating], building(), scoring(), selected(), [...selected(), sent]])(
  'is cancelled at any point, once (%#)',
  (...said) => {
    const cancelled = after(...(said as Said[]))
      .when({ ...cancel, actor: 'operator' })
      .thenFacts({ type: 'BestOfNCancelled', data: { reason: 'Not needed.', by: 'operator' } });
    cancelled.when(cancel).thenNothing();
    cancelled.when(rescore()).thenRejected('best.not_judged');
  },
);

it('takes the whole story said again at any point, without a new fact', () => {
  for (let length = 1; length < completed.length; length++) {
    const told = completed.slice(0, length);
    const again = told.slice(1).reduce((actor, said) => actor.when(said).thenNothing(), after(...told));
    expect(again.state).toEqual(after(...told).state);
    expect(completed.slice(length).reduce((actor, said) => actor.when(said).next, again).state).toEqual(
      after(...completed).state,
    );
  }
});

describe('scoring again', () => {
  it('weighs what is recorded at once, beside the first verdict', () => {
    const done = after(
      ...[...building(), ended(0, { changedLines: 1 }), ended(1), ended(2, { outcome: 'died' })],
      ...[scored(0, 0.5), scored(1, 1), sent, complete],
    );
    const again = done
      .when(rescore({ score: 'time=1' }))
      .thenFacts(
        { type: 'RescoringStarted', data: { verdict: 2, weights: { time: 1 }, measured: false, by: 'operator' } },
        { type: 'VerdictReached', data: { verdict: 2, winner: 0, tie: 'fewer_lines', differs: true } },
      );
    expect(again.state.context.verdict?.winner).toBe(1);
    expect(again.state.context.rescorings[0]?.result?.words).toContain('By the first verdict variant 1 won');
    again.when(rescore({ score: 'time=1' })).thenNothing();
    again
      .when(rescore({ score: 'tests=2' }))
      .thenFacts('RescoringStarted', { type: 'VerdictReached', data: { verdict: 3, winner: 1, differs: false } });
  });

  it('measures what has no recorded score, under another check, or when asked to', () => {
    for (const more of [{ score: 'survival=1' }, { check: 'npm run slow' }, { measure: true }])
      after(...completed)
        .when(rescore(more))
        .thenFacts({ type: 'RescoringStarted', data: { measured: true } });
  });

  it('reaches its verdict with the last candidate that left work, whoever passed before', () => {
    const open = after(...completed, rescore({ check: 'npm run slow' }));
    open.when(rescore({ check: 'npm run slow' })).thenNothing();
    open.when(rescore({ score: 'tests=9' })).thenRejected('best.rescoring', 'verdict 2');
    open.when(rescored(0, true, 1, 3)).thenRejected('best.out_of_order', 'no verdict 3');
    const two = after(...completed, rescore({ check: 'npm run slow' }), rescored(2, true, 0.7), rescored(1, false, 1));
    two.when(rescored(1, true, 1)).thenNothing();
    two
      .when(rescored(0, true, 0.2))
      .thenFacts('CandidateRescored', { type: 'VerdictReached', data: { winner: 2, differs: true } })
      .when(rescored(0, true, 0.2))
      .thenNothing();
  });

  it('may find that somebody passes where nobody did', () => {
    const failed = after(
      ...[...building(), ended(0, { outcome: 'failed' }), ended(1, { outcome: 'died' })],
      ended(2, { outcome: 'died' }),
    );
    const again = failed.when(rescore()).thenFacts({ type: 'RescoringStarted', data: { measured: true } });
    again
      .when(rescored(0, true, 1))
      .thenFacts('CandidateRescored', { type: 'VerdictReached', data: { winner: 0, differs: true } });
  });

  it('is given up with a reason, and may be asked for anew', () => {
    const abandoned = after(...completed, rescore({ measure: true }))
      .when(say('abandon_rescoring', { verdict: 2, reason: 'The refs were pruned.' }))
      .thenFacts('RescoringAbandoned');
    abandoned.when(say('abandon_rescoring', { verdict: 2, reason: 'Again.' })).thenNothing();
    abandoned.when(rescored(0, true, 1)).thenRejected('best.out_of_order', 'not being judged');
    expect(openRescoring(abandoned.state.context)).toBeNull();
    abandoned.when(rescore({ measure: true })).thenFacts({ type: 'RescoringStarted', data: { verdict: 3 } });
  });

  it('is refused for scorers that do not exist, before a verdict, and where no work is left', () => {
    after(...completed)
      .when(rescore({ score: 'beauty=1' }))
      .thenRejected('best.unknown_scorer', 'there are checks');
    after(...scoring())
      .when(rescore())
      .thenRejected('best.not_judged', 'scoring');
    const nothing = [0, 1, 2].map((index) => ended(index, { outcome: 'died' }));
    after(...building(), ...nothing)
      .when(rescore())
      .thenRejected('best.nothing_to_score');
  });

  it('is bounded', () => {
    const scores = (n: number) => rescore({ score: `tests=${n + 1}` });
    const often = Array.from({ length: 100 }, (_none, n) => scores(n));
    after(...completed, ...often)
      .when(scores(100))
      .thenRejected('best.out_of_order', '100 times');
  });
});

it('files its events under the repository and the run that holds the candidates', () => {
  const scopeAfter = (...said: Said[]) => bestOfNActor.scope?.(after(...said).state.context);
  expect(scopeAfter()).toEqual({});
  expect(scopeAfter(start())).toEqual({ repositoryId: 'rep_library' });
  expect(scopeAfter(start(), mutating)).toEqual({ repositoryId: 'rep_library', workflowId: 'wfl_contest' });
});
