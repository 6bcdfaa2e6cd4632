import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createOutbox, createTurn, type OutboxLimits } from './outbox.ts';

/** A peer that takes bytes when it is told to. */
function slowPeer(limits: OutboxLimits) {
  const writes: string[] = [];
  let waiting: (() => void) | null = null;
  let open = true;
  const take = (chunks: string[], done: () => void) => {
    writes.push(...chunks);
    if (open) done();
    else waiting = done;
  };
  const socket = new Duplex({
    read() {},
    write: (chunk, _encoding, done) => take([String(chunk)], done),
    writev: (chunks, done) => take([chunks.map(({ chunk }) => String(chunk)).join('+')], done),
    highWaterMark: 4,
  });
  const full: number[] = [];
  const outbox = createOutbox(socket, createTurn(), limits, () => full.push(writes.length));
  return {
    outbox,
    writes,
    full,
    stopTaking: () => void (open = false),
    takeAll() {
      open = true;
      waiting?.();
      waiting = null;
    },
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const LIMITS = { bytes: 20, events: 5 };
const frame = (text: string) => Buffer.from(text);

describe('what is sent to one client', () => {
  it('leaves in one write per turn of the event loop', async () => {
    const { outbox, writes } = slowPeer(LIMITS);
    for (const text of ['a', 'b', 'c']) outbox.push(frame(text));
    expect(writes).toEqual([]);
    await turn();
    outbox.push(frame('d'));
    await turn();
    expect(writes).toEqual(['a+b+c', 'd']);
  });

  it('is too much when so many bytes wait, and what was taken before still leaves', async () => {
    const { outbox, writes, full, stopTaking, takeAll } = slowPeer(LIMITS);
    stopTaking();
    for (let n = 0; n < 10 && full.length === 0; n++) {
      outbox.push(frame('123456'));
      await turn();
    }
    expect(full).toHaveLength(1);
    outbox.push(frame('never'));
    takeAll();
    await turn();
    expect(writes.join('').replaceAll('+', '')).toBe('123456'.repeat(3));
  });

  it('is too much when so many events wait, however small', async () => {
    const { outbox, full, stopTaking } = slowPeer(LIMITS);
    stopTaking();
    outbox.push(frame('x'), 3);
    await turn();
    outbox.push(frame('x'), 2);
    await turn();
    expect(full).toEqual([]);
    outbox.push(frame('x'), 1);
    expect(full).toHaveLength(1);
  });

  it('may be one large frame, when nothing else waits', async () => {
    const { outbox, full, stopTaking, takeAll } = slowPeer(LIMITS);
    stopTaking();
    outbox.push(frame('x'.repeat(100)));
    await turn();
    expect(full).toEqual([]);
    takeAll();
    await turn();
    outbox.push(frame('123'));
    expect(full).toEqual([]);
  });

  it('is counted no more when it was taken', async () => {
    const { outbox, full, stopTaking, takeAll } = slowPeer(LIMITS);
    for (let n = 0; n < 20; n++) {
      stopTaking();
      outbox.push(frame('123456'), 2);
      await turn();
      takeAll();
      await turn();
    }
    expect(full).toEqual([]);
  });
});

describe('what is paced', () => {
  it('is built when all before it has left, one piece at a time, and is not counted', async () => {
    const { outbox, writes, full, stopTaking, takeAll } = slowPeer(LIMITS);
    stopTaking();
    const built: string[] = [];
    const piece = (name: string) =>
      outbox.paced(() => {
        built.push(name);
        return frame(name.repeat(30));
      });
    const all = [piece('a'), piece('b')];
    await turn();
    await turn();
    expect(built).toEqual(['a']);
    outbox.push(frame('live'), 1);
    expect(full).toEqual([]);
    takeAll();
    expect(await Promise.all(all)).toEqual([true, true]);
    await turn();
    expect(writes.join('+').replaceAll('+', '')).toBe(`${'a'.repeat(30)}live${'b'.repeat(30)}`);
  });

  it('ends when the client is given up', async () => {
    const { outbox, stopTaking } = slowPeer(LIMITS);
    stopTaking();
    outbox.push(frame('123456'));
    await turn();
    const paced = outbox.paced(() => frame('x'));
    outbox.stop();
    expect(await paced).toBe(false);
  });
});
