import type { FactsOf } from '../define-actor.ts';
import { type resultFacts, type RunResult } from './result.ts';

export type ResultFact = FactsOf<typeof resultFacts>;

/** `phases`: how often phases have started so far. */
export function evolveResults(
  results: RunResult[],
  fact: ResultFact,
  { at, phases }: { at: number; phases: number },
): RunResult[] {
  if (fact.type === 'ResultSubmitted') return [...results, submitted(fact.data, at, phases)];
  const { submission, check, criteria } = fact.data;
  return changed(results, submission, (result) => {
    const judged = { ...result, check, criteria, since: at };
    switch (fact.type) {
      case 'ResultReviewRequested':
        return { ...judged, status: 'in_review', reviewId: fact.data.reviewId };
      case 'ResultAccepted':
        return { ...judged, status: 'accepted' };
      case 'ResultRejected':
        return { ...judged, status: 'rejected', code: fact.data.code, feedback: fact.data.feedback };
    }
  });
}

/** More is done after it was accepted, so that it is not what the run comes to; or what was rejected is being mended. */
export function afterPhaseStart(results: RunResult[], mends: number | undefined, at: number): RunResult[] {
  const last = results.at(-1);
  if (last?.status === 'accepted')
    return changed(results, last.submission, (result) => ({ ...result, status: 'superseded', since: at }));
  return mends === undefined ? results : changed(results, mends, (result) => ({ ...result, mended: true }));
}

function changed(results: RunResult[], submission: number, how: (result: RunResult) => RunResult): RunResult[] {
  return results.map((result) => (result.submission === submission ? how(result) : result));
}

function submitted(
  data: Extract<ResultFact, { type: 'ResultSubmitted' }>['data'],
  at: number,
  phases: number,
): RunResult {
  return {
    ...data,
    status: 'submitted',
    reviewId: null,
    check: null,
    criteria: [],
    code: null,
    feedback: null,
    phases,
    mended: false,
    submittedAt: at,
    since: at,
  };
}
