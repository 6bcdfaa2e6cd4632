import type { Place, Score, Verdict } from './events.ts';
import { scorersOf, type Weights } from './weights.ts';

/** Totals that differ by less are the same: what is behind it is noise of the arithmetic. */
const DIGITS = 1e9;

/** The weighted mean, 0 to 1. `valueOf` answers each scorer's value. Never falls when a value rises. */
export function totalOf(weights: Weights, valueOf: (scorer: string) => number): number {
  let sum = 0;
  let all = 0;
  for (const scorer of scorersOf(weights)) {
    const weight = weights[scorer] as number;
    sum += weight * valueOf(scorer);
    all += weight;
  }
  return all === 0 ? 0 : Math.min(1, Math.round((sum / all) * DIGITS) / DIGITS);
}

/** The total of recorded scores; what was not scored counts 0. */
export function totalOfScores(weights: Weights, scores: readonly Score[]): number {
  const values = new Map(scores.map(({ scorer, value }) => [scorer, value]));
  return totalOf(weights, (scorer) => values.get(scorer) ?? 0);
}

/** Scorers that count and have no score yet. */
export function missingScorers(weights: Weights, scores: readonly Score[]): string[] {
  return scorersOf(weights).filter((scorer) => !scores.some((score) => score.scorer === scorer));
}

/** A change is at least a line: one that only moves a mode or a binary file is not smaller than the smallest edit. */
export function linesOf(changedLines: number): number {
  return Math.max(1, changedLines);
}

/** Higher total first; of equals the one with fewer changed lines, then the earlier variant. */
export function comparePlaces(a: Place, b: Place): number {
  return b.total - a.total || linesOf(a.changedLines) - linesOf(b.changedLines) || a.index - b.index;
}

/** The verdict on those that passed, in whatever order they come. */
export function select(passed: readonly Place[]): Verdict {
  const ranking = passed.toSorted(comparePlaces);
  const [first, second] = ranking;
  if (!first) return { winner: null, ranking, tie: 'none', words: 'No candidate passed.' };
  const tie = tieOf(first, second);
  return { winner: first.index, ranking, tie, words: wordsOf(first, second, tie) };
}

function tieOf(first: Place, second: Place | undefined): Verdict['tie'] {
  if (!second || first.total !== second.total) return 'none';
  return linesOf(first.changedLines) < linesOf(second.changedLines) ? 'fewer_lines' : 'earlier_variant';
}

function wordsOf(first: Place, second: Place | undefined, tie: Verdict['tie']): string {
  const winner = `Variant ${first.index}`;
  const score = first.total;
  if (!second) return `${winner} is the only one that passed and was scored: ${score}.`;
  const level = `${winner} and variant ${second.index} both score ${score}`;
  switch (tie) {
    case 'none':
      return `${winner} scores ${score}, more than variant ${second.index} with ${second.total}.`;
    case 'fewer_lines':
      return `${level}; variant ${first.index} changes fewer lines: ${first.changedLines}, not ${second.changedLines}.`;
    case 'earlier_variant':
      return `${level} and change as many lines; variant ${first.index} came first.`;
  }
}
