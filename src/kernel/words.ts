import { HephError } from './errors.ts';

/** What a shell would act on. Nothing here runs a shell, so such a line would not do what its author meant. */
const SHELL_ONLY = new Set(['|', '&', ';', '<', '>', '(', ')', '`', '$', '\n']);
const SHELL_ONLY_QUOTED = new Set(['`', '$']);

/**
 * Splits a command line into words as a POSIX shell would, without being one: single quotes keep everything, double
 * quotes and backslashes work as in sh. Throws `input.invalid` for what only a shell can do, an open quote or no words.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string;
    if (char === '\0') throw new HephError('input.invalid', 'A command holds a NUL character.');
    if (quote === "'") {
      if (char === "'") quote = null;
      else word += char;
    } else if (char === '\\') {
      word = (word ?? '') + escaped(line, ++at, quote !== null);
    } else if (quote === '"') {
      if (char === '"') quote = null;
      else word += refuseShell(line, char, SHELL_ONLY_QUOTED);
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === ' ' || char === '\t') {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + refuseShell(line, char, SHELL_ONLY);
    }
  }
  if (quote)
    throw new HephError('input.invalid', `The command ${JSON.stringify(line)} has a quote that is not closed.`);
  if (word !== null) words.push(word);
  if (!words.length || !words[0]) throw new HephError('input.invalid', 'The command is empty.');
  return words;
}

function escaped(line: string, at: number, quoted: boolean): string {
  const char = line[at];
  if (char === undefined) {
    throw new HephError('input.invalid', `The command ${JSON.stringify(line)} ends in a backslash.`);
  }
  return quoted && !'"\\$`'.includes(char) ? `\\${char}` : char;
}

function refuseShell(line: string, char: string, refused: ReadonlySet<string>): string {
  if (!refused.has(char)) return char;
  throw new HephError(
    'input.invalid',
    `The command ${JSON.stringify(line)} has ${JSON.stringify(char)}, which only a shell understands; commands run without one. Quote it, or put the line into a script and name that.`,
  );
}

/** Words for a shell, quoted where needed, so that a printed command works when it is pasted. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
