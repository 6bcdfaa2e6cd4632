interface Node {
  taskId: string;
  parentTaskId: string | null;
}

export interface Placed<R> {
  row: R;
  /** 0 for what belongs to nothing that is shown. */
  depth: number;
}

/** So deep a tree is drawn; what is below stands at that depth. */
const DEPTH_MAX = 6;

/** Agents of a task's children behind those of the task, otherwise in the order given. Each row once, whatever the links say. */
export function asTree<R extends Node>(rows: readonly R[]): Placed<R>[] {
  // Of several attempts of a task, its children belong behind the last one.
  const last = new Map(rows.map((row) => [row.taskId, row]));
  const below = new Map<string | null, R[]>();
  for (const row of rows) {
    const parent = row.parentTaskId !== null && last.has(row.parentTaskId) ? row.parentTaskId : null;
    const siblings = below.get(parent);
    if (siblings) siblings.push(row);
    else below.set(parent, [row]);
  }
  const placed: Placed<R>[] = [];
  const seen = new Set<R>();
  const place = (row: R, depth: number) => {
    if (seen.has(row)) return;
    seen.add(row);
    placed.push(placedAt(row, Math.min(depth, DEPTH_MAX)));
    if (last.get(row.taskId) === row) for (const child of below.get(row.taskId) ?? []) place(child, depth + 1);
  };
  for (const row of below.get(null) ?? []) place(row, 0);
  // Links that go in a circle have no beginning.
  for (const row of rows) place(row, 0);
  return placed;
}

const before = new WeakMap<object, Placed<object>>();

/** The same for the same row in the same place, so that nothing is drawn anew that did not change. */
function placedAt<R extends object>(row: R, depth: number): Placed<R> {
  const known = before.get(row);
  if (known?.depth === depth) return known as Placed<R>;
  const fresh = { row, depth };
  before.set(row, fresh);
  return fresh;
}
