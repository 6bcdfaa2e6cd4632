import { z } from 'zod';
import { type Failure, invalid, isFailure } from '../../kernel/errors.ts';

/** How much each scorer counts, by its name. At least one counts; a scorer that is not named is not asked. */
export type Weights = Readonly<Record<string, number>>;

export const SCORER_NAMES = [
  'checks',
  'tests',
  'constraints',
  'diff',
  'time',
  'cost',
  'agreement',
  'survival',
  'reuse',
  'lineage',
] as const;
export type ScorerName = (typeof SCORER_NAMES)[number];

/** Tests say most, then the repository's other checks and what was asked for; size and time decide between equals. */
export const DEFAULT_SCORE = 'tests=3,checks=2,constraints=2,diff=1,time=1';

export const SCORER_NAME = /^[a-z][a-z0-9_-]{0,39}$/;
const NUMBER = /^\d{1,6}(\.\d{1,6})?$/;
const SCORERS_MAX = 20;
const EXAMPLE = 'Write it like tests=3,diff=1,time=1.';

export const weightsSchema = z.record(z.string().regex(SCORER_NAME), z.number().min(0).max(1_000_000));

/** A score on the wire. Which scorers exist is asked where it is used: people add their own. */
export const scoreTextSchema = z
  .string()
  .max(1000)
  .superRefine((text, context) => {
    const weights = parseWeights(text, null);
    if (isFailure(weights)) context.addIssue({ code: 'custom', message: weights.message.replace(/\.$/, '') });
  });

/** Reads `tests=3,diff=1,time=1`. `known` null takes any scorer's name. Answers Invalid with what is wrong and how to write it. */
export function parseWeights(text: string, known: readonly string[] | null = SCORER_NAMES): Weights | Failure {
  const parts = text.split(',').map((part) => part.trim());
  if (text.trim() === '') return wrong('The score names no scorer.');
  if (parts.length > SCORERS_MAX) return wrong(`The score names more than ${SCORERS_MAX} scorers.`);
  const weights = new Map<string, number>();
  for (const part of parts) {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim();
    const weight = part.slice(at + 1).trim();
    if (part === '') return wrong('The score has a comma with nothing beside it.');
    if (at < 0) return wrong(`The score says "${part}" without a weight.`);
    if (!SCORER_NAME.test(name)) return wrong(`"${name}" is no name of a scorer.`);
    if (known && !known.includes(name)) return wrong(`There is no scorer ${name}; there are ${known.join(', ')}.`);
    if (weights.has(name)) return wrong(`The score names ${name} twice.`);
    if (!NUMBER.test(weight)) return wrong(`The weight of ${name} is "${weight}", not a number from 0.`);
    weights.set(name, Number(weight));
  }
  if ([...weights.values()].every((weight) => weight === 0)) return wrong('No scorer has a weight above 0.');
  return Object.fromEntries(weights);
}

/** The scorers that count, in an order that does not depend on how the weights were written. */
export function scorersOf(weights: Weights): string[] {
  return Object.keys(weights)
    .filter((name) => (weights[name] as number) > 0)
    .sort();
}

export function sameWeights(a: Weights, b: Weights): boolean {
  const [left, right] = [scorersOf(a), scorersOf(b)];
  return left.length === right.length && left.every((name, n) => name === right[n] && a[name] === b[name]);
}

/** `tests=3,diff=1`, scorers that do not count left out. */
export function formatWeights(weights: Weights): string {
  return scorersOf(weights)
    .map((name) => `${name}=${weights[name]}`)
    .join(',');
}

function wrong(what: string): Failure {
  return invalid('best.bad_score', `${what} ${EXAMPLE}`);
}
