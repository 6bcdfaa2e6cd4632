/** What a line of shell would run, as data: environment, program and arguments. */
export interface Command {
  env: Record<string, string>;
  argv: string[];
}

/** The words need a shell: a variable, a pipe, a redirection, a subshell or a background job. */
export class NeedsShell extends Error {}

/**
 * Splits a line into the commands that `&&` joins, without running a shell. Quotes and leading `NAME=value` are
 * understood; whatever else only a shell could do is refused by `NeedsShell`.
 */
export function parseCommandLine(line: string): Command[] {
  const commands: Command[] = [];
  let words: string[] = [];
  for (const word of words_(line)) {
    if (word !== AND) words.push(word);
    else {
      commands.push(toCommand(words));
      words = [];
    }
  }
  commands.push(toCommand(words));
  return commands;
}

const AND = '\0and';
const TOKEN = /\s+|(&&)|((?:'[^']*'|"[^"$`\\]*"|[^\s'"$`\\;|&<>()])+)/y;

function* words_(line: string): Generator<string> {
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < line.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(line);
    if (!token) throw new NeedsShell(`"${line}" needs a shell from character ${at + 1} on`);
    if (token[1]) yield AND;
    else if (token[2]) yield token[2].replace(/'([^']*)'|"([^"]*)"/g, (_all, single, double) => single ?? double);
  }
}

function toCommand(words: string[]): Command {
  const env: Record<string, string> = {};
  const rest = [...words];
  if (rest[0] === 'cross-env') rest.shift();
  for (let pair = assignment(rest[0]); pair; pair = assignment(rest[0])) {
    env[pair[0]] = pair[1];
    rest.shift();
  }
  if (rest.length === 0) throw new NeedsShell('a command is empty');
  return { env, argv: rest };
}

function assignment(word: string | undefined): [string, string] | undefined {
  const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(word ?? '');
  return match ? [match[1] as string, match[2] as string] : undefined;
}
