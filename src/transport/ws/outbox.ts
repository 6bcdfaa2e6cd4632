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
  return new SocketOutbox(socket, turn, limits, onFull);
}

/** A class: of a closure for each verb every client would keep half a kilobyte. */
class SocketOutbox implements Outbox {
  readonly #socket: Duplex;
  readonly #turn: Turn;
  readonly #limits: OutboxLimits;
  readonly #onFull: () => void;
  #frames: Buffer[] = [];
  #bytes = 0;
  #events = 0;
  // The last piece that was paced is not counted: it may be larger than the limit.
  #pacedBytes = 0;
  #written = 0;
  #stopped = false;
  /** Null while the client takes everything at once, as most do. */
  #waiting: Waiting[] | null = null;
  #waitingBytes = 0;
  #waitingEvents = 0;
  #last: Promise<unknown> | null = null;
  #wake: (() => void) | null = null;

  constructor(socket: Duplex, turn: Turn, limits: OutboxLimits, onFull: () => void) {
    this.#socket = socket;
    this.#turn = turn;
    this.#limits = limits;
    this.#onFull = onFull;
  }

  taken(): number {
    return this.#written - this.#socket.writableLength;
  }

  push(frame: Buffer, count = 0): void {
    if (this.#stopped) return;
    if (this.#bytes + frame.length > WRITE_BYTES) this.flush();
    if (this.#socket.writableLength > 0 && this.#isFull(frame.length, count)) {
      // What was taken before is sent: the position to resume from lies behind it.
      this.flush();
      this.stop();
      return this.#onFull();
    }
    this.#enqueue(frame, count);
  }

  paced(build: () => Buffer | null): Promise<boolean> {
    const mine = (this.#last ?? Promise.resolve()).then(async () => {
      await this.#drained();
      if (this.#stopped || this.#socket.destroyed) return false;
      const frame = build();
      if (!frame) return true;
      this.#enqueue(frame, 0);
      this.#pacedBytes += frame.length;
      return true;
    });
    this.#last = mine.catch(() => {});
    return mine;
  }

  flush(): void {
    const socket = this.#socket;
    const frames = this.#frames;
    const [first] = frames;
    if (!first || socket.destroyed) return;
    if (frames.length === 1) socket.write(first);
    else {
      socket.cork();
      for (const frame of frames) socket.write(frame);
      socket.uncork();
    }
    this.#written += this.#bytes;
    if (socket.writableLength > 0) this.#wait();
    else this.#settle();
    this.#frames = [];
    this.#bytes = 0;
    this.#events = 0;
    this.#pacedBytes = 0;
  }

  stop(): void {
    this.#stopped = true;
    this.#frames = [];
    this.#wake?.();
  }

  /** Whether the client would have too much to take. One frame is never too much for a client that has taken all others. */
  #isFull(more: number, count: number): boolean {
    this.#settle();
    const pushed = this.#waitingBytes + this.#bytes - this.#pacedBytes;
    const { bytes, events } = this.#limits;
    return pushed > 0 && (pushed + more > bytes || this.#waitingEvents + this.#events + count > events);
  }

  #enqueue(frame: Buffer, count: number): void {
    if (this.#frames.length === 0) this.#turn.needed(this);
    this.#frames.push(frame);
    this.#bytes += frame.length;
    this.#events += count;
  }

  /** What has just been written is on its way. */
  #wait(): void {
    const bytes = this.#bytes - this.#pacedBytes;
    this.#waiting ??= [];
    this.#waiting.push({ end: this.#written, bytes, events: this.#events });
    this.#waitingBytes += bytes;
    this.#waitingEvents += this.#events;
  }

  #settle(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const now = this.taken();
    while (waiting[0] && waiting[0].end <= now) {
      const done = waiting.shift() as Waiting;
      this.#waitingBytes -= done.bytes;
      this.#waitingEvents -= done.events;
    }
    if (waiting.length === 0) this.#waiting = null;
  }

  async #drained(): Promise<void> {
    this.flush();
    while (!this.#stopped && !this.#socket.destroyed && this.#socket.writableNeedDrain)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#socket.once('drain', resolve);
      });
    this.#wake = null;
  }
}

/** Gathers what is to be written in this turn of the event loop, over all clients. */
export interface Turn {
  needed(what: Flushed): void;
}

interface Flushed {
  flush(): void;
}

export function createTurn(): Turn {
  let needed: Flushed[] = [];
  const all = () => {
    const now = needed;
    needed = [];
    for (const one of now) one.flush();
  };
  return {
    needed(what) {
      if (needed.length === 0) setImmediate(all);
      needed.push(what);
    },
  };
}
