/**
 * Characters that a reader does not see, or that change the order in which others are shown: with them a line says one thing to
 * who reads it and another to who compiles it. Tabs stay.
 */
// oxlint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;
// oxlint-disable-next-line no-control-regex
const SPLIT = /([\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff])/u;

export interface TextPart {
  text: string;
  /** It stands for a character that would not be seen: its name, `U+202E`. */
  hidden: boolean;
}

/** A line in parts, so that nothing in it is invisible. */
export function visibleText(line: string): TextPart[] {
  if (!HIDDEN.test(line)) return [{ text: line, hidden: false }];
  return line
    .split(SPLIT)
    .filter((part) => part !== '')
    .map((part) => (HIDDEN.test(part) ? { text: nameOf(part), hidden: true } : { text: part, hidden: false }));
}

function nameOf(character: string): string {
  if (character === '\r') return '␍';
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
