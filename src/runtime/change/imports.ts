import { isScript, type Token } from './tokens.ts';

/** How far a clause of names may stand between `import` and `from`. */
const CLAUSE_TOKENS_MAX = 2_000;

/**
 * The packages and built-in modules that a file imports, by their first name: `lodash` for `lodash/fp`, `os` for `os.path`.
 * A file of the repository itself is none. Null where the language's imports are not read.
 */
export function importsOf(path: string, tokens: readonly Token[]): string[] | null {
  if (isScript(path)) return [...new Set(specifiersIn(tokens).flatMap(packageOf))];
  if (path.endsWith('.py')) return [...new Set(pythonModules(tokens))];
  return null;
}

function specifiersIn(tokens: readonly Token[]): string[] {
  const found: string[] = [];
  for (const [at, { text, kind }] of tokens.entries()) {
    if (kind !== 'word' || tokens[at - 1]?.text === '.') continue;
    if (text === 'require' || text === 'import') found.push(...called(tokens, at));
    if (text === 'import' || text === 'export') found.push(...declared(tokens, at));
  }
  return found;
}

function called(tokens: readonly Token[], at: number): string[] {
  const argument = tokens[at + 2];
  return tokens[at + 1]?.text === '(' && argument?.kind === 'string' ? [unquoted(argument)] : [];
}

/** `import 'a'`, `import b from 'a'`, `import { b, c } from 'a'`, `export * from 'a'`, `export { b } from 'a'`. */
function declared(tokens: readonly Token[], at: number): string[] {
  const next = tokens[at + 1];
  if (next?.kind === 'string') return [unquoted(next)];
  for (let n = at + 1; n < tokens.length && n < at + CLAUSE_TOKENS_MAX; n++) {
    const [token, after] = [tokens[n] as Token, tokens[n + 1]];
    if (token.text === 'from' && after?.kind === 'string') return [unquoted(after)];
    if (token.kind !== 'word' && !NAMES.includes(token.text) && !isName(tokens, n)) return [];
  }
  return [];
}

/** What may stand in a clause beside names. */
const NAMES = ['{', '}', ',', '*'];

/** `{ "a b" as c }` */
function isName(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.kind === 'string' && (tokens[at + 1]?.text === 'as' || tokens[at - 1]?.text === 'as');
}

function unquoted({ text }: Token): string {
  return text.slice(1, -1);
}

function packageOf(specifier: string): string[] {
  if (/^[./#]|^[a-z]+:\/\//.test(specifier) || specifier === '') return [];
  const [first = '', second] = specifier.split('/');
  return [first.startsWith('@') && second !== undefined ? `${first}/${second}` : first];
}

/** `import a.b, c as d` and `from a.b import c`; relative ones name files of the repository. */
function pythonModules(tokens: readonly Token[]): string[] {
  const found: string[] = [];
  for (const [at, { text, line, kind }] of tokens.entries()) {
    if (kind !== 'word' || tokens[at - 1]?.line === line) continue;
    const rest = tokens.slice(at + 1, at + 200).filter((token) => token.line === line);
    if (text === 'from' && rest[0]?.kind === 'word') found.push(rest[0].text);
    if (text === 'import')
      rest.forEach((token, n) => {
        if (token.kind === 'word' && (n === 0 || rest[n - 1]?.text === ',')) found.push(token.text);
      });
  }
  return found;
}
