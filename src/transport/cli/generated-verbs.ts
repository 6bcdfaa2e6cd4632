import { Argument, Command } from 'commander';
import type { Client } from './client.ts';
import { inputOf, optionFor, parseValue, placeholder } from './flags.ts';
import { type Output, table } from './output.ts';
import { plainLine } from '../../kernel/plain-text.ts';
import { wordOf } from '../words/index.ts';
import { factLines } from './shown/facts.ts';
import type { Shown } from './shown/index.ts';
import type { Verb } from './verb.ts';

export interface Called {
  client: Client;
  output: Output;
}

/** Adds a verb for each definition; `called` makes what it needs from the options that were typed. */
export function addGeneratedVerbs(
  program: Command,
  verbs: readonly Verb[],
  called: (command: Command) => Called,
): void {
  for (const verb of verbs) addVerb(program, verb, called);
}

function addVerb(program: Command, verb: Verb, called: (command: Command) => Called): void {
  const command = child(program, verb.path).description(verb.summary);
  for (const name of verb.positionals) command.addArgument(argumentFor(verb, name));
  for (const field of verb.fields) if (!verb.positionals.includes(field.name)) command.addOption(optionFor(field));
  if (verb.kind === 'command')
    command.option('--idempotency-key <key>', 'The same key happens once and answers as it did the first time');
  if (verb.example) command.addHelpText('after', `\nExample:\n  ${verb.example}`);
  command.action(async (...typed: unknown[]) => {
    const { client, output } = called(command);
    const input = inputOf(command, verb.fields, verb.positionals, typed.slice(0, verb.positionals.length));
    if (verb.kind === 'query') {
      const { SHOWN } = await import('./shown/index.ts');
      return showResult(output, await client.query(verb.name, input), SHOWN[verb.name]);
    }
    const key = command.getOptionValue('idempotencyKey') as string | undefined;
    const answer = await client.command(verb.name, input, key);
    output.record(answer);
    output.say(
      `${answer.repeated ? 'Done before' : answer.events.length === 0 ? 'Nothing to do' : 'Done'}: ${answer.id} is ${wordOf(answer.state)}${answer.events.length > 0 ? ` (${answer.events.join(', ')} at ${answer.position})` : ''}.`,
    );
  });
}

/**
 * The command at the end of a path of words, its parents made where they are missing. `implied`: the last word may be left
 * out, and its parent's help tells of it as well.
 */
export function child(program: Command, path: readonly string[], implied = false): Command {
  let at = program;
  for (const [n, word] of path.entries()) {
    let next = at.commands.find((one) => one.name() === word);
    if (!next) {
      const made = at.createCommand(word).copyInheritedSettings(at);
      const isDefault = implied && n === path.length - 1;
      at.addCommand(made, { isDefault });
      if (isDefault) at.addHelpText('after', () => `\nWithout one of these words:\n\n${made.helpInformation()}`);
      next = made;
    }
    at = next;
  }
  return at;
}

function argumentFor(verb: Verb, name: string): Argument {
  const field = verb.fields.find((one) => one.name === name);
  const argument = new Argument(
    field && !field.required ? `[${name}]` : `<${name}>`,
    field?.description || (field ? placeholder(field) : ''),
  );
  if (!field) return argument;
  const choices = field.choices ? ` (${field.choices.join('|')})` : '';
  argument.description += choices;
  return argument.argParser((text) => parseValue(field, text));
}

/** A query's result: for people as `lines` has it, else lists as tables and the rest as facts. */
function showResult(output: Output, result: unknown, lines: Shown = generalLines): void {
  output.record(result);
  if (output.json) return;
  const { degraded } = result as { degraded?: { message: string; count: number } };
  if (degraded)
    output.note(`${degraded.count} events could not be read, so parts are missing: ${plainLine(degraded.message)}`);
  for (const line of lines(result, output)) output.say(line);
}

/** What every view says of itself is for programs. */
const OF_VIEWS = ['view', 'v', 'params', 'asOf', 'degraded', 'rows', 'summary'];

function generalLines(result: unknown): string[] {
  const facts = result as Record<string, unknown>;
  const list = listIn(facts);
  if (!list) return factLines(facts);
  const headings = [...new Set(list.rows.flatMap((row) => Object.keys(row).filter((key) => isShort(row[key]))))];
  const cells = list.rows.map((row) =>
    headings.map((key) => (key === 'status' && typeof row[key] === 'string' ? wordOf(row[key]) : row[key])),
  );
  const others = Object.entries(facts).filter(([name]) => name !== list.name && !OF_VIEWS.includes(name));
  const said = factLines({ ...(facts.summary as object | undefined), ...Object.fromEntries(others) });
  return [...(cells.length === 0 ? ['Nothing.'] : table(headings, cells)), ...(said.length > 0 ? ['', ...said] : [])];
}

/** The rows of a view, or the one list that an answer holds. */
function listIn(facts: Record<string, unknown>): { name: string; rows: Record<string, unknown>[] } | null {
  const { rows } = facts;
  if (typeof rows === 'object' && rows !== null)
    return { name: 'rows', rows: Object.values(rows) as Record<string, unknown>[] };
  const lists = Object.entries(facts).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
  const [only] = lists;
  if (lists.length !== 1 || !only || only[1].some((one) => typeof one !== 'object' || one === null)) return null;
  return { name: only[0], rows: only[1] as Record<string, unknown>[] };
}

function isShort(value: unknown): boolean {
  return (
    value === null ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    (typeof value === 'string' && value.length <= 200)
  );
}
