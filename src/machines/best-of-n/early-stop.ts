import { scoreCost, scoreDiff, scoreTime } from './scorers.ts';
import { linesOf, totalOf } from './selection.ts';
import type { Weights } from './weights.ts';

/** What is known of a candidate: each number as the least and the most that it may still come to. */
export interface Prospect {
  index: number;
  /** Whether it passed; null while that is open. */
  passed: boolean | null;
  total: Range;
  changedLines: Range;
}

interface Range {
  least: number;
  most: number;
}

/**
 * The candidate that wins however the others end, or null while that is open. It has passed, and no other that may still
 * pass can come to a higher total, or to the same one and win the tie.
 */
export function settledWinner(prospects: readonly Prospect[]): number | null {
  const rivals = prospects.filter(({ passed }) => passed !== false);
  const winner = rivals.find((one) => one.passed && rivals.every((other) => other === one || beats(one, other)));
  return winner?.index ?? null;
}

function beats(one: Prospect, other: Prospect): boolean {
  if (one.total.least !== other.total.most) return one.total.least > other.total.most;
  const [lines, otherLines] = [linesOf(one.changedLines.most), linesOf(other.changedLines.least)];
  return lines === otherLines ? one.index < other.index : lines < otherLines;
}

/** What a candidate has used so far; it can only grow. `costUsd` null: its agent does not say. */
export interface Spent {
  buildMs: number;
  testMs: number;
  costUsd: number | null;
}

/** The highest total of a candidate that goes on from here: perfect in everything but what it has used already. */
export function highestTotal(weights: Weights, spent: Spent, changedLines: number): number {
  const known: Record<string, number> = {
    diff: scoreDiff(changedLines).value,
    time: scoreTime(spent).value,
    cost: spent.costUsd === null ? 1 : scoreCost(spent.costUsd).value,
  };
  return totalOf(weights, (scorer) => (Object.hasOwn(known, scorer) ? (known[scorer] as number) : 1));
}
