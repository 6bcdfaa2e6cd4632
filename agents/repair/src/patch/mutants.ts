import { lineStarts } from '../localise/source-map.ts';
import { type Edit, narrowEdit } from './edit.ts';

/** One small change of a file that may change what it does. */
export interface Mutant {
  file: string;
  /** Offset of the expression or statement that the mutator changes. */
  start: number;
  mutator: string;
  /** The source text that the mutator changes, and what it becomes. */
  before: string;
  after: string;
  edit: Edit;
}

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

/**
 * All single-point mutations of a file that `wanted` accepts, each edit once; none when the file does
 * not parse.
 */
export async function enumerateMutants(
  file: string,
  text: string,
  wanted: (start: number, edit: Edit) => boolean,
): Promise<Mutant[]> {
  const starts = lineStarts(text);
  const offsetOf = ({ line, column }: { line: number; column: number }) => (starts[line] ?? text.length) + column;
  const mutants: Mutant[] = [];
  const seen = new Set<string>();
  const add = (start: number, end: number, replacement: string, mutator: string) => {
    const edit = narrowEdit(text, start, end, replacement);
    if (!edit || !wanted(start, edit)) return;
    const key = `${edit.start} ${edit.end} ${edit.text}`;
    if (seen.has(key)) return;
    seen.add(key);
    const before = text.slice(start, end);
    const after = before.slice(0, edit.start - start) + edit.text + before.slice(edit.end - start);
    mutants.push({ file, start, mutator, before, after, edit });
  };
  for (const { location, replacement, mutatorName } of await mutantsOf(file, text)) {
    const [start, end] = [offsetOf(location.start), offsetOf(location.end)];
    if (replacement === undefined) continue;
    add(start, end, replacement, mutatorName);
    const turned = mutatorName === 'EqualityOperator' ? turnComparison(text, start, end, replacement) : null;
    if (turned !== null) add(start, end, turned, mutatorName);
  }
  return mutants;
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
