import { shellWords } from '../../../kernel/words.ts';
import { plainLine } from '../../../kernel/plain-text.ts';
import type { CachedView, StreamClient } from '../../stream-client/index.ts';
import { EXIT } from '../failure.ts';
import type { Start } from '../handler.ts';
import { overStream } from '../over-stream.ts';
import { footer, press, type Rows, selectedOf, START } from '../top/control.ts';
import { type Line, said, tablesOf, windowOf } from '../top/frame.ts';
import { keysOf } from '../top/keys.ts';
import { type Top, topOf } from '../top/model.ts';
import { openScreen } from '../top/screen.ts';

export interface TopOptions {
  once?: boolean;
}

const TICK_MS = 1_000;
const PRINTED_COLUMNS = 120;

/**
 * The fleet, live, in the terminal. Without a terminal, or with `--once`, one frame as text; with `--json` a line for each
 * change, or one with `--once`. Ctrl-C ends it; that is no failure, and the terminal is as it was.
 */
export async function top(start: Start, { once = false }: TopOptions): Promise<number> {
  const { world, client, output } = start;
  const stop = new AbortController();
  const offs = (['SIGINT', 'SIGTERM'] as const).map((signal) => world.onSignal(signal, () => stop.abort()));
  const isTerminal = Boolean(world.stdout.isTTY && world.stdin.isTTY) && world.env.TERM !== 'dumb';
  const isScreen = isTerminal && !once && !output.json;
  try {
    if (isScreen) await onScreen(start, stop.signal);
    else if (once || !output.json) {
      const now = await overStream<Top>(client, { signal: stop.signal }, (stream, { resolve, reject }) =>
        watch(stream, { onTop: resolve, onEnd: reject }),
      );
      output.record({ type: 'top', ...now });
      for (const { spans } of printed(now, world.clock.now(), world.stdout.columns ?? PRINTED_COLUMNS))
        output.say(
          spans
            .map(({ text }) => text)
            .join('')
            .trimEnd(),
        );
    } else {
      await overStream<void>(client, { signal: stop.signal, note: output.note }, (stream, { reject }) =>
        watch(stream, { onTop: (now) => output.record({ type: 'top', ...now }), onEnd: reject }),
      );
    }
    return EXIT.ok;
  } catch (error) {
    if (stop.signal.aborted) return EXIT.ok;
    throw error;
  } finally {
    for (const off of offs) off();
  }
}

interface Watcher {
  /** With every change, as soon as all views are there. */
  onTop(top: Top): void;
  onEnd: Parameters<StreamClient['view']>[0]['onEnd'] & {};
}

function watch(stream: StreamClient, { onTop, onEnd }: Watcher): void {
  const views = [
    stream.view({ view: 'fleet', onEnd }),
    stream.view({ view: 'queue', onEnd }),
    stream.view({ view: 'inbox', onEnd }),
  ];
  let isPlanned = false;
  const look = () => {
    isPlanned = false;
    const [fleet, queue, inbox] = views.map(({ cache }) => cache.getSnapshot().context) as [
      CachedView,
      CachedView,
      CachedView,
    ];
    if ([fleet, queue, inbox].every(({ status }) => status === 'live')) onTop(topOf({ fleet, queue, inbox }));
  };
  for (const { cache } of views)
    cache.subscribe(() => {
      // What comes in one message of the server's turn is one change.
      if (!isPlanned) queueMicrotask(look);
      isPlanned = true;
    });
}

function printed(now: Top, at: number, width: number): Line[] {
  return [...now.notes.map(({ text }) => said(text)), said(''), ...tablesOf(now, at, width)];
}

/** Until a key or a signal ends it. Whatever ends it, the terminal is given back. */
async function onScreen({ world, client, words }: Start, signal: AbortSignal): Promise<void> {
  const self = (...typed: string[]) => shellWords([words.self, ...typed, ...words.data]);
  let now: Top | null = null;
  let control = START;
  let lost = '';
  let isOver = false;
  let tick = () => {};
  let typed: (bytes: Buffer) => void = () => {};
  const screen = openScreen(world, { onKeys: (bytes) => typed(bytes), onResize: () => draw() });

  function lines(): { all: Line[]; marked: number } {
    const { columns, rows } = screen;
    const head = lost
      ? [said(lost, 'attention')]
      : (now?.notes ?? []).map(({ text, tone }, at) => said(text, at === 0 ? 'bold' : tone));
    const tables = now ? tablesOf(now, world.clock.now(), columns) : [said('Waiting for the server …', 'dim')];
    const room = Math.max(1, rows - head.length - 3);
    const at = tables.findIndex(({ key }) => key !== null && key === control.selected);
    const seen = windowOf(tables, Math.max(0, at), room);
    const body = [...seen, ...Array.from({ length: room - seen.length }, () => said(''))];
    const all = [
      ...head,
      said(''),
      ...body,
      said(''),
      said(footer(control), control.mode === 'list' ? 'dim' : 'attention'),
    ];
    return { all, marked: all.findIndex(({ key }) => key !== null && key === control.selected) };
  }

  function draw(): void {
    if (isOver) return;
    const rows = rowsIn(now);
    control = { ...control, selected: selectedOf(control, [...rows.keys()]) };
    const { all, marked } = lines();
    screen.draw(all, marked);
    tick();
    // Nothing but ages changes by itself.
    tick = rows.size > 0 ? world.clock.after(TICK_MS, draw) : () => {};
  }

  try {
    draw();
    const note = (line: string, isLost: boolean) => {
      lost = isLost ? `${line.replace(/^heph: /, '')} What is below is as it was.` : '';
      draw();
    };
    await overStream<void>(client, { signal, note }, (stream, end) => {
      watch(stream, {
        onTop(fresh) {
          now = fresh;
          draw();
        },
        onEnd: end.reject,
      });
      typed = (bytes) => {
        for (const key of keysOf(bytes)) {
          const pressed = press(control, key, { rows: rowsIn(now), self });
          control = pressed.control;
          const { effect } = pressed;
          if (effect?.type === 'quit') return end.resolve();
          if (effect) void send(stream, effect.command, effect.input, effect.done);
        }
        draw();
      };
    });
  } finally {
    isOver = true;
    tick();
    screen.close();
  }

  async function send(stream: StreamClient, command: string, input: object, done: string): Promise<void> {
    const say = (text: string) => {
      control = { ...control, said: text };
      draw();
    };
    try {
      await stream.command(command, input, world.newKey());
      say(done);
    } catch (error) {
      const { message, next } = error as { message: string; next?: string };
      say(plainLine(`${message}${next ? ` → ${next}` : ''}`, 300));
    }
  }
}

function rowsIn(now: Top | null): Rows {
  if (!now) return new Map();
  const { matters, agents, waiting } = now;
  return new Map([
    ...matters.map(({ matterId, next }) => [matterId, next] as const),
    ...agents.map(({ agentId }) => [agentId, null] as const),
    ...waiting.map(({ taskId }) => [taskId, null] as const),
  ]);
}
