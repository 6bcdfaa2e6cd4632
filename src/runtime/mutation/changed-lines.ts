import type { LineRange } from './mutation.ts';

const HUNK = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/gm;

/** The lines on the new side of one file's `git diff -U0`. Removed lines leave nothing that could be mutated. */
export function changedLines(diff: string): LineRange[] {
  return [...diff.matchAll(HUNK)]
    .map(([, first, count]) => [Number(first), Number(count ?? 1)] as const)
    .filter(([, count]) => count > 0)
    .map(([first, count]) => [first, first + count - 1]);
}

/** Whether every line from `first` to `last` is among the changed ones, which lie in order. */
export function allChanged(ranges: readonly LineRange[], first: number, last: number): boolean {
  let next = first;
  for (const [from, to] of ranges) if (from <= next && next <= to) next = to + 1;
  return next > last;
}
