/**
 * Terminal bytes as safe text, for logs and pipes. What may pass is listed, all else is dropped: printable characters,
 * tab and newline. Escape sequences (colours, titles, OSC 8 links, OSC 52 clipboard, queries that a terminal would
 * answer), control characters, and invisible format characters such as bidirectional overrides never get through, also
 * when a chunk's border cuts them in two.
 */
export interface PlainText {
  push(chunk: Uint8Array): string;
  /** The end of a stream cut off inside a character or after a carriage return. */
  flush(): string;
}

type State = 'text' | 'escape' | 'csi' | 'osc' | 'string' | 'osc_escape' | 'string_escape';

// A sequence that never ends must not hide the rest of the log.
const SEQUENCE_CHARS_MAX = 65_536;
const ZERO_WIDTH_JOINER = '\u200d';
const UNSAFE = /^[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]$/u;

const AFTER_ESCAPE: Record<string, State> = {
  '[': 'csi',
  ']': 'osc',
  P: 'string',
  X: 'string',
  '^': 'string',
  _: 'string',
};
const C1: Record<string, State> = {
  '\u009b': 'csi',
  '\u009d': 'osc',
  '\u0090': 'string',
  '\u0098': 'string',
  '\u009e': 'string',
  '\u009f': 'string',
};

export function createPlainText(): PlainText {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let state: State = 'text';
  let sequenceChars = 0;
  let returned = false;
  let out = '';

  const enter = (next: State) => {
    state = next;
    sequenceChars = 0;
  };

  const print = (char: string) => {
    if (char === '\r') {
      returned = true;
      return;
    }
    // A return without a newline begins the line anew; in a log, both readings of the line stay.
    if (returned && char !== '\n' && isSafe(char)) out += '\n';
    if (isSafe(char)) {
      returned = false;
      out += char;
    }
  };

  const text = (char: string) => {
    if (char === '\x1b') enter('escape');
    else if (C1[char]) enter(C1[char]);
    else print(char);
  };

  const escape = (char: string) => {
    if (char === '\x1b') return;
    const next = AFTER_ESCAPE[char];
    if (next) enter(next);
    else if (isIntermediate(char)) return;
    else if (char >= '0' && char <= '~') enter('text');
    else leave(char);
  };

  const csi = (char: string) => {
    if (char === '\x1b') enter('escape');
    else if (isIntermediate(char) || (char >= '0' && char <= '?')) return;
    else if (char >= '@' && char <= '~') enter('text');
    else leave(char);
  };

  /** A character that cannot be part of the sequence ends it and is looked at as text. */
  const leave = (char: string) => {
    enter('text');
    text(char);
  };

  const osc = (char: string) => {
    if (char === '\x1b') state = 'osc_escape';
    else if (char === '\x07' || isStringEnd(char)) enter('text');
    else if (char === '\n') leave(char);
  };

  const string = (char: string) => {
    if (char === '\x1b') state = 'string_escape';
    else if (isStringEnd(char)) enter('text');
  };

  const afterStringEscape = (char: string) => {
    enter(char === '\\' ? 'text' : 'escape');
    if (char !== '\\') escape(char);
  };

  const steps: Record<State, (char: string) => void> = {
    text,
    escape,
    csi,
    osc,
    string,
    osc_escape: afterStringEscape,
    string_escape: afterStringEscape,
  };

  const feed = (decoded: string): string => {
    out = '';
    for (const char of decoded) {
      if (state !== 'text' && ++sequenceChars > SEQUENCE_CHARS_MAX) enter('text');
      steps[state](char);
    }
    return out;
  };

  return {
    push: (chunk) => feed(decoder.decode(chunk, { stream: true })),
    flush() {
      const rest = feed(decoder.decode());
      const end = returned ? '\n' : '';
      enter('text');
      returned = false;
      return rest + end;
    },
  };
}

/** The whole of a text, or of some terminal bytes, as safe text. */
export function plainText(raw: string | Uint8Array): string {
  const parser = createPlainText();
  return parser.push(typeof raw === 'string' ? Buffer.from(raw) : raw) + parser.flush();
}

/** The whole of a text as one safe line of at most `charsMax` characters, for titles, messages and reasons. */
export function plainLine(text: string, charsMax = 400): string {
  const line = plainText(text).replace(/\s+/g, ' ').trim();
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1)}…`;
}

function isSafe(char: string): boolean {
  return char === '\n' || char === '\t' || char === ZERO_WIDTH_JOINER || !UNSAFE.test(char);
}

function isIntermediate(char: string): boolean {
  return char >= ' ' && char <= '/';
}

/** ST as one character, CAN and SUB. */
function isStringEnd(char: string): boolean {
  return char === '\u009c' || char === '\x18' || char === '\x1a';
}
