import type { Point } from './types.ts';

export interface Line {
  times: number[];
  values: (number | null)[];
}

/** A line of one point is a dot that nobody sees: it lasts so long at least. */
const SHORTEST_MS = 1_000;

/** The points as a line; the last value goes on until `until`, where that is known. */
export function lineOf(points: readonly Point[], until: number | null): Line {
  const last = points.at(-1);
  const goesOn = last && last[1] !== null && until !== null && until > last[0] ? [[until, last[1]] as const] : [];
  const all = [...points, ...goesOn];
  const [only] = all;
  if (only && all.length === 1) all.push([only[0] + SHORTEST_MS, only[1]]);
  return { times: all.map(([at]) => at), values: all.map(([, value]) => value) };
}

/** In how many stretches of time nobody measured. */
export function gapsIn({ values }: Line): number {
  return values.filter((value, n) => value === null && n > 0 && values[n - 1] !== null).length;
}

/** The pieces of a small line, each a list of `x,y` for a polyline, in a box of that size. Time is the width. */
export function sparkOf({ times, values }: Line, width: number, height: number): string[] {
  const [from = 0, to = 1] = [times[0], times.at(-1)];
  const span = Math.max(1, to - from);
  const pieces: string[][] = [[]];
  for (const [n, value] of values.entries()) {
    const x = (((times[n] as number) - from) / span) * width;
    if (value === null) pieces.push([]);
    else pieces.at(-1)?.push(`${x.toFixed(1)},${((1 - value) * height).toFixed(1)}`);
  }
  return pieces.filter((piece) => piece.length > 0).map((piece) => piece.join(' '));
}
