/** A setting as `get_config` describes it. */
export interface DescribedSetting {
  path: string;
  variable: string;
  /** In words: `integer 1–200`, `text`, `a | b`, `list of text`. */
  type: string;
  default: unknown;
  meaning: string;
}

/** How a value is typed: a number, a line of text, one of several, or JSON. */
export type Typed = { kind: 'number' | 'text' | 'json' } | { kind: 'choice'; choices: readonly string[] };

export function typedAs(type: string): Typed {
  if (type === 'boolean') return { kind: 'choice', choices: ['true', 'false'] };
  if (type.includes(' | ') && !/[^a-z0-9_ |-]/i.test(type)) return { kind: 'choice', choices: type.split(' | ') };
  if (/^(integer|number)( |$)/.test(type)) return { kind: 'number' };
  return { kind: type === 'text' ? 'text' : 'json' };
}

/** What a person sees in the field for a value. */
export function textOf(value: unknown, type: string): string {
  const { kind } = typedAs(type);
  if (value === undefined) return '';
  if (kind === 'json') return JSON.stringify(value, null, 2);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What was typed as a value, or what is wrong with it. Whether it is acceptable is for the server to say. */
export function valueOf(text: string, type: string): { value: unknown } | { problem: string } {
  const { kind } = typedAs(type);
  if (kind === 'text') return { value: text };
  if (type === 'boolean') return { value: text === 'true' };
  if (kind === 'choice') return { value: text };
  const trimmed = text.trim();
  if (kind === 'number') {
    const value = Number(trimmed.replaceAll('_', ''));
    return trimmed !== '' && Number.isFinite(value) ? { value } : { problem: 'It is a number.' };
  }
  try {
    return { value: JSON.parse(trimmed) as unknown };
  } catch (error) {
    return { problem: `It is not JSON: ${(error as Error).message}` };
  }
}

/** The value at a dotted path. */
export function valueAt(settings: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (tree, key) => (typeof tree === 'object' && tree !== null ? (tree as Record<string, unknown>)[key] : undefined),
      settings,
    );
}

/** A row of the view `config`. */
export interface ConfigRow<E = unknown> {
  path: string;
  value: unknown;
  /** `set` by an operator, or given at the `start` by a variable or a flag. */
  source: 'set' | 'start';
  by: string;
  evidence: E | null;
  inForce: boolean;
}

/** Who gave a setting its value: the nearest to it of what was set as itself, as a part of it or with what it belongs to. */
export function sourceOf<E>(path: string, rows: readonly ConfigRow<E>[]): ConfigRow<E> | null {
  const covers = ({ path: set }: ConfigRow<E>) =>
    path === set || path.startsWith(`${set}.`) || set.startsWith(`${path}.`);
  const found = rows.filter((row) => row.inForce && covers(row));
  return found.sort((a, b) => b.path.length - a.path.length)[0] ?? null;
}
