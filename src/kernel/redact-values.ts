/**
 * Finds texts that are known beforehand, several at once. It is no regular expression: one takes milliseconds to compile
 * for the secrets of each agent, and this needs nothing made but a small table.
 */
export interface ValueFinder {
  /** The first place at or after `from` where one stands; of several there, the longest. */
  find(text: string, from: number): { index: number; length: number } | null;
  /** Where, at or after `from`, one begins that the text's end cuts off; the text's end when none does. */
  open(text: string, from: number): number;
}

/** One bit for each pair of characters, folded: which places are worth a closer look. */
const TABLE_MASK = 0xfff;

/** Each form has two characters at least. */
export function createValueFinder(forms: readonly string[]): ValueFinder {
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  const begins = new Uint8Array(TABLE_MASK + 1);
  const byFirst = new Map<number, string[]>();
  for (const form of longestFirst) {
    begins[pairOf(form, 0)] = 1;
    const first = form.charCodeAt(0);
    byFirst.set(first, [...(byFirst.get(first) ?? []), form]);
  }
  const charsMin = longestFirst.at(-1)?.length ?? Number.POSITIVE_INFINITY;
  const charsMax = longestFirst[0]?.length ?? 0;

  return {
    find(text, from) {
      const last = text.length - charsMin;
      for (let at = from; at <= last; at++) {
        if (begins[pairOf(text, at)] === 0) continue;
        const form = byFirst.get(text.charCodeAt(at))?.find((one) => text.startsWith(one, at));
        if (form !== undefined) return { index: at, length: form.length };
      }
      return null;
    },

    open(text, from) {
      for (let at = Math.max(from, text.length - charsMax + 1); at < text.length; at++) {
        const candidates = byFirst.get(text.charCodeAt(at));
        if (!candidates) continue;
        const rest = text.slice(at);
        if (candidates.some((form) => form.length > rest.length && form.startsWith(rest))) return at;
      }
      return text.length;
    },
  };
}

function pairOf(text: string, at: number): number {
  return (text.charCodeAt(at) * 67 + text.charCodeAt(at + 1)) & TABLE_MASK;
}
