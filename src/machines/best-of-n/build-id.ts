import { type Failure, invalid } from '../../kernel/errors.ts';
import { type BuildRef, CANDIDATES_MAX } from './events.ts';

/** A build in one word: `bon_01k…/2` is variant 2 of that run. */
export function buildIdOf({ bestOfNId, index }: BuildRef): string {
  return `${bestOfNId}/${index}`;
}

/** Reads `bon_01k/2`; the run may be a prefix of its id. Answers Invalid when it is no such word. */
export function parseBuildId(text: string): BuildRef | Failure {
  const [, run, index] = /^([0-9a-z_]{1,60})\/(\d{1,2})$/.exec(text) ?? [];
  if (run === undefined || Number(index) >= CANDIDATES_MAX)
    return invalid(
      'best.no_such_build',
      `${JSON.stringify(text.slice(0, 80))} names no build: it is a run and a variant, like bon_01k/2.`,
    );
  return { bestOfNId: run, index: Number(index) };
}
