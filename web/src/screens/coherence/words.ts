import { coherenceWord, percent, UNKNOWN } from '../../../../src/transport/words/index.ts';

/** `87 % coherent`; `not known`. */
export function scoreWords(score: number | null | undefined): string {
  if (score === undefined) return UNKNOWN;
  const { word } = coherenceWord(score);
  return score === null ? word : `${percent(score)} ${word}`;
}
