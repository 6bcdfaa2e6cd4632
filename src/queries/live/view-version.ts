import type { View } from '../../projections/index.ts';

/**
 * What a view was at a position, printed once, so that any two of them can be compared and told apart row by row. Ages
 * count up while nothing happens: a row in which nothing else changed has not changed.
 */
export interface ViewVersion {
  position: bigint;
  /** The fields of a `snapshot` message behind its type and id. */
  snapshot: string;
  rows: ReadonlyMap<string, Printed>;
  summary: Printed;
  /** Printed; null while every event could be folded. */
  degraded: string | null;
  asOf: number;
}

interface Printed {
  json: string;
  /** Without ages. */
  bare: string;
}

/** As a value of the JSON itself; inside a string the quotes would be escaped. */
const AGES = /"(?:ageMs|durationMs)":(?:null|[-\d.e+]+),?/g;

export function versionOf(view: View): ViewVersion {
  const rows = new Map(Object.entries(view.rows).map(([key, row]) => [key, printed(row)]));
  const summary = printed(view.summary);
  const { position, asOf } = view;
  const degraded = view.degraded ? JSON.stringify(view.degraded) : null;
  const head = JSON.stringify({ view: view.view, v: view.v, params: view.params, position, asOf }).slice(1, -1);
  const body = [...rows].map(([key, { json }]) => `${JSON.stringify(key)}:${json}`).join(',');
  const tail = degraded === null ? '' : `,"degraded":${degraded}`;
  const snapshot = `${head},"rows":{${body}},"summary":${summary.json}${tail}`;
  return { position: BigInt(position), snapshot, rows, summary, degraded, asOf };
}

/**
 * The fields of a `delta` message that leads from one version to the other; null where nothing has changed but positions
 * and ages. Who takes out what is removed, puts what is there in its place and what is new at the end, has the rows in
 * their order, unless `order` says another one.
 */
export function deltaOf(from: ViewVersion, to: ViewVersion): string | null {
  const changed = [...to.rows].filter(([key, { bare }]) => from.rows.get(key)?.bare !== bare);
  const removed = [...from.rows.keys()].filter((key) => !to.rows.has(key));
  const keys = [...to.rows.keys()];
  const expected = [...from.rows.keys()].filter((key) => to.rows.has(key));
  expected.push(...keys.filter((key) => !from.rows.has(key)));
  const moved = keys.some((key, place) => expected[place] !== key);
  const summary = from.summary.bare !== to.summary.bare;
  const degraded = from.degraded !== to.degraded;
  if (changed.length === 0 && removed.length === 0 && !moved && !summary && !degraded) return null;
  const rows = changed.map(([key, { json }]) => `${JSON.stringify(key)}:${json}`).join(',');
  return [
    `"position":"${to.position}","asOf":${to.asOf},"rows":{${rows}},"removed":${JSON.stringify(removed)}`,
    ...(moved ? [`"order":${JSON.stringify(keys)}`] : []),
    ...(summary ? [`"summary":${to.summary.json}`] : []),
    ...(degraded ? [`"degraded":${to.degraded}`] : []),
  ].join(',');
}

function printed(value: unknown): Printed {
  const json = JSON.stringify(value);
  return { json, bare: json.replace(AGES, '') };
}
