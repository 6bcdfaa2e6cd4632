/** Characters `[start, end)` of a file replaced by `text`. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

export function applyEdit(source: string, edit: Edit): string {
  return source.slice(0, edit.start) + edit.text + source.slice(edit.end);
}

/**
 * The smallest edit with the meaning of replacing `[start, end)` by `replacement`, which was printed anew and so may
 * differ from the source in white space and needless parentheses too: these are left as their author wrote them.
 * Null when nothing else differs.
 */
export function narrowEdit(source: string, start: number, end: number, replacement: string): Edit | null {
  const original = source.slice(start, end);
  if (bare(original) === bare(replacement)) return null;
  const [from, printedFrom] = commonStart(original, replacement);
  const [to, printedTo] = commonEnd(original, replacement, from, printedFrom);
  const core = original.slice(from, to);
  const lead = /^[\s)]*\)|/.exec(core)?.[0].length ?? 0;
  const trail = /\([\s(]*$|$/.exec(core)?.[0].length ?? 0;
  // Needless parentheses may close or open right at the change: first without them, then with.
  for (const [left, right] of [[from + lead, to - trail] as const, [from, to] as const]) {
    if (left > right) continue;
    const text = fit(original.slice(left, right), replacement.slice(printedFrom, printedTo));
    const edit = { start: start + left, end: start + right, text };
    const faithful = bare(original.slice(0, left) + text + original.slice(right)) === bare(replacement);
    const whole = balance(original.slice(left, right)) === balance(text) && !joinsWords(source, edit);
    if (faithful && whole) return edit;
  }
  return { start, end, text: replacement };
}

const bare = (text: string) => text.replace(/[\s()]+/g, '');
const isSpace = (char: string | undefined) => char !== undefined && /\s/.test(char);
const isParenthesis = (char: string | undefined) => char === '(' || char === ')';
const balance = (text: string) => text.split('(').length - text.split(')').length;

/** How far both texts agree from their starts, the printer's liberties aside: ends behind the last common character. */
function commonStart(original: string, printed: string): [number, number] {
  let [i, j, iEnd, jEnd] = [0, 0, 0, 0];
  while (i < original.length && j < printed.length) {
    if (isSpace(original[i])) i++;
    else if (isSpace(printed[j])) j++;
    else if (original[i] === printed[j]) [iEnd, jEnd] = [++i, ++j];
    else if (isParenthesis(original[i])) i++;
    else break;
  }
  return [iEnd, jEnd];
}

function commonEnd(original: string, printed: string, iMin: number, jMin: number): [number, number] {
  let [i, j, iStart, jStart] = [original.length, printed.length, original.length, printed.length];
  while (i > iMin && j > jMin) {
    if (isSpace(original[i - 1])) i--;
    else if (isSpace(printed[j - 1])) j--;
    else if (original[i - 1] === printed[j - 1]) [iStart, jStart] = [--i, --j];
    else if (isParenthesis(original[i - 1])) i--;
    else break;
  }
  return [iStart, jStart];
}

/** Gives the new core the white space of the old one's surroundings. */
function fit(before: string, after: string): string {
  const core = after.trim();
  const [lead, trail] = [/^\s*/.exec(before)?.[0] ?? '', /\s*$/.exec(before)?.[0] ?? ''];
  if (core === '') return isSpace(after[0]) ? lead || trail : '';
  if (before.trim() !== '') return lead + core + trail;
  return (isSpace(after[0]) ? before : '') + core + (isSpace(after.at(-1)) ? before : '');
}

/** Whether an end of the edit makes one word of two that were apart. */
function joinsWords(source: string, edit: Edit): boolean {
  const patched = applyEdit(source, edit);
  const joint = (text: string, at: number) => /\w\w/.test(text.slice(Math.max(0, at - 1), at + 1));
  const behind = edit.start + edit.text.length;
  return (
    (joint(patched, edit.start) && !joint(source, edit.start)) || (joint(patched, behind) && !joint(source, edit.end))
  );
}
