/**
 * A secret's shape as a row of parts, out of which two expressions are made: `full` finds a whole secret, `partial` finds
 * where the text ends within one, so that a stream knows from where on it must wait.
 *
 *     parts      full                partial
 *     ab  c{2,}  ab c{2,}            a$ | ab(c{0,}$)
 */
export interface Part {
  /** One character, as a regular expression. */
  char: string;
  min: number;
  max: number;
}

export interface Pattern {
  parts: Part[];
  /** How many parts, from the first on, stay as they are: `Bearer `, `password=`. Default 0. */
  keep?: number;
  /** What the last part stands for and stays as well: the `@` behind a password in an address. */
  keepEnd?: string;
}

export interface Compiled {
  full: RegExp;
  partial: RegExp;
  /** What to put in a match's place, by its groups. */
  replacement(groups: Record<string, string | undefined> | undefined): string;
}

export const REDACTED = '[redacted]';

export function literal(text: string): Part[] {
  return [...text].map((char) => ({ char: escape(char), min: 1, max: 1 }));
}

/** Letters in either case. */
export function word(text: string): Part[] {
  return [...text].map((char) => ({ char: `[${char.toLowerCase()}${char.toUpperCase()}]`, min: 1, max: 1 }));
}

export function some(char: string, min: number, max = Number.POSITIVE_INFINITY): Part {
  return { char, min, max };
}

export function compile(patterns: readonly Pattern[]): Compiled {
  const full = patterns.map((pattern, n) => `(?<p${n}>${fullOf(pattern, n)})`).join('|');
  const partial = patterns.map((pattern) => partialOf(pattern.parts)).join('|');
  return {
    full: new RegExp(full, 'g'),
    partial: new RegExp(partial, 'g'),
    replacement(groups = {}) {
      const n = patterns.findIndex((_pattern, index) => groups[`p${index}`] !== undefined);
      return `${groups[`k${n}`] ?? ''}${REDACTED}${patterns[n]?.keepEnd ?? ''}`;
    },
  };
}

function fullOf({ parts, keep = 0 }: Pattern, n: number): string {
  const sources = parts.map(sourceOf);
  const kept = keep > 0 ? `(?<k${n}>${sources.slice(0, keep).join('')})` : '';
  return kept + sources.slice(keep).join('');
}

/** Every beginning of the pattern that reaches to the end of the text, and the whole where it could still grow. */
function partialOf(parts: readonly Part[]): string {
  const last = parts.at(-1) as Part;
  let source = last.max > last.min ? '$' : '(?!)';
  for (let n = parts.length - 1; n >= 0; n--) {
    const part = parts[n] as Part;
    // The first character must be there: an empty beginning is none.
    const begun = n === 0 ? repeated(part, 1) : repeated(part, 0);
    source =
      part.max === 1 && part.min === 1 && n > 0
        ? `(?:$|${part.char}${source})`
        : `(?:${begun}$|${sourceOf(part)}${source})`;
  }
  return source;
}

function sourceOf(part: Part): string {
  if (part.min === 1 && part.max === 1) return part.char;
  return repeated(part, part.min);
}

function repeated(part: Part, min: number): string {
  return `${part.char}{${min},${Number.isFinite(part.max) ? part.max : ''}}`;
}

function escape(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
}
