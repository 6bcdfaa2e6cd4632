import { Argument, Command } from 'commander';
import type { Client } from './client.ts';
import { inputOf, optionFor, parseValue, placeholder } from './flags.ts';
import { type Output, table } from './output.ts';
import type { Verb } from './verb.ts';
import { plainText } from '../../kernel/plain-text.ts';

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
    if (verb.kind === 'query') return showResult(output, await client.query(verb.name, input));
    const key = command.getOptionValue('idempotencyKey') as string | undefined;
    const answer = await client.command(verb.name, input, key);
    output.record(answer);
    output.say(
      `${answer.repeated ? 'Done before' : answer.events.length === 0 ? 'Nothing to do' : 'Done'}: ${answer.id} is ${answer.state}${answer.events.length > 0 ? ` (${answer.events.join(', ')} at ${answer.position})` : ''}.`,
    );
  });
}

/** The command at the end of a path of words, its parents made where they are missing. */
export function child(program: Command, path: readonly string[]): Command {
  let at = program;
  for (const word of path) {
    let next = at.commands.find((one) => one.name() === word);
    if (!next) at.addCommand((next = at.createCommand(word).copyInheritedSettings(at)));
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

/** A query's result for people: lists as tables, the rest as indented JSON. */
export function showResult(output: Output, result: unknown): void {
  output.record(result);
  if (output.json) return;
  const rows = rowsOf(result);
  if (rows === null) return output.say(plainText(JSON.stringify(result, null, 2)));
  if (rows.length === 0) output.say('Nothing.');
  else {
    const headings = [...new Set(rows.flatMap((row) => Object.keys(row).filter((key) => isShort(row[key]))))];
    for (const line of table(
      headings,
      rows.map((row) => headings.map((key) => row[key])),
    ))
      output.say(line);
  }
  const { summary } = result as { summary?: Record<string, unknown> };
  if (summary) output.say(`\n${plainText(JSON.stringify(summary))}`);
}

/** The rows of a view, or the one list that an answer holds. */
function rowsOf(result: unknown): Record<string, unknown>[] | null {
  if (typeof result !== 'object' || result === null) return null;
  const { rows } = result as { rows?: unknown };
  if (typeof rows === 'object' && rows !== null) return Object.values(rows) as Record<string, unknown>[];
  const lists = Object.values(result).filter((value) => Array.isArray(value)) as unknown[][];
  const [list] = lists;
  if (lists.length !== 1 || !list || list.some((one) => typeof one !== 'object' || one === null)) return null;
  return list as Record<string, unknown>[];
}

function isShort(value: unknown): boolean {
  return (
    value === null ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    (typeof value === 'string' && value.length <= 200)
  );
}
