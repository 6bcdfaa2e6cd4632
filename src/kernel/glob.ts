/**
 * Globs over paths with slashes: `*` and `?` stay within a name, `**` goes through folders, `{a,b}` is a choice and
 * `[a-c]` a set. A pattern that ends in a slash means everything below. A leading dot is a letter like any other: what git
 * lists, a check may depend on.
 */
export function globExpression(glob: string): RegExp {
  const pattern = glob.endsWith('/') ? `${glob}**` : glob;
  let out = '';
  let choices = 0;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string;
    if (char === '*' && pattern[at + 1] === '*') {
      const whole = (at === 0 || pattern[at - 1] === '/') && (pattern[at + 2] === '/' || pattern[at + 2] === undefined);
      if (whole && pattern[at + 2] === '/') {
        out += '(?:.*/)?';
        at += 2;
      } else {
        out += whole ? '.*' : '[^/]*';
        at += 1;
      }
    } else if (char === '*') out += '[^/]*';
    else if (char === '?') out += '[^/]';
    else if (char === '{' && pattern.indexOf('}', at) > 0) {
      choices += 1;
      out += '(?:';
    } else if (char === '}' && choices > 0) {
      choices -= 1;
      out += ')';
    } else if (char === ',' && choices > 0) out += '|';
    else if (char === '[' && pattern.indexOf(']', at + 2) > 0) {
      const end = pattern.indexOf(']', at + 2);
      const set = pattern.slice(at + 1, end);
      const [sign, rest] = /^[!^]/.test(set) ? ['^', set.slice(1)] : ['', set];
      out += `(?!/)[${sign}${rest.replace(/[\\\][^]/g, '\\$&')}]`;
      at = end;
    } else out += char.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  }
  return new RegExp(`^(?:${out})$`, 's');
}

/** Whether a path is among what a list of globs means: the last one that fits decides, and `!` takes away. */
export function createMatcher(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 1 && globs[0] === '**') return () => true;
  const rules = globs.map((glob) => {
    const takes = !glob.startsWith('!');
    const pattern = takes ? glob : glob.slice(1);
    // Most paths are told apart by how they begin, which is ten times quicker than the expression.
    const [start = ''] = pattern.split(/[*?[{]/, 1);
    return { takes, start, expression: globExpression(pattern) };
  });
  return (path) =>
    rules.findLast(({ start, expression }) => path.startsWith(start) && expression.test(path))?.takes ?? false;
}

/** A path, and nothing but a path. */
export function isLiteral(glob: string): boolean {
  return !/[*?[{!]|\/$/.test(glob);
}

/** What is said of a pattern that cannot be read. */
export const NO_GLOB = 'is no glob: a bracket or a brace is not closed, or a range is backwards';

/** Whether a pattern can be read; one with a `!` before it is read without. */
export function isGlob(pattern: string): boolean {
  try {
    return globExpression(pattern.replace(/^!/, '')) !== null;
  } catch {
    return false;
  }
}
