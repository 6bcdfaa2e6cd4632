/**
 * Do the tests see a change? Only what the change touched is mutated, one place at a time; a mutant that no test notices
 * means that this line could be wrong and the check would pass all the same.
 */
export interface MutationRequest {
  /** The same key answers the recorded result instead of measuring again. */
  key: string;
  repositoryId: string;
  /** The change is what differs from here … */
  base: string;
  /** … to here. */
  commit: string;
  /** Words of a command, split without a shell: `npm test`. */
  command: string;
  /** `green`: the check passes unchanged. `passing_tests`: some may fail; those that pass are asked. */
  baseline: 'green' | 'passing_tests';
  /** For everything after the checkout, the first unchanged run included. Mutants that it does not reach are untested. */
  budgetMs: number;
  /** The order in which mutants are tried. */
  seed: number;
  setup?: string[][];
  copyIgnored?: { from: string; globs: string[] };
}

export interface SurvivingMutant {
  file: string;
  /** The line that changes and where `original` begins on it, both from 1. */
  line: number;
  column: number;
  /** The instrumenter's name: `EqualityOperator`. */
  mutator: string;
  original: string;
  replacement: string;
  /** False when no test was seen to run the place. */
  ran: boolean;
}

export type MutationResult = MutationScore | NotMeasured;

export interface MutationScore {
  measured: true;
  mutants: number;
  killed: number;
  /** In the order of file and place. */
  survived: SurvivingMutant[];
  /** Mutants whose run did not end in several times its usual time; they count as noticed. */
  timedOut: number;
  /** Mutants that the budget did not reach. */
  untested: number;
  /** Noticed ÷ tried: 0 when no mutant was noticed, 1 when each was. */
  score: number;
  /** Changed source that is not measured: another language, a link, or too large. */
  unmeasured: string[];
  millis: number;
}

/** Unknown is not good: there is no score. */
export interface NotMeasured {
  measured: false;
  reason: string;
  unmeasured: string[];
  millis: number;
}

/** The reason of a change in which no line could be mutated. */
export const NOTHING_TO_MUTATE = 'no changed line of source holds anything to mutate';

/** Lines of one file that a change touched, each from 1. */
export interface ChangedFile {
  file: string;
  lines: readonly LineRange[];
}

/** First and last line, both included. */
export type LineRange = readonly [first: number, last: number];
