/** A scorer of the user's own: a command that prints a number, or a module of the base that answers one. */
export interface ScorerRequest {
  /** The same key answers the recorded result instead of running again. */
  key: string;
  repositoryId: string;
  /** The trusted commit: a module is loaded from its checkout. */
  base: string;
  /** Whose checkout is scored. */
  commit: string;
  scorer: { command: string[] } | { module: string };
  /** What else it is told about the candidate, as JSON. */
  candidate: Readonly<Record<string, unknown>>;
  copyIgnored?: { from: string; globs: string[] };
  wallMs: number;
}

export interface ScorerResult {
  /** 0 to 1; null when it did not say so, for the reason beside it. */
  value: number | null;
  reason: string | null;
  /** The end of what it wrote. */
  tail: string;
  durationMs: number;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a text is, or what is wrong with it: nothing else may stand beside it. */
export function numberIn(text: string): { value: number; reason: null } | { value: null; reason: string } {
  const word = text.trim();
  if (word === '') return { value: null, reason: 'It printed nothing, where a number from 0 to 1 was expected.' };
  if (!NUMBER.test(word)) return { value: null, reason: 'It printed something else than one number from 0 to 1.' };
  const value = Number(word);
  if (value < 0 || value > 1)
    return { value: null, reason: `It printed ${word.slice(0, 40)}, which is not from 0 to 1.` };
  return { value, reason: null };
}
