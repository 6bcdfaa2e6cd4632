import { lineOf } from '../localise/coverage.ts';
import type { Spectrum } from '../localise/spectrum.ts';
import type { Edit } from './edit.ts';
import { enumerateMutants } from './mutants.ts';

/** A patch to try: one edit of one file, with the reason for its place in the line. */
export interface Candidate {
  file: string;
  /** From 1. */
  line: number;
  mutator: string;
  /** The source text that the mutator changes, and what it becomes. */
  before: string;
  after: string;
  edit: Edit;
  /** Suspicion of the place, 0 to 1. */
  suspicion: number;
  /** How often this kind of edit is a fix and no amputation, 0 to 1. */
  weight: number;
  /** Suspicion × weight. */
  rank: number;
}

/**
 * A wrong operator is a common slip, and swapping it back a common fix. Emptying a block or fixing a condition to a
 * constant also silences tests, but hardly ever is what the author meant, so these come late.
 */
const WEIGHTS: Record<string, number> = {
  EqualityOperator: 1,
  ArithmeticOperator: 1,
  LogicalOperator: 1,
  UpdateOperator: 1,
  AssignmentOperator: 1,
  UnaryOperator: 0.95,
  BooleanLiteral: 0.95,
  MethodExpression: 0.9,
  OptionalChaining: 0.85,
  Regex: 0.7,
  ArrowFunction: 0.5,
  ConditionalExpression: 0.5,
  StringLiteral: 0.4,
  ArrayDeclaration: 0.4,
  ObjectLiteral: 0.4,
  BlockStatement: 0.3,
};
const WEIGHT_OF_OTHERS = 0.5;

/** The mutants of a file at places that ran in a failing test, each with its rank. */
export async function enumerateCandidates(file: string, text: string, spectrum: Spectrum): Promise<Candidate[]> {
  const mutants = await enumerateMutants(file, text, (start) => spectrum.score(file, start) > 0);
  return mutants.map(({ start, mutator, before, after, edit }) => {
    const suspicion = spectrum.score(file, start);
    const weight = WEIGHTS[mutator] ?? WEIGHT_OF_OTHERS;
    const rank = suspicion * weight;
    return { file, line: lineOf(text, edit.start), mutator, before, after, edit, suspicion, weight, rank };
  });
}
