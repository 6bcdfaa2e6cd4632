/** Two columns wide on a terminal: East Asian wide and fullwidth characters, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NONE = /^\p{M}$/u;

/** How many columns of a terminal a text takes. It must be safe to print already. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

function charWidth(char: string): number {
  if (char < '\u0300') return 1;
  return NONE.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
}

/** As it is where it fits, else cut with an ellipsis. */
export function shorten(text: string, width: number): string {
  return widthOf(text) <= width ? text : fit(text, width).trimEnd();
}

/** As wide as asked for: filled up with spaces, or cut with an ellipsis. */
export function fit(text: string, width: number, right = false): string {
  const taken = widthOf(text);
  if (taken <= width) return right ? ' '.repeat(width - taken) + text : text + ' '.repeat(width - taken);
  if (width <= 0) return '';
  let cut = '';
  let left = width - 1;
  for (const char of text) {
    left -= charWidth(char);
    if (left < 0) break;
    cut += char;
  }
  return `${cut}…${' '.repeat(width - 1 - widthOf(cut))}`;
}
