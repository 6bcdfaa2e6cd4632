/**
 * Text of others (agents, their terminals, files of a repository) made safe to print. What may pass is listed: printable
 * characters, tab and newline. Escape sequences go whole, so that no title, link or clipboard command stays as rubbish.
 */
const SEQUENCE =
  // oxlint-disable-next-line no-control-regex
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\x18\x1a]*(?:\x07|\x1b\\|\x9c|\x18|\x1a)|\x1b[ -/]*[0-OQ-WYZ`-~\\]/g;
const UNSAFE = /(?![\n\t\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
// A sequence that never ends must not hide what follows.
const HELD_CHARS_MAX = 4096;

/** The whole of a text. A carriage return begins a new line, as both readings of a line are kept. */
export function plainText(text: string): string {
  return text
    .replace(SEQUENCE, '')
    .replace(/\r+\n?/g, '\n')
    .replace(UNSAFE, '');
}

/** The whole of a text as one line of at most `charsMax` characters. */
export function plainLine(text: string, charsMax = 400): string {
  const line = plainText(text).replace(/\s+/g, ' ').trim();
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1)}…`;
}

/** The same for a stream of bytes: what a chunk's border cuts in two is held back until the rest is there. */
export function createPlainStream(): { push(bytes: Uint8Array): string; flush(): string } {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let held = '';
  const take = (text: string): string => {
    const all = held + text;
    const rest = all.replace(SEQUENCE, (sequence) => '\0'.repeat(sequence.length));
    const escape = rest.search(/[\x1b\x9b\x9d\x90\x98\x9e\x9f]/);
    const cut =
      escape >= 0 && all.length - escape <= HELD_CHARS_MAX ? escape : all.endsWith('\r') ? all.length - 1 : all.length;
    held = all.slice(cut);
    return plainText(all.slice(0, cut));
  };
  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    flush() {
      const end = take(decoder.decode()) + plainText(held);
      held = '';
      return end;
    },
  };
}
