import type { Tone } from '../../words/index.ts';
import type { World } from '../world.ts';
import { fit, widthOf } from './cells.ts';
import type { Line, Span } from './frame.ts';

/** The alternate screen of a terminal, on which only what has changed is written. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** The lines from the top; the one at `marked` is shown inverted. What does not fit is left out. */
  draw(lines: readonly Line[], marked?: number): void;
  /** The terminal as it was found. Safe twice. */
  close(): void;
}

// Alternate screen, no cursor, no wrapping; and each of them back.
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';

const COLOURS: Readonly<Record<Tone | 'bold' | 'dim', string>> = {
  good: '32',
  busy: '36',
  waiting: '39',
  attention: '1;33',
  bad: '31',
  ended: '2',
  unknown: '35',
  bold: '1',
  dim: '2',
};

/** `onKeys` gets what is typed, `onResize` is called when there is another number of columns or rows. */
export function openScreen(
  { stdin, stdout, env }: Pick<World, 'stdin' | 'stdout' | 'env'>,
  { onKeys, onResize }: { onKeys(bytes: Buffer): void; onResize(): void },
): Screen {
  const coloured = (env.NO_COLOR ?? '') === '';
  let shown: string[] = [];
  let waiting: readonly [readonly Line[], number | undefined] | null = null;
  let isWriting = false;
  let isOpen = true;

  const columns = () => Math.max(1, stdout.columns ?? 80);
  const rows = () => Math.max(1, stdout.rows ?? 24);

  /** A slow terminal is given the newest frame when it has taken the last one, and none of those between. */
  function write(text: string): void {
    isWriting = true;
    stdout.write(text, () => {
      isWriting = false;
      const next = waiting;
      waiting = null;
      if (next && isOpen) draw(...next);
    });
  }

  function draw(lines: readonly Line[], marked?: number): void {
    if (!isOpen) return;
    if (isWriting) {
      waiting = [lines, marked];
      return;
    }
    const fresh = lines.slice(0, rows()).map((line, at) => textOf(line, columns(), coloured, at === marked));
    const parts = fresh.flatMap((text, at) => (text === shown[at] ? [] : [`\x1b[${at + 1};1H\x1b[2K${text}`]));
    if (fresh.length < shown.length) parts.push(`\x1b[${fresh.length + 1};1H\x1b[J`);
    shown = fresh;
    if (parts.length > 0) write(parts.join(''));
  }

  const resized = () => {
    shown = [];
    write('\x1b[2J');
    onResize();
  };

  stdin.setRawMode?.(true);
  stdin.on('data', onKeys);
  stdin.resume();
  stdout.on?.('resize', resized);
  write(ENTER);
  return {
    get columns() {
      return columns();
    },
    get rows() {
      return rows();
    },
    draw,
    close() {
      if (!isOpen) return;
      isOpen = false;
      stdout.off?.('resize', resized);
      stdin.off('data', onKeys);
      stdin.setRawMode?.(false);
      stdin.pause();
      stdout.write(LEAVE);
    },
  };
}

function textOf({ spans }: Line, columns: number, coloured: boolean, marked: boolean): string {
  let left = columns;
  let text = '';
  for (const span of spans) {
    if (left <= 0) break;
    const cut = widthOf(span.text) > left ? fit(span.text, left) : span.text;
    left -= widthOf(cut);
    // Inverted, a row has one look, so that it is read as one.
    text += coloured && !marked ? inColour({ ...span, text: cut }) : cut;
  }
  return marked ? `\x1b[7m${text}${' '.repeat(Math.max(0, left))}\x1b[0m` : text;
}

function inColour({ text, look }: Span): string {
  return look ? `\x1b[${COLOURS[look]}m${text}\x1b[0m` : text;
}
