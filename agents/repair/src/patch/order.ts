import type { Candidate } from './candidates.ts';
import { mulberry32 } from './chance.ts';

/** Kinds of mutation that belong together, by the mutators' names. */
const FAMILY_OF: Readonly<Record<string, Family>> = {
  ArithmeticOperator: 'operators',
  AssignmentOperator: 'operators',
  UnaryOperator: 'operators',
  UpdateOperator: 'operators',
  BooleanLiteral: 'conditions',
  ConditionalExpression: 'conditions',
  EqualityOperator: 'conditions',
  LogicalOperator: 'conditions',
  ArrayDeclaration: 'literals',
  ObjectLiteral: 'literals',
  Regex: 'literals',
  StringLiteral: 'literals',
  ArrowFunction: 'calls',
  MethodExpression: 'calls',
  OptionalChaining: 'calls',
};

export const FAMILIES = ['operators', 'conditions', 'literals', 'calls', 'structure'] as const;
export type Family = (typeof FAMILIES)[number];

/** `rank`: suspicion weighed by the kind of edit. `place`: the most suspicious place first. `kind`: the likeliest kind of edit first. */
export const ORDERS = ['rank', 'place', 'kind'] as const;
export type Order = (typeof ORDERS)[number];

export interface Ordering {
  seed: number | null;
  favour: Family | null;
  order: Order;
}

/** The family of a mutator; blocks and whatever else there is are `structure`. */
export function familyOf(mutator: string): Family {
  return Object.hasOwn(FAMILY_OF, mutator) ? (FAMILY_OF[mutator] as Family) : 'structure';
}

/**
 * Most promising first, a favoured family before all others. Equal ones keep the order of file and position, or are
 * shuffled by a seed, so that several agents on one task can try different ones first and each run can be repeated.
 */
export function orderCandidates(candidates: readonly Candidate[], { seed, favour, order }: Ordering): Candidate[] {
  const chance = seed === null ? null : mulberry32(seed);
  const isFavoured = ({ mutator }: Candidate) => (familyOf(mutator) === favour ? 1 : 0);
  return [...candidates]
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.edit.start - b.edit.start))
    .map((candidate, n) => ({ candidate, tie: chance ? chance() : n }))
    .sort(
      ({ candidate: a, tie }, { candidate: b, tie: other }) =>
        isFavoured(b) - isFavoured(a) || BY[order](a, b) || tie - other,
    )
    .map(({ candidate }) => candidate);
}

const BY: Record<Order, (a: Candidate, b: Candidate) => number> = {
  rank: (a, b) => b.rank - a.rank,
  place: (a, b) => b.suspicion - a.suspicion || b.weight - a.weight,
  kind: (a, b) => b.weight - a.weight || b.suspicion - a.suspicion,
};
