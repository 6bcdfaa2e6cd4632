/** A value at a moment (epoch ms); null: nothing was measured from there on. */
export type Point = [at: number, value: number | null];

/** So many points are kept of one line; beyond them its older half is thinned. */
export const POINTS_MAX = 360;

/** Adds a point. A line that goes back in time, because a clock was put, begins anew there. */
export function addPoint(points: Point[], at: number, value: number | null): void {
  const last = points.at(-1);
  if (last && at <= last[0]) {
    if (at === last[0]) last[1] = value;
    else points.push([last[0] + 1, null]);
    return;
  }
  points.push([at, value]);
  if (points.length > POINTS_MAX) thin(points);
}

/** The last value held until then: a step, not a slope. */
export function holdUntil(points: Point[], at: number): void {
  const last = points.at(-1);
  if (last && last[1] !== null && at > last[0]) addPoint(points, at, last[1]);
}

/** From then on nothing is known, until the next value. */
export function breakAt(points: Point[], at: number): void {
  const last = points.at(-1);
  if (last && last[1] !== null) addPoint(points, Math.max(at, last[0] + 1), null);
}

/** Every second value of the older half goes; where nothing was measured stays as it is. */
function thin(points: Point[]): void {
  const half = Math.floor(points.length / 2);
  const older = points.splice(0, half);
  const kept = older.filter(([, value], n) => value === null || n % 2 === 0 || older[n - 1]?.[1] === null);
  points.unshift(...kept);
}
