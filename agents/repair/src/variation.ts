import { CannotDo } from './cannot-do.ts';
import { FORMULAS, type Formula } from './localise/formulas.ts';
import { FAMILIES, type Family, ORDERS, type Order } from './patch/order.ts';

/**
 * How one run searches, so that several agents on one task look in different places first. Everything that can be
 * tried is tried in the end; a variation only settles what comes first, and so which of several fixes is found.
 */
export interface Variation {
  /** Shuffles equally promising candidates; null keeps their order. */
  seed: number | null;
  /** The family of mutations that is tried before all others. */
  favour: Family | null;
  /** What makes a place suspicious. */
  formula: Formula;
  order: Order;
}

/** What the command line asked for; null where it says nothing. */
export type AskedVariation = { [K in keyof Variation]: Variation[K] | null };

/** The variation of a run: the command line's word first, then the task's input `variation`. Throws `CannotDo` for one that does not exist. */
export function readVariation(inputs: Record<string, unknown>, asked: AskedVariation): Variation {
  const given = inputs.variation ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) throw new CannotDo('the task’s variation is no object');
  const { seed, favour, formula, order } = given as Record<string, unknown>;
  return {
    seed: asked.seed ?? seedOf(seed),
    favour: asked.favour ?? oneOf('favour', favour, FAMILIES),
    formula: asked.formula ?? oneOf('formula', formula, FORMULAS) ?? 'ochiai',
    order: asked.order ?? oneOf('order', order, ORDERS) ?? 'rank',
  };
}

function seedOf(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new CannotDo(`the task’s variation has a seed that is no whole number from 0: ${JSON.stringify(value)}`);
}

function oneOf<T extends string>(name: string, value: unknown, known: readonly T[]): T | null {
  if (value === undefined || value === null) return null;
  const found = known.find((one) => one === value);
  if (found) return found;
  throw new CannotDo(
    `the task’s variation has no such ${name}: ${JSON.stringify(value)}; there are ${known.join(', ')}`,
  );
}
