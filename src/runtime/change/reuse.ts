import type { Reuse } from './change.ts';
import type { Token } from './tokens.ts';

/**
 * Does new code repeat what the repository has, or use it? Both are told by words alone: repetition is a row of equal
 * tokens, use is the call of a name that the repository defines. So it is the same everywhere and every time; what was
 * renamed is not seen to be a repetition, nor is a call through an object seen to be a use.
 */

/** About three lines: shorter rows are idioms of the language. */
export const REPEAT_TOKENS = 24;

const DEFINES = new Set(['function', 'class', 'def', 'fn', 'func', 'fun', 'struct', 'trait', 'interface', 'enum']);
const NO_CALLS = new Set([
  ...['if', 'for', 'while', 'switch', 'catch', 'return', 'function', 'typeof', 'await', 'super', 'with', 'yield'],
  ...['constructor', 'require', 'import', 'and', 'or', 'not', 'in', 'is', 'print', 'match', 'assert', 'throw', 'new'],
]);

export interface ReuseMeter {
  /** Hears of a piece of code that the repository has without the new lines. */
  hear(tokens: readonly Token[]): void;
  result(): Reuse;
}

/** `fresh`: the new code, as rows of tokens that follow each other. */
export function createReuseMeter(fresh: readonly (readonly Token[])[]): ReuseMeter {
  const rows = fresh.map((row) => row.map(({ text }) => text));
  const repeated = rows.map((row) => new Uint8Array(row.length));
  const known = new Set(rows.flat());
  const places = placesOf(rows);
  const defined = new Set(fresh.flatMap(definitionsIn));
  const called = new Set(fresh.flatMap(callsIn).filter((name) => !defined.has(name)));
  const used = new Set<string>();
  return {
    hear(tokens) {
      for (const name of definitionsIn(tokens)) if (called.has(name)) used.add(name);
      markRepeated(tokens, known, places, repeated);
    },
    result: () => ({
      tokens: rows.reduce((sum, row) => sum + row.length, 0),
      repeated: repeated.reduce((sum, row) => sum + row.reduce((marks, mark) => marks + mark, 0), 0),
      called: [...used].sort(),
      defined: [...defined].sort(),
    }),
  };
}

type Places = ReadonlyMap<string, readonly (readonly [row: number, at: number])[]>;

/** Where each row of `REPEAT_TOKENS` begins. */
function placesOf(rows: readonly (readonly string[])[]): Places {
  const places = new Map<string, [number, number][]>();
  for (const [n, row] of rows.entries())
    for (let at = 0; at + REPEAT_TOKENS <= row.length; at++) {
      const key = keyOf(row, at);
      const list = places.get(key);
      if (list) list.push([n, at]);
      else places.set(key, [[n, at]]);
    }
  return places;
}

function keyOf(row: readonly string[], at: number): string {
  return row.slice(at, at + REPEAT_TOKENS).join('\0');
}

/** Most of a repository has words that the new code has not: a row ends there, and nothing needs to be looked up. */
function markRepeated(
  tokens: readonly Token[],
  known: ReadonlySet<string>,
  places: Places,
  repeated: readonly Uint8Array[],
): void {
  if (places.size === 0) return;
  const row = tokens.map(({ text }) => text);
  let inARow = 0;
  for (const [at, text] of row.entries()) {
    inARow = known.has(text) ? inARow + 1 : 0;
    if (inARow < REPEAT_TOKENS) continue;
    for (const [n, from] of places.get(keyOf(row, at + 1 - REPEAT_TOKENS)) ?? [])
      repeated[n]?.fill(1, from, from + REPEAT_TOKENS);
  }
}

function definitionsIn(tokens: readonly Token[]): string[] {
  return tokens.flatMap(({ text, kind }, at) => {
    if (kind !== 'word') return [];
    return DEFINES.has(tokens[at - 1]?.text ?? '') || isArrow(tokens, at) ? [text] : [];
  });
}

/** `const name = (…` and `const name = async`, `function` or `one =>`. */
function isArrow(tokens: readonly Token[], at: number): boolean {
  if (!['const', 'let', 'var'].includes(tokens[at - 1]?.text ?? '') || tokens[at + 1]?.text !== '=') return false;
  const [first, second, third] = [tokens[at + 2], tokens[at + 3], tokens[at + 4]];
  if (first?.text === 'async' || first?.text === 'function') return true;
  if (first?.kind === 'word') return second?.text === '=' && third?.text === '>';
  return first?.text === '(' && arrowFollows(tokens, at + 2);
}

const PARAMETER_TOKENS_MAX = 400;

/** Whether the parentheses that open here are an arrow function's parameters. */
function arrowFollows(tokens: readonly Token[], open: number): boolean {
  let depth = 0;
  for (let at = open; at < tokens.length && at < open + PARAMETER_TOKENS_MAX; at++) {
    const { text } = tokens[at] as Token;
    if (text === '(') depth++;
    if (text !== ')' || --depth > 0) continue;
    return tokens[at + 1]?.text === ':' || (tokens[at + 1]?.text === '=' && tokens[at + 2]?.text === '>');
  }
  return false;
}

function callsIn(tokens: readonly Token[]): string[] {
  return tokens.flatMap(({ text, kind }, at) => {
    const before = tokens[at - 1]?.text ?? '';
    const isCall = kind === 'word' && tokens[at + 1]?.text === '(' && before !== '.' && !DEFINES.has(before);
    return isCall && !NO_CALLS.has(text) ? [text] : [];
  });
}
