import type { BestOfNFact, Place, Verdict } from './events.ts';
import { highestTotal, type Prospect } from './early-stop.ts';
import { type BestOfN, type BestOfNCandidate, evolveBestOfN } from './machine.ts';
import { select } from './selection.ts';
import type { Weights } from './weights.ts';

/** The facts with what follows from them at once, so that no crash can come between a last word and its consequence. */
export function withConsequences(before: BestOfN, value: string, ...facts: BestOfNFact[]): BestOfNFact[] {
  const state = facts.reduce((folded, fact) => evolveBestOfN(folded, fact, 0), before);
  if (value === 'building' && state.candidates.every(({ end }) => end !== null))
    return [...facts, ...endOfBuilding(state)];
  if (value === 'scoring' && isScored(state)) return [...facts, selected(state)];
  return facts;
}

function endOfBuilding(state: BestOfN): BestOfNFact[] {
  const passed = state.candidates.filter(hasPassed).length;
  const all = state.candidates.length;
  if (passed === 0) return [{ type: 'BestOfNFailed', v: 1, data: { code: 'none_passed', reason: whyNone(state) } }];
  const words = `${passed} of ${all} candidates passed.`;
  const started: BestOfNFact = { type: 'ScoringStarted', v: 1, data: { early: false, words } };
  return isScored(state) ? [started, selected(state)] : [started];
}

/** Whether everybody who may win has been judged. Who did not pass is judged for the record, if at all. */
function isScored(state: BestOfN): boolean {
  return state.candidates.filter(hasPassed).every(({ scores }) => scores !== null);
}

/** The winner among those that passed and have been judged; at least one has. */
export function selected(state: BestOfN): BestOfNFact {
  const places = state.candidates.flatMap((one): Place[] =>
    hasPassed(one) && one.total !== null ? [placeOf(one, one.total)] : [],
  );
  return { type: 'WinnerSelected', v: 1, data: select(places) as Verdict & { winner: number } };
}

export function hasPassed({ end }: BestOfNCandidate): boolean {
  return end?.outcome === 'passed';
}

export function placeOf({ index, end }: BestOfNCandidate, total: number): Place {
  return { index, total, changedLines: end?.changedLines ?? 0 };
}

/** What each candidate may still come to; `spentOf` answers what one that is being built has used so far. */
export function prospectsOf(
  { candidates }: BestOfN,
  weights: Weights,
  spentOf: (index: number) => { buildMs: number; costUsd: number | null },
): Prospect[] {
  return candidates.map((candidate): Prospect => {
    const { index, end, total } = candidate;
    if (!end) {
      const most = highestTotal(weights, { ...spentOf(index), testMs: 0 }, 1);
      return { index, passed: null, total: { least: 0, most }, changedLines: { least: 1, most: Infinity } };
    }
    const changedLines = { least: end.changedLines, most: end.changedLines };
    if (!hasPassed(candidate)) return { index, passed: false, total: { least: 0, most: 0 }, changedLines };
    if (total !== null) return { index, passed: true, total: { least: total, most: total }, changedLines };
    // It passed and waits for its judges: as open as one that is being built.
    const most = highestTotal(weights, end, end.changedLines);
    return { index, passed: null, total: { least: 0, most }, changedLines };
  });
}

const REASON_CHARS = 300;

function whyNone({ candidates }: BestOfN): string {
  const reasons = candidates.map(
    ({ index, end }) => `variant ${index} ${end?.outcome}: ${(end?.reason ?? '').slice(0, REASON_CHARS)}`,
  );
  return `None of ${candidates.length} candidates passed: ${reasons.join('; ')}`;
}
