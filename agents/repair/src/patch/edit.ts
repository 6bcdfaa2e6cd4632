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
 * differ from the source in white space too: what is the same but for white space is left as its author wrote it.
 * Null when nothing else differs.
 */
export function narrowEdit(source: string, start: number, end: number, replacement: string): Edit | null {
  const original = source.slice(start, end);
  if (bare(original) === bare(replacement)) return null;
  const [oStart, rStart] = commonStart(original, replacement);
  const [oEnd, rEnd] = commonEnd(original, replacement, oStart, rStart);
  const text = fit(original.slice(oStart, oEnd), replacement.slice(rStart, rEnd));
  const edit = { start: start + oStart, end: start + oEnd, text };
  const whole = original.slice(0, oStart) + text + original.slice(oEnd);
  return bare(whole) === bare(replacement) && !joinsWords(source, edit) ? edit : { start, end, text: replacement };
}

const bare = (text: string) => text.replace(/\s+/g, '');
const isSpace = (char: string | undefined) => char !== undefined && /\s/.test(char);

/** How far both texts agree from their starts, white space aside: ends behind the last common character. */
function commonStart(a: string, b: string): [number, number] {
  let [i, j, iEnd, jEnd] = [0, 0, 0, 0];
  while (i < a.length && j < b.length) {
    if (isSpace(a[i])) i++;
    else if (isSpace(b[j])) j++;
    else if (a[i] === b[j]) [iEnd, jEnd] = [++i, ++j];
    else break;
  }
  return [iEnd, jEnd];
}

function commonEnd(a: string, b: string, aMin: number, bMin: number): [number, number] {
  let [i, j, iStart, jStart] = [a.length, b.length, a.length, b.length];
  while (i > aMin && j > bMin) {
    if (isSpace(a[i - 1])) i--;
    else if (isSpace(b[j - 1])) j--;
    else if (a[i - 1] === b[j - 1]) [iStart, jStart] = [--i, --j];
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
