import { SHAPES, type StateWord, type Tone } from '../../kernel/state-words.ts';

const toned = (tone: Tone, word: string): StateWord => ({ tone, word, shape: SHAPES[tone] });

/** What a coherence score means; null: nobody measured. */
export function coherenceWord(score: number | null): StateWord {
  if (score === null) return toned('unknown', 'not known');
  if (score >= 0.85) return toned('good', 'coherent');
  return score >= 0.6 ? toned('attention', 'drifting') : toned('bad', 'off course');
}

/** What a signal's trouble means; null: it was not measured. */
export function troubleWord(trouble: number | null): StateWord {
  if (trouble === null) return toned('unknown', 'not measured');
  if (trouble === 0) return toned('good', 'fine');
  return trouble < 0.5
    ? toned('waiting', 'a little')
    : trouble < 1
      ? toned('attention', 'trouble')
      : toned('bad', 'severe');
}
