/** What was typed: a name for what has one, else the character itself. */
export type Key = 'up' | 'down' | 'first' | 'last' | 'enter' | 'escape' | 'backspace' | 'interrupt' | (string & {});

const NAMED: Readonly<Record<string, Key>> = {
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\x1b[H': 'first',
  '\x1b[F': 'last',
  '\r': 'enter',
  '\n': 'enter',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x03': 'interrupt',
  '\x04': 'interrupt',
  '\x1b': 'escape',
};

// A whole sequence, or a single character; what a terminal says by itself is a sequence too and is in no table.
// oxlint-disable-next-line no-control-regex
const PARTS = /\x1b\[[\d;?<>=]*[ -/]*[@-~]|\x1bO[@-~]|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?|[\s\S]/gu;

/** Of one chunk from a terminal in raw mode. */
export function keysOf(chunk: Buffer): Key[] {
  return [...chunk.toString('utf8').matchAll(PARTS)].flatMap(([part]) => {
    const named = NAMED[part];
    if (named !== undefined) return [named];
    return part.length <= 2 && /^[\P{C}]$/u.test(part) ? [part] : [];
  });
}
