/**
 * Source text as words, in any language that looks like C or like Python. It is no parser: it knows comments, strings and
 * names, which is what finding repetition needs, in one pass over text that may have been written to break parsers.
 */
export interface Token {
  text: string;
  /** From 1. */
  line: number;
  kind: 'word' | 'string' | 'number' | 'mark';
}

const SLASHES = /\.([cm]?[jt]sx?|go|rs|java|kt|scala|cs|c|cc|cpp|h|hpp|m|swift|php|dart)$/;
const HASHES = /\.(py|rb|sh|pl|ex|exs)$/;
const SCRIPT = /\.[cm]?[jt]sx?$/;

/** Whether a path holds code that can be read as tokens. */
export function isSource(path: string): boolean {
  return SLASHES.test(path) || HASHES.test(path);
}

export function isScript(path: string): boolean {
  return SCRIPT.test(path);
}

const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const NUMBER = /\d[\w.]*/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^\\/[\n])+\/[a-z]*/y;
/** Words after which a slash begins a pattern and does not divide. */
const BEFORE_PATTERN = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'do',
  'else',
  'void',
  'delete',
  'throw',
  'await',
  'yield',
]);

/** The tokens of a file, in their order; comments and white space are left out. What does not end, ends with the text. */
export function tokensOf(path: string, text: string): Token[] {
  const tokens: Token[] = [];
  const [hashes, script] = [HASHES.test(path), SCRIPT.test(path)];
  let [at, line] = [0, 1];
  const take = (end: number, kind: Token['kind'] | null) => {
    const piece = text.slice(at, end);
    if (kind) tokens.push({ text: piece, line, kind });
    line += linesIn(piece);
    at = end;
  };
  while (at < text.length) {
    const char = text[at] as string;
    if (/\s/.test(char)) take(at + 1, null);
    else if (startsComment(text, at, hashes)) take(endOfComment(text, at), null);
    else if (char === '"' || char === "'") take(...quoted(text, at, hashes));
    else if (char === '`' && !hashes) take(endOfTemplate(text, at), 'string');
    else if (char === '/' && script && maySlashBegin(tokens.at(-1)) && matches(REGEX, text, at))
      take(REGEX.lastIndex, 'string');
    else if (matches(WORD, text, at)) take(WORD.lastIndex, 'word');
    else if (matches(NUMBER, text, at)) take(NUMBER.lastIndex, 'number');
    else take(at + 1, 'mark');
  }
  return tokens;
}

function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

function linesIn(piece: string): number {
  let lines = 0;
  for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) lines++;
  return lines;
}

function startsComment(text: string, at: number, hashes: boolean): boolean {
  return hashes ? text[at] === '#' : text[at] === '/' && (text[at + 1] === '/' || text[at + 1] === '*');
}

function endOfComment(text: string, at: number): number {
  return text[at + 1] === '*' && text[at] === '/' ? endAt(text, '*/', at + 2) : beforeLineEnd(text, at);
}

function endAt(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found + mark.length;
}

function beforeLineEnd(text: string, at: number): number {
  const found = text.indexOf('\n', at);
  return found < 0 ? text.length : found;
}

/** A string's end; a quote that is not closed on its line is a mark (an apostrophe, a lifetime). */
function quoted(text: string, at: number, hashes: boolean): [end: number, kind: Token['kind']] {
  const quote = text[at] as string;
  const triple = quote.repeat(3);
  if (hashes && text.startsWith(triple, at)) return [endAt(text, triple, at + 3), 'string'];
  const end = endOfQuoted(text, at);
  return end === null ? [at + 1, 'mark'] : [end, 'string'];
}

function endOfQuoted(text: string, at: number): number | null {
  for (let n = at + 1; n < text.length && text[n] !== '\n'; n++) {
    if (text[n] === '\\') n++;
    else if (text[n] === text[at]) return n + 1;
  }
  return null;
}

/** Past a template with all that is embedded in it. */
function endOfTemplate(text: string, start: number): number {
  /** What is open: a template, or the braces of what is embedded in one. */
  const open: ('`' | '{')[] = ['`'];
  let at = start + 1;
  while (at < text.length && open.length > 0) {
    const char = text[at];
    if (open.at(-1) === '`') {
      if (char === '`') open.pop();
      else if (char === '$' && text[at + 1] === '{') open.push('{');
      at += char === '\\' || open.at(-1) === '{' ? 2 : 1;
      continue;
    }
    if (char === '`' || char === '{') open.push(char);
    else if (char === '}') open.pop();
    at = char === '"' || char === "'" ? (endOfQuoted(text, at) ?? at + 1) : at + 1;
  }
  return Math.min(at, text.length);
}

function maySlashBegin(before: Token | undefined): boolean {
  if (!before) return true;
  if (before.kind === 'word') return BEFORE_PATTERN.has(before.text);
  return before.kind === 'mark' && before.text !== ')' && before.text !== ']' && before.text !== '}';
}
