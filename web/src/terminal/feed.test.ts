import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/transport/stream-client/index.ts';
import { createFeed, type FeedState } from './feed.ts';

const MIB = 1024 * 1024;

/** A terminal that has printed `size` bytes, all of them line breaks, and a screen that draws when it is told to. */
function given({ size = 0 as number | null } = {}) {
  const printed = { size };
  const opened: (number | undefined)[] = [];
  const states: FeedState[] = [];
  const waiting: { bytes: number; done: () => void }[] = [];
  let on: { bytes(bytes: Uint8Array, cursor: number): void; end(error: StreamError | null): void } | null = null;
  let cleared = 0;
  const feed = createFeed({
    open(cursor, handlers) {
      opened.push(cursor);
      on = handlers;
      return { close: () => void (on = null) };
    },
    size: async () => printed.size,
    write: (bytes, done) => void waiting.push({ bytes: bytes.length, done }),
    clear: () => void cleared++,
    onState: (state) => void states.push(state),
  });
  const draw = () => {
    for (const { done } of waiting.splice(0)) done();
  };
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    feed,
    printed,
    opened,
    draw,
    turn,
    state: () => states.at(-1),
    waiting: () => waiting.reduce((sum, { bytes }) => sum + bytes, 0),
    cleared: () => cleared,
    following: () => on !== null,
    print: (bytes: Uint8Array, cursor: number) => on?.bytes(bytes, cursor),
    end: (error: StreamError | null) => on?.end(error),
    async start() {
      feed.start();
      await turn();
    },
  };
}
const lines = (bytes: number) => new Uint8Array(bytes).fill(10);

describe('the feed of a terminal', () => {
  it('replays what there is, then is live, and says when the process is gone', async () => {
    const all = given({ size: 100 });
    await all.start();
    expect(all.opened).toEqual([undefined]);
    all.print(lines(60), 0);
    all.draw();
    expect(all.state()).toBeUndefined();
    all.print(lines(40), 60);
    all.draw();
    expect(all.state()?.phase).toBe('live');
    all.print(lines(5), 100);
    all.end(null);
    expect(all.state()?.phase).toBe('live');
    all.draw();
    expect(all.state()).toEqual({ phase: 'gone', skipped: 0, failure: null });
  });

  it('asks for no more than the scrollback holds, and begins behind a line break', async () => {
    const all = given({ size: 100 * MIB });
    await all.start();
    expect(all.opened).toEqual([96 * MIB]);
    expect(all.state()?.skipped).toBe(96 * MIB);
    all.print(new TextEncoder().encode('31mhalf a line\nwhole'), 96 * MIB);
    expect(all.waiting()).toBe('whole'.length);
  });

  it('stops asking while the screen is behind, and goes on at the next byte', async () => {
    const all = given({ size: 3 * MIB });
    await all.start();
    all.print(lines(MIB), 0);
    expect(all.following()).toBe(true);
    all.print(lines(MIB), MIB);
    expect(all.following()).toBe(false);
    expect(all.waiting()).toBe(2 * MIB);
    all.draw();
    await all.turn();
    expect(all.opened).toEqual([undefined, 2 * MIB]);
    expect(all.cleared()).toBe(0);
  });

  it('goes on with the newest when it is far behind, and says how much was passed over', async () => {
    const all = given({ size: 0 });
    await all.start();
    all.print(lines(2 * MIB), 0);
    all.printed.size = 100 * MIB;
    all.draw();
    await all.turn();
    expect(all.opened).toEqual([undefined, 99 * MIB]);
    expect(all.state()?.skipped).toBe(97 * MIB);
    expect(all.cleared()).toBe(1);
  });

  it('goes on with the oldest that is kept when the rest was let go', async () => {
    const all = given({ size: null });
    await all.start();
    all.print(lines(10), 0);
    all.end(new StreamError({ code: 'stream.resume_too_old', message: 'gone', details: { oldest: 500 } }));
    expect(all.opened).toEqual([undefined, 500]);
    expect(all.state()?.skipped).toBe(490);
  });

  it('says what it cannot show, and draws nothing after it was closed', async () => {
    const all = given();
    await all.start();
    all.end(new StreamError({ code: 'agent.elsewhere', message: 'It is with another runner.' }));
    expect(all.state()).toMatchObject({ phase: 'failed', failure: { code: 'agent.elsewhere' } });
    const other = given();
    await other.start();
    other.feed.close();
    other.print(lines(3), 0);
    expect(other.waiting()).toBe(0);
  });
});
