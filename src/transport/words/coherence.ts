import { SHAPES, type StateWord, type Tone } from '../../kernel/state-words.ts';

/** What a guardian looks at, in a few words. By the signal's or the warning's name. */
const SIGNALS: Readonly<Record<string, string>> = {
  silence: 'silence',
  repeated_errors: 'same error again',
  outside_scope: 'files out of bounds',
  loops: 'going in circles',
  budget: 'time and budget',
  regression: 'tests getting worse',
  orphan: 'nobody’s agent',
};

/** One that is not in the table is said as it is written, with spaces. */
export function signalWord(name: string): string {
  return Object.hasOwn(SIGNALS, name) ? (SIGNALS[name] as string) : name.replaceAll('_', ' ');
}

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
