import type { Duplex } from 'node:stream';

/**
 * What is on its way to one client. Frames of one turn of the event loop leave in one write. What is pushed is bounded:
 * a client that does not read it is given up (`onFull`) and costs the others nothing. What can wait is paced: it is built
 * and sent only when all that came before has left, one piece at a time, so it needs no bound.
 */
export interface Outbox {
  /** A frame for this turn's write. `events`: how many are in it. After `onFull` or `stop` nothing is taken any more. */
  push(frame: Buffer, events?: number): void;
  /** Waits until everything has left, then pushes what `build` gives, unless that is null. False when the outbox stopped first. */
  paced(build: () => Buffer | null): Promise<boolean>;
  /** Writes what was pushed in this turn, now. */
  flush(): void;
  /** How many bytes the client has taken so far. */
  taken(): number;
  stop(): void;
}

export interface OutboxLimits {
  bytes: number;
  events: number;
}

/** More than that of one turn is written at once. */
const WRITE_BYTES = 1024 * 1024;

/** A write that the client has not taken whole: it is there when `taken` has come to `end`. */
interface Waiting {
  end: number;
  bytes: number;
  events: number;
}

export function createOutbox(socket: Duplex, turn: Turn, limits: OutboxLimits, onFull: () => void): Outbox {
  let frames: Buffer[] = [];
  let bytes = 0;
  let events = 0;
  // The last piece that was paced is not counted: it may be larger than the limit.
  let pacedBytes = 0;
  let written = 0;
  let stopped = false;
  const waiting: Waiting[] = [];
  const waitingSum = { bytes: 0, events: 0 };
  let last: Promise<unknown> = Promise.resolve();
  let wake: (() => void) | null = null;

  const taken = () => written - socket.writableLength;

  function settle(): void {
    const now = taken();
    while (waiting[0] && waiting[0].end <= now) {
      const done = waiting.shift() as Waiting;
      waitingSum.bytes -= done.bytes;
      waitingSum.events -= done.events;
    }
  }

  function push(frame: Buffer, count = 0): void {
    if (stopped) return;
    if (bytes + frame.length > WRITE_BYTES) flush();
    if (socket.writableLength > 0 && isFull(frame.length, count)) {
      // What was taken before is sent: the position to resume from lies behind it.
      flush();
      stop();
      return onFull();
    }
    enqueue(frame, count);
  }

  /** Whether the client would have too much to take. One frame is never too much for a client that has taken all others. */
  function isFull(more: number, count: number): boolean {
    settle();
    const pushed = waitingSum.bytes + bytes - pacedBytes;
    return pushed > 0 && (pushed + more > limits.bytes || waitingSum.events + events + count > limits.events);
  }

  function enqueue(frame: Buffer, count: number): void {
    if (frames.length === 0) turn.needed(flush);
    frames.push(frame);
    bytes += frame.length;
    events += count;
  }

  function flush(): void {
    if (frames.length === 0 || socket.destroyed) return;
    const [first] = frames as [Buffer];
    if (frames.length === 1) socket.write(first);
    else {
      socket.cork();
      for (const frame of frames) socket.write(frame);
      socket.uncork();
    }
    written += bytes;
    if (socket.writableLength > 0) {
      waiting.push({ end: written, bytes: bytes - pacedBytes, events });
      waitingSum.bytes += bytes - pacedBytes;
      waitingSum.events += events;
    } else if (waiting.length > 0) settle();
    frames = [];
    bytes = 0;
    events = 0;
    pacedBytes = 0;
  }

  async function drained(): Promise<void> {
    flush();
    while (!stopped && !socket.destroyed && socket.writableNeedDrain)
      await new Promise<void>((resolve) => {
        wake = resolve;
        socket.once('drain', resolve);
      });
    wake = null;
  }

  function stop(): void {
    stopped = true;
    frames = [];
    wake?.();
  }

  return {
    push,
    flush,
    taken,
    stop,
    paced(build) {
      const mine = last.then(async () => {
        await drained();
        if (stopped || socket.destroyed) return false;
        const frame = build();
        if (!frame) return true;
        enqueue(frame, 0);
        pacedBytes += frame.length;
        return true;
      });
      last = mine.catch(() => {});
      return mine;
    },
  };
}

/** Gathers what is to be written in this turn of the event loop, over all clients. */
export interface Turn {
  needed(flush: () => void): void;
}

export function createTurn(): Turn {
  let flushes: (() => void)[] = [];
  const all = () => {
    const now = flushes;
    flushes = [];
    for (const flush of now) flush();
  };
  return {
    needed(flush) {
      if (flushes.length === 0) setImmediate(all);
      flushes.push(flush);
    },
  };
}
