import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, NeedsShell, parseCommandLine } from './command-line.ts';

/** A test suite this agent can read: which runner, with which arguments, and what has to run before it. */
export interface Suite {
  runner: 'node' | 'vitest';
  /** Commands that come before the runner in the check (a build, a linter); each must succeed. */
  before: Command[];
  env: Record<string, string>;
  /** `node`: options for node itself. */
  nodeOptions: string[];
  /** Options of the runner without the files. */
  options: string[];
  /** Files, folders or globs that the check names; empty for the runner's own choice. */
  targets: string[];
}

/** The check is none that this agent can run test by test. The message says why. */
export class UnreadableCheck extends Error {}

const SCRIPTS_DEEP_MAX = 5;

/**
 * Follows a check such as `npm test` through package.json to the `node --test` or `vitest` at its end.
 * Throws `UnreadableCheck` when there is none.
 */
export function readSuite(check: string, directory: string): Suite {
  try {
    const commands = expand(check, directory, SCRIPTS_DEEP_MAX);
    const last = commands.at(-1) as Command;
    return { ...runnerOf(last, check), before: commands.slice(0, -1), env: last.env };
  } catch (error) {
    if (error instanceof NeedsShell) throw new UnreadableCheck(error.message);
    throw error;
  }
}

function expand(line: string, directory: string, deep: number): Command[] {
  return parseCommandLine(line).flatMap((command) => {
    const script = scriptOf(command.argv);
    if (!script) return [command];
    if (deep === 0) throw new UnreadableCheck(`the scripts of package.json call each other: ${line}`);
    const scripts = scriptsOf(directory);
    const body = scripts[script.name];
    if (body === undefined) throw new UnreadableCheck(`package.json has no script "${script.name}"`);
    const before = scripts[`pre${script.name}`];
    const commands = [
      ...(before === undefined ? [] : expand(before, directory, deep - 1)),
      ...expand(body, directory, deep - 1),
    ];
    const last = commands.at(-1) as Command;
    last.argv.push(...script.args);
    return commands.map((one) => ({ ...one, env: { ...command.env, ...one.env } }));
  });
}

function scriptOf(argv: string[]): { name: string; args: string[] } | undefined {
  const [program, verb, ...rest] = argv;
  if (program === undefined || !['npm', 'pnpm', 'yarn'].includes(program)) return undefined;
  const words = rest.filter((word) => word !== '--silent' && word !== '-s');
  if (verb === 'test' || verb === 't') return { name: 'test', args: words.filter((word) => word !== '--') };
  const name = verb === 'run' || verb === 'run-script' ? words.shift() : undefined;
  return name === undefined ? undefined : { name, args: words.filter((word) => word !== '--') };
}

function scriptsOf(directory: string): Record<string, string> {
  const path = join(directory, 'package.json');
  if (!existsSync(path)) throw new UnreadableCheck('there is no package.json');
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { scripts?: Record<string, string> }).scripts ?? {};
  } catch (error) {
    throw new UnreadableCheck(`package.json does not parse: ${(error as Error).message}`);
  }
}

function runnerOf({ argv }: Command, check: string): Omit<Suite, 'before' | 'env'> {
  const words = argv[0] === 'npx' ? argv.slice(1) : argv;
  const [program, ...rest] = words;
  if (program === 'node' && rest.includes('--test')) return nodeSuite(rest);
  if (program === 'tsx' && rest.includes('--test')) return nodeSuite(['--import', 'tsx', ...rest]);
  if (program === 'vitest') return vitestSuite(rest);
  throw new UnreadableCheck(`"${check}" ends in "${argv.join(' ')}", which is neither node --test nor vitest`);
}

const NODE_TAKES_VALUE = new Set([
  '--import',
  '--require',
  '-r',
  '--loader',
  '--experimental-loader',
  '--conditions',
  '-C',
  '--test-name-pattern',
  '--test-skip-pattern',
  '--test-concurrency',
  '--test-timeout',
]);
/** What the user's own reporter or coverage does would only be in the way. */
const NODE_DROPPED =
  /^--(test-reporter|test-reporter-destination|experimental-test-coverage|test-coverage-.*|watch)(=|$)/;

function nodeSuite(words: string[]): Omit<Suite, 'before' | 'env'> {
  const nodeOptions: string[] = [];
  const targets: string[] = [];
  for (let n = 0; n < words.length; n++) {
    const word = words[n] as string;
    if (!word.startsWith('-')) targets.push(word);
    else if (NODE_DROPPED.test(word)) n += /^--test-reporter(-destination)?$/.test(word) ? 1 : 0;
    else if (NODE_TAKES_VALUE.has(word)) nodeOptions.push(word, words[++n] ?? '');
    else if (word !== '--test') nodeOptions.push(word);
  }
  return { runner: 'node', nodeOptions, options: [], targets };
}

const VITEST_TAKES_VALUE = new Set(['--config', '-c', '--root', '-r', '--dir', '--project', '--environment', '-t']);
const VITEST_DROPPED = /^--(reporter|coverage|watch|run|ui|outputFile)(=|\.|$)/;

function vitestSuite(words: string[]): Omit<Suite, 'before' | 'env'> {
  const options: string[] = [];
  const targets: string[] = [];
  const rest = words[0] === 'run' || words[0] === 'watch' || words[0] === 'dev' ? words.slice(1) : words;
  for (let n = 0; n < rest.length; n++) {
    const word = rest[n] as string;
    if (!word.startsWith('-')) targets.push(word);
    else if (VITEST_DROPPED.test(word)) n += word === '--reporter' || word === '--outputFile' ? 1 : 0;
    else if (VITEST_TAKES_VALUE.has(word)) options.push(word, rest[++n] ?? '');
    else options.push(word);
  }
  return { runner: 'vitest', nodeOptions: [], options, targets };
}
