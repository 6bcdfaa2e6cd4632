import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Where single results go, outside the checked-out tree. */
export interface ResultFiles {
  /** Our reporter's module, for `node --test`. */
  reporter: string;
  nodeResults: string;
  /** Our reporter prints nothing, but must print somewhere: a real file, for Node 24 flushes it and cannot flush /dev/null. */
  nodeUnused: string;
  vitestResults: string;
}

export interface Instrumented {
  argv: string[];
  env: Record<string, string>;
}

const SCRIPTS_DEEP_MAX = 4;
const NODE_WORD = /(^|[\s/&;|(])(node|tsx)(?=\s|$)/;

/**
 * Lets a known test runner tell single results, beside what it prints: `node` by a reporter in NODE_OPTIONS, vitest by
 * a reporter at the end of its arguments, found through `npm test` and `npm run …` where needed. What is not recognised
 * is left as it is.
 */
export function instrument(argv: readonly string[], scripts: Record<string, string>, files: ResultFiles): Instrumented {
  const { text, separators } = resolveScripts(argv, scripts);
  const env = NODE_WORD.test(text) ? nodeEnvironment(text, files) : {};
  const vitest = endsInVitest(text) ? [...separators, ...vitestArguments(files)] : [];
  return { argv: [...argv, ...vitest], env };
}

/** The command line that runs in the end, and the `--` that arguments need to reach it through npm. */
function resolveScripts(
  argv: readonly string[],
  scripts: Record<string, string>,
): { text: string; separators: string[] } {
  let text = argv.join(' ');
  const separators: string[] = [];
  for (let deep = 0; deep < SCRIPTS_DEEP_MAX; deep++) {
    const call = scriptCall(text, scripts);
    if (!call) break;
    if (call.needsSeparator) separators.push('--');
    text = `${scripts[call.name]}${call.rest}`;
  }
  return { text, separators };
}

function scriptCall(text: string, scripts: Record<string, string>) {
  const match = /^\s*(npm|pnpm|yarn)\s+(?:(?:run|run-script)\s+)?(?:(?:-s|--silent)\s+)?([\w:.-]+)(\s.*)?$/s.exec(text);
  const program = match?.[1];
  const name = match?.[2] === 't' || match?.[2] === 'tst' ? 'test' : match?.[2];
  if (!program || !name || !Object.hasOwn(scripts, name)) return null;
  const rest = match[3] ?? '';
  if (/[&;|]/.test(rest)) return null;
  const separated = /\s--(\s|$)/.test(rest);
  return { name, rest: rest.replace(/\s--(?=\s|$)/, ''), needsSeparator: program === 'npm' && !separated };
}

function nodeEnvironment(text: string, files: ResultFiles): Record<string, string> {
  const ours = [
    ...['--test-reporter', pathToFileURL(files.reporter).href],
    ...['--test-reporter-destination', files.nodeUnused],
  ];
  // With a second reporter Node wants a destination for each; the script's own may come without one.
  const theirs = text.match(/--test-reporter[=\s]/g)?.length ?? 0;
  const placed = text.match(/--test-reporter-destination[=\s]/g)?.length ?? 0;
  const rest = ['--test-reporter-destination', 'stdout'];
  const more = theirs === 0 ? ['--test-reporter', 'spec', ...rest] : placed < theirs ? rest : [];
  return { NODE_OPTIONS: joinOptions([...ours, ...more]), HEPH_TEST_RESULTS: files.nodeResults };
}

function joinOptions(words: readonly string[]): string {
  const options: string[] = [];
  for (let n = 0; n < words.length; n += 2) options.push(`${words[n]}=${words[n + 1]}`);
  return options.map((option) => (/[\s"\\]/.test(option) ? `"${option.replace(/["\\]/g, '\\$&')}"` : option)).join(' ');
}

function vitestArguments(files: ResultFiles): string[] {
  return ['--reporter=default', '--reporter=json', `--outputFile.json=${files.vitestResults}`];
}

/** Whether arguments at the end of the line reach vitest. */
function endsInVitest(text: string): boolean {
  const last = text.split(/&&|\|\||;/).at(-1) ?? '';
  if (/[|<>]|\s--(\s|$)/.test(last)) return false;
  const words = last.trim().split(/\s+/);
  const at = words.findIndex((word) => basename(word) === 'vitest' || /(^|\/)vitest\/vitest\.mjs$/.test(word));
  if (at < 0) return false;
  return !['bench', 'list', 'watch', 'dev', 'init'].includes(words[at + 1] ?? '') && !words.includes('--outputFile');
}
