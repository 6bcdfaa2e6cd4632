import { HephError } from '../../kernel/errors.ts';
import { splitWords } from '../../kernel/words.ts';

/** How a workflow says that it judges by the repository's graph of checks. */
export const GRAPH_COMMAND = 'heph check';

/**
 * The names of checks that `heph check`, as a workflow's check, asks for; none of them: all. Null for any other command. Throws
 * `input.invalid` for an option: how the checks are run is not the workflow's to say.
 */
export function graphNames(command: string): string[] | null {
  const [program, verb, ...names] = splitWords(command);
  if (program !== 'heph' || verb !== 'check') return null;
  const option = names.find((name) => name.startsWith('-'));
  if (option === undefined) return names;
  throw new HephError('input.invalid', `As a check, ${GRAPH_COMMAND} takes names of checks and no ${option}.`);
}

/** The command for a line that is nothing but names of checks; null when it is something else. */
export function graphCommand(line: string, names: readonly string[]): string | null {
  const words = line.trim().split(/\s+/);
  return words.every((word) => names.includes(word)) ? [GRAPH_COMMAND, ...words].join(' ') : null;
}
