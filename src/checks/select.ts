import { HephError } from '../kernel/errors.ts';
import type { Check } from './definition.ts';
import { withNeeds } from './graph.ts';

/** Which checks a run is about. */
export interface Selection {
  /** Empty: all. What they need comes along. */
  names: readonly string[];
  /** Only what is tagged `fast` runs; of the rest, what is known is told. */
  fast: boolean;
  /** Tags or names that are left out. */
  skip: readonly string[];
}

export const ALL: Selection = { names: [], fast: false, skip: [] };

export interface Chosen {
  check: Check;
  /** Why it is left out, whatever its inputs are; null when it is not. */
  skipped: string | null;
  /** Whether that is somebody's choice, and no fact of this machine. */
  byHand: boolean;
}

/** The chosen checks in order. Throws `check.unknown_name` for a word that means none, for it was meant to. */
export function select(checks: readonly Check[], selection: Selection, platform: string): Chosen[] {
  const names = new Set(checks.map(({ name }) => name));
  const words = new Set([...names, ...checks.flatMap(({ tags }) => tags), 'tests', 'fast']);
  refuseUnknown(selection.names, names, checks);
  refuseUnknown(selection.skip, words, checks);
  return withNeeds(checks, selection.names).map((check) => {
    const word = selection.skip.find((one) => one === check.name || check.tags.includes(one));
    const skipped = word === undefined ? wrongPlatform(check, platform) : `left out by --skip ${word}`;
    return { check, skipped, byHand: word !== undefined };
  });
}

function wrongPlatform({ platform }: Check, here: string): string | null {
  return platform && !platform.includes(here) ? `only for ${platform.join(', ')}; this is ${here}` : null;
}

function refuseUnknown(given: readonly string[], known: ReadonlySet<string>, checks: readonly Check[]): void {
  const unknown = given.find((word) => !known.has(word));
  if (unknown === undefined) return;
  const all = checks.map(({ name }) => name).join(', ') || 'none';
  throw new HephError(
    'check.unknown_name',
    `${JSON.stringify(unknown)} is no check of this repository; it has ${all}.`,
  );
}
