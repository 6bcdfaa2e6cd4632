import type { Check } from './definition.ts';

/** What is wrong with the needs of a list of checks, and with which; null when it can be put into an order. */
export function needsProblem(checks: readonly Check[]): { check: string; message: string } | null {
  const byName = new Map(checks.map((check) => [check.name, check]));
  for (const { name, needs } of checks) {
    const unknown = needs.find((need) => !byName.has(need));
    if (unknown !== undefined)
      return { check: name, message: `${name} needs ${unknown}, and there is no check of that name` };
  }
  const circle = findCircle(byName);
  return circle ? { check: circle[0] as string, message: `the checks need each other: ${circle.join(' → ')}` } : null;
}

/** The names along a circle, its first one again at the end. */
function findCircle(byName: ReadonlyMap<string, Check>): string[] | null {
  const clear = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): string[] | null => {
    if (clear.has(name)) return null;
    const at = path.indexOf(name);
    if (at >= 0) return [...path.slice(at), name];
    path.push(name);
    for (const need of byName.get(name)?.needs ?? []) {
      const circle = visit(need);
      if (circle) return circle;
    }
    path.pop();
    clear.add(name);
    return null;
  };
  for (const name of byName.keys()) {
    const circle = visit(name);
    if (circle) return circle;
  }
  return null;
}

/** Each check behind what it needs; otherwise in the order given. The needs must have no circle. */
export function inOrder(checks: readonly Check[]): Check[] {
  const byName = new Map(checks.map((check) => [check.name, check]));
  const out = new Set<Check>();
  const add = (check: Check | undefined) => {
    if (!check || out.has(check)) return;
    for (const need of check.needs) add(byName.get(need));
    out.add(check);
  };
  for (const check of checks) add(check);
  return [...out];
}

/** The named checks and everything that they need, in order. An empty list of names stands for all. */
export function withNeeds(checks: readonly Check[], names: readonly string[]): Check[] {
  const ordered = inOrder(checks);
  if (names.length === 0) return ordered;
  const wanted = new Set(names);
  for (const check of ordered.toReversed())
    if (wanted.has(check.name)) for (const need of check.needs) wanted.add(need);
  return ordered.filter(({ name }) => wanted.has(name));
}
