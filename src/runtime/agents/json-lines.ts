/** JSON of somebody else's: looked into, not believed. */
export type Line = Record<string, unknown>;

/** The objects of an output that is one JSON object per line; what else is printed in between is passed over. */
export function* jsonLines(output: string): Iterable<Line> {
  for (const line of output.split('\n')) {
    try {
      const value: unknown = JSON.parse(line.slice(Math.max(0, line.indexOf('{'))));
      if (typeof value === 'object' && value !== null) yield value as Line;
    } catch {
      // The first line may be cut, and programs print what they like in between.
    }
  }
}

export function at(value: unknown, ...names: string[]): unknown {
  return names.reduce<unknown>(
    (inner, name) => (typeof inner === 'object' && inner !== null ? (inner as Line)[name] : undefined),
    value,
  );
}

export const words = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A message may be the provider's own JSON, as text. */
export function innermost(message: unknown): string {
  try {
    return words(at(JSON.parse(words(message)), 'error', 'message')) || words(message);
  } catch {
    return words(message);
  }
}
