import { type IPty, spawn } from '@lydell/node-pty';

/** A program on a terminal, and what a person would see there. Knows the sequences that we print, and shows any other as it is. */
export interface PtyScreen {
  pty: IPty;
  /** All that was printed. */
  raw(): string;
  /** The lines of the alternate screen. */
  lines(): string[];
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Resolves when the screen shows it; rejects with the screen when the program ends first. */
  shows(what: string | RegExp): Promise<void>;
  /** Resolves with the exit code. */
  ended: Promise<number>;
}

// oxlint-disable-next-line no-control-regex
const SEQUENCE = /\x1b\[([?\d;]*)([A-Za-z])/g;

export function startOnPty(
  argv: readonly string[],
  options: { env: Record<string, string>; columns: number; rows: number },
) {
  const [file, ...words] = argv as [string, ...string[]];
  const { env, columns, rows } = options;
  const pty = spawn(file, words, { cols: columns, rows, env, name: 'xterm-256color' });
  let raw = '';
  let isOver = false;
  const looks = new Set<() => void>();
  const lookAll = () => [...looks].forEach((look) => look());
  pty.onData((data) => {
    raw += data;
    lookAll();
  });
  const ended = new Promise<number>((resolve) =>
    pty.onExit(({ exitCode }) => {
      isOver = true;
      lookAll();
      resolve(exitCode);
    }),
  );
  const lines = () => screenOf(raw);
  const screen: PtyScreen = {
    pty,
    raw: () => raw,
    lines,
    type: (text) => pty.write(text),
    resize: (to, high) => pty.resize(to, high),
    shows: (what) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const text = lines().join('\n');
          const found = typeof what === 'string' ? text.includes(what) : what.test(text);
          if (!found && !isOver) return;
          looks.delete(look);
          if (found) resolve();
          else
            reject(
              new Error(
                `The program ended; ${String(what)} was not on the screen:\n${text}\n${JSON.stringify(raw.slice(-500))}`,
              ),
            );
        };
        looks.add(look);
        look();
      }),
    ended,
  };
  return screen;
}

/** What the printed text has left on the screen. */
function screenOf(raw: string): string[] {
  const lines: string[] = [];
  let [row, column] = [0, 0];
  const put = (text: string) => {
    for (const char of text.replaceAll('\r', '').replaceAll('\n', '')) {
      const line = (lines[row] ?? '').padEnd(column);
      lines[row] = line.slice(0, column) + char + line.slice(column + 1);
      column++;
    }
  };
  let at = 0;
  for (const match of raw.matchAll(SEQUENCE)) {
    put(raw.slice(at, match.index));
    at = match.index + match[0].length;
    const [, given = '', verb] = match;
    if (verb === 'H')
      [row, column] = given === '' ? [0, 0] : (given.split(';').map((n) => Number(n) - 1) as [number, number]);
    else if (verb === 'J' && given === '2') lines.length = 0;
    else if (verb === 'J') lines.length = row;
    else if (verb === 'K') lines[row] = '';
  }
  put(raw.slice(at));
  return Array.from(lines, (line) => (line ?? '').trimEnd());
}
