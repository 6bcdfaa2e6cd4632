import { lineOf } from '../localise/coverage.ts';
import { lineStarts } from '../localise/source-map.ts';
import type { Spectrum } from '../localise/spectrum.ts';
import { applyEdit, type Edit, narrowEdit } from './edit.ts';

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

const quiet = () => {};
const no = () => false;
const LOGGER = {
  isTraceEnabled: no,
  isDebugEnabled: no,
  isInfoEnabled: no,
  isWarnEnabled: no,
  isErrorEnabled: no,
  isFatalEnabled: no,
  trace: quiet,
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  fatal: quiet,
};

/** All single-point mutations of a file at places that ran in a failing test; none when the file does not parse. */
export async function enumerateCandidates(file: string, text: string, spectrum: Spectrum): Promise<Candidate[]> {
  const starts = lineStarts(text);
  const offsetOf = ({ line, column }: { line: number; column: number }) => (starts[line] ?? text.length) + column;
  const candidates: Candidate[] = [];
  const seen = new Set<string>();
  const add = (start: number, end: number, replacement: string, mutator: string) => {
    const edit = narrowEdit(text, start, end, replacement);
    const suspicion = spectrum.score(file, start);
    if (!edit || suspicion === 0) return;
    const patched = applyEdit(text, edit);
    if (seen.has(patched)) return;
    seen.add(patched);
    const before = text.slice(start, end);
    const after = patched.slice(start, end + patched.length - text.length);
    const weight = WEIGHTS[mutator] ?? WEIGHT_OF_OTHERS;
    const rank = suspicion * weight;
    candidates.push({ file, line: lineOf(text, edit.start), mutator, before, after, edit, suspicion, weight, rank });
  };
  for (const { location, replacement, mutatorName } of await mutantsOf(file, text)) {
    const [start, end] = [offsetOf(location.start), offsetOf(location.end)];
    if (replacement === undefined) continue;
    add(start, end, replacement, mutatorName);
    const turned = mutatorName === 'EqualityOperator' ? turnComparison(text, start, end, replacement) : null;
    if (turned !== null) add(start, end, turned, mutatorName);
  }
  return candidates;
}

interface FoundMutant {
  location: { start: { line: number; column: number }; end: { line: number; column: number } };
  replacement?: string;
  mutatorName: string;
}

async function mutantsOf(file: string, content: string): Promise<FoundMutant[]> {
  // Loaded late: its parser is most of this agent's memory, and an investigation does without.
  const { Instrumenter } = await import('@stryker-mutator/instrumenter');
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  try {
    const { mutants } = await new Instrumenter(LOGGER).instrument([{ name: file, mutate: true, content }], options);
    return [...mutants];
  } catch {
    // The parser refuses the file (a dialect it does not know): there is nothing to try in it, others may have the fault.
    return [];
  }
}

const TURNED: Record<string, string> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' };

/** Stryker moves a comparison's boundary and negates it, but never turns it round: `a > b` for `a < b`. */
function turnComparison(text: string, start: number, end: number, replacement: string): string | null {
  const edit = narrowEdit(text, start, end, replacement);
  if (!edit) return null;
  let [from, to] = [edit.start, edit.end];
  while (from > start && /[<>=]/.test(text[from - 1] ?? '')) from--;
  while (to < end && /[<>=]/.test(text[to] ?? '')) to++;
  const operator = text.slice(from, to);
  const turned = TURNED[operator.trim()];
  return turned === undefined
    ? null
    : text.slice(start, from) + operator.replace(/[<>=]+/, turned) + text.slice(to, end);
}
