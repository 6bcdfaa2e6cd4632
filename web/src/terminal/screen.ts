import '@xterm/xterm/css/xterm.css';
import { Terminal } from '@xterm/xterm';
import { styleUnderPolicy } from './style-under-policy.ts';

/** As agents' terminals are made: a screen of another size would show full-screen programs wrongly. */
const COLUMNS = 120;
const ROWS = 40;
const SCROLLBACK_LINES = 10_000;
const FONT_PX_MAX = 13;
/** Smaller letters cannot be read; what is wider is scrolled to. */
const FONT_PX_MIN = 10;

/** Escape sequences that ask the terminal, or want something of the machine around it. Nobody here answers. */
const CSI_IGNORED = [
  { final: 'c' },
  { prefix: '>', final: 'c' },
  { prefix: '=', final: 'c' },
  { final: 'n' },
  { prefix: '?', final: 'n' },
  { intermediates: '$', final: 'p' },
  { prefix: '?', intermediates: '$', final: 'p' },
  { prefix: '>', final: 'q' },
  { prefix: '?', final: 'u' },
  { final: 't' },
];
/** Sequences that say how often; the library does it that often, whatever the number, and one of them would hold the page for minutes. */
const CSI_COUNTED = ['@', 'I', 'L', 'M', 'P', 'S', 'T', 'X', 'Z', 'b'];
/** More than a screen has places. */
const COUNT_MAX = COLUMNS * ROWS;
const DCS_IGNORED = [
  { intermediates: '$', final: 'q' },
  { intermediates: '+', final: 'q' },
];
/** Titles, colours of the palette, the working folder, notifications, the clipboard. */
const OSC_IGNORED = [0, 1, 2, 4, 7, 9, 10, 11, 12, 52, 104, 110, 111, 112, 777, 1337];

export interface Screen {
  terminal: Terminal;
  /** As large as the columns fit into that width. */
  fit(widthPx: number): void;
  dispose(): void;
}

/**
 * A terminal’s screen that only shows: it answers no query, sets no title, no clipboard and no colour of its own palette, and a
 * link asks first (`onLink`, http and https only).
 */
export function createScreen(parent: HTMLElement, onLink: (url: string) => void): Screen {
  styleUnderPolicy();
  const css = getComputedStyle(parent);
  const terminal = new Terminal({
    cols: COLUMNS,
    rows: ROWS,
    scrollback: SCROLLBACK_LINES,
    disableStdin: true,
    fontFamily: css.getPropertyValue('--mono'),
    fontSize: FONT_PX_MAX,
    // Always dark: agents choose their colours for that.
    theme: { background: '#0b0c0e', foreground: '#e6e8eb', cursor: '#9aa2ad', selectionBackground: '#33507a' },
    minimumContrastRatio: 4.5,
    linkHandler: { activate: (_event, text) => onLink(text), allowNonHttpProtocols: false },
    screenReaderMode: false,
  });
  const never = () => true;
  for (const id of CSI_IGNORED) terminal.parser.registerCsiHandler(id, never);
  const tooOften = ([count]: (number | number[])[]) => typeof count === 'number' && count > COUNT_MAX;
  for (const final of CSI_COUNTED) terminal.parser.registerCsiHandler({ final }, tooOften);
  for (const id of DCS_IGNORED) terminal.parser.registerDcsHandler(id, never);
  for (const id of OSC_IGNORED) terminal.parser.registerOscHandler(id, never);
  terminal.open(parent);
  return {
    terminal,
    fit(widthPx) {
      const drawn = parent.querySelector<HTMLElement>('.xterm-screen')?.clientWidth ?? 0;
      const now = terminal.options.fontSize ?? FONT_PX_MAX;
      if (drawn === 0 || widthPx === 0) return;
      const fits = Math.floor(((widthPx / drawn) * now - 0.05) * 4) / 4;
      terminal.options.fontSize = Math.max(FONT_PX_MIN, Math.min(FONT_PX_MAX, fits));
    },
    dispose: () => terminal.dispose(),
  };
}
