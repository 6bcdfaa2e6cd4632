/**
 * Whether a version is in a range as `engines` has it: comparators (`>=24.15`, `<26`), `^`, `~`, `x`, spaces for and, `||` for
 * or. Null for a range that is written otherwise: nobody should be told that it does not fit.
 */
export function inRange(version: string, range: string): boolean | null {
  const have = partsOf(version.replace(/^v/, ''));
  const answers = range.split('||').map((part) => inAll(have, part.trim()));
  if (answers.includes(true)) return true;
  return answers.includes(null) ? null : false;
}

function inAll(have: readonly number[], part: string): boolean | null {
  const words = part
    .replace(/([<>=^~]) +/g, '$1')
    .split(/\s+/)
    .filter(Boolean);
  const answers = words.map((word) => inOne(have, word));
  if (answers.includes(false)) return false;
  return answers.includes(null) ? null : true;
}

function inOne(have: readonly number[], word: string): boolean | null {
  const match = /^(>=|<=|>|<|=|\^|~)?v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?$/.exec(word);
  if (!match) return null;
  const [, sign = '=', ...given] = match;
  const want = given.filter((part) => part !== undefined && /^\d+$/.test(part)).map(Number);
  const order = compare(have, want);
  if (sign === '>=') return order >= 0;
  if (sign === '<') return order < 0;
  // `>24` means after every 24.x, `<=24` up to the last of them.
  const within = want.every((part, n) => have[n] === part);
  if (sign === '>') return order > 0 && !within;
  if (sign === '<=') return order <= 0 || within;
  if (sign === '=') return within;
  const first = want.findIndex((part) => part !== 0);
  const fixed = sign === '~' ? Math.min(2, want.length) : first < 0 ? want.length : first + 1;
  return order >= 0 && want.slice(0, fixed).every((part, n) => have[n] === part);
}

function compare(have: readonly number[], want: readonly number[]): number {
  for (const [n, part] of want.entries()) {
    const difference = (have[n] ?? 0) - part;
    if (difference !== 0) return difference;
  }
  return 0;
}

function partsOf(version: string): number[] {
  return (/^\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number);
}
