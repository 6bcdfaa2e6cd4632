import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Field } from './verb.ts';

/** A flag for a field of a schema. A boolean that is true by default gets `--no-…`, so that every value can be typed. */
export function optionFor(field: Field): Option {
  const description = [field.description || words(field.name), defaultText(field)].filter(Boolean).join(' ');
  if (field.type === 'boolean') {
    return new Option(field.default === true ? `--no-${field.flag.slice(2)}` : field.flag, description);
  }
  const option = new Option(`${field.flag} <${placeholder(field)}>`, description).argParser((text) =>
    parseValue(field, text),
  );
  return field.required ? option.makeOptionMandatory() : option;
}

/** The value of one typed word, as its field's type has it. Throws commander's usage error with what was expected. */
export function parseValue(field: Field, text: string): unknown {
  if (field.choices && !field.choices.includes(text))
    throw new InvalidArgumentError(`It is one of ${field.choices.join(', ')}.`);
  if (field.type === 'text') return text;
  if (field.type === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new InvalidArgumentError('It is true or false.');
  }
  if (field.type === 'number') {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It is a number.');
    return value;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidArgumentError(`It is JSON, e.g. '{"key": "value"}'.`);
  }
}

/** The input that the typed flags and places make; what was not typed is left to the schema's defaults. */
export function inputOf(
  command: Command,
  fields: readonly Field[],
  positionals: readonly string[],
  places: readonly unknown[],
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const field of fields) {
    const place = positionals.indexOf(field.name);
    if (place >= 0) {
      if (places[place] !== undefined) input[field.name] = places[place];
    } else if (command.getOptionValueSource(field.name) === 'cli') {
      input[field.name] = command.getOptionValue(field.name);
    }
  }
  return input;
}

export function placeholder(field: Field): string {
  return field.choices ? field.choices.join('|') : field.type;
}

function defaultText(field: Field): string {
  const given = field.default;
  if (given === null || given === '' || field.type === 'boolean') return '';
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  return text === '{}' || text === '[]' ? '' : `(default: ${text})`;
}

function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
