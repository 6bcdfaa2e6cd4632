/** Those whose name holds every word that was typed, in any order and case; `max` at most. */
export function matching<T>(all: readonly T[], typed: string, nameOf: (one: T) => string, max: number): T[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found: T[] = [];
  for (const one of all) {
    if (found.length >= max) break;
    const name = nameOf(one).toLowerCase();
    if (words.every((word) => name.includes(word))) found.push(one);
  }
  return found;
}
