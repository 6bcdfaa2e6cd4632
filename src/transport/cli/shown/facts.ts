import { plainLine } from '../../../kernel/plain-text.ts';
import { duration, wordOf } from '../../words/index.ts';

const TEXT_MAX = 2000;

/** A line for each thing that is known, what belongs together on one line; what is empty is left out. */
export function factLines(facts: Readonly<Record<string, unknown>>, indent = ''): string[] {
  return Object.entries(facts).flatMap(([name, value]) => {
    if (isEmpty(value)) return [];
    const said = inline(name, value);
    if (said !== null) return [`${indent}${words(name)}: ${said}`];
    const inner = `${indent}  `;
    const parts = Array.isArray(value)
      ? value.flatMap((one) => itemLines(one, inner))
      : factLines(value as Record<string, unknown>, inner);
    return [`${indent}${words(name)}:`, ...parts];
  });
}

function itemLines(item: unknown, indent: string): string[] {
  const said = inline('', item);
  if (said !== null) return [`${indent}- ${said}`];
  const [first = '', ...rest] = factLines(item as Record<string, unknown>, `${indent}  `);
  return [`${indent}- ${first.trimStart()}`, ...rest];
}

/** On one line, or null when it takes several. */
function inline(name: string, value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return text(name, value);
  if (Array.isArray(value)) return value.every(isPlain) ? value.map((one) => text('', one)).join(', ') : null;
  const parts = Object.entries(value).filter(([, part]) => !isEmpty(part));
  if (!parts.every(([, part]) => isPlain(part))) return null;
  return parts.map(([key, part]) => `${words(key)} ${text(key, part)}`).join(', ');
}

function text(name: string, value: unknown): string {
  if (typeof value === 'number' && name.endsWith('Ms')) return duration(value);
  if (typeof value === 'number' && /(?:^a|A)t$/.test(name)) return new Date(value).toISOString();
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (name === 'status') return plainLine(wordOf(String(value)), TEXT_MAX);
  return plainLine(String(value), TEXT_MAX);
}

function words(name: string): string {
  // A field is in camel case; what has an underscore or a dot is a state that is counted.
  const spaced = /[._]/.test(name) ? wordOf(name) : name.replace(/Ms$/, '');
  return plainLine(
    spaced.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    100,
  );
}

const isPlain = (value: unknown) => typeof value !== 'object' || value === null;

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (typeof value !== 'object') return false;
  return Object.values(value).every(isEmpty);
}
