import { createHash } from 'node:crypto';
import type { Clock } from '../../src/kernel/clock.ts';
import type { Chance } from './chance.ts';
import type { Life } from './life.ts';

/**
 * The only source of things that happen: one queue in the order of (virtual time, seeded tie-break). Between two of them
 * every promise that can go on does, so that the order of everything follows from the seed alone.
 */
export interface Loop {
  /** Milliseconds since the beginning of the run. */
  now(): number;
  steps(): number;
  /** Does it after so many ms, if its process still lives by then; the returned function cancels it. */
  after(delayMs: number, what: () => void, life?: Life): () => void;
  pause(delayMs: number, life?: Life): Promise<void>;
  /** A line of the trace: what happened, in words that are equal whenever the same happens. */
  trace(line: string): void;
  /** Steps until the condition holds or the time is reached; false when the time was. */
  runUntil(done: () => boolean, timeMs: number): Promise<boolean>;
  /** Of the whole trace so far. */
  hash(): string;
  tail(): readonly string[];
}

const TAIL_LINES = 60;

interface Event {
  at: number;
  tie: number;
  what: (() => void) | null;
  life: Life | undefined;
}

export function createLoop(chance: Chance): Loop {
  const queue: Event[] = [];
  const hash = createHash('sha256');
  const tail: string[] = [];
  let now = 0;
  let steps = 0;

  function after(delayMs: number, what: () => void, life?: Life): () => void {
    const event: Event = { at: now + Math.max(0, Math.ceil(delayMs)), tie: chance.next(), what, life };
    push(queue, event);
    return () => void (event.what = null);
  }

  function trace(line: string): void {
    const full = `${now} ${line}`;
    hash.update(`${full}\n`);
    tail.push(full);
    if (tail.length > TAIL_LINES) tail.shift();
  }

  return {
    now: () => now,
    steps: () => steps,
    after,
    pause: (delayMs, life) => new Promise((resolve) => after(delayMs, resolve, life)),
    trace,
    async runUntil(done, timeMs) {
      await settle();
      while (!done()) {
        const next = queue[0];
        if (!next || next.at > timeMs) return false;
        pop(queue);
        const { what, life } = next;
        if (!what || life?.state === 'dead') continue;
        now = next.at;
        steps++;
        if (life) life.run(what);
        else what();
        await settle();
      }
      return true;
    },
    hash: () => hash.copy().digest('hex'),
    tail: () => tail,
  };
}

// Taken before anybody can put a trap in its place. A turn of Node's own loop begins only when no promise can go on.
const turn = setImmediate;
const settle = () => new Promise<void>((resolve) => void turn(resolve));

/** The product's clock of one process. `skewMs` is how wrong the machine's wall clock is. */
export function clockOf(loop: Loop, life: Life, skewMs: () => number): Clock {
  const EPOCH = Date.UTC(2026, 0, 1);
  return {
    now: () => EPOCH + loop.now() + skewMs(),
    monotonicMs: () => loop.now(),
    after: (delayMs, fire) => loop.after(delayMs, fire, life),
  };
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.tie < b.tie);
}

function push(heap: Event[], event: Event): void {
  let n = heap.push(event) - 1;
  while (n > 0) {
    const parent = (n - 1) >> 1;
    if (isBefore(heap[parent] as Event, event)) break;
    heap[n] = heap[parent] as Event;
    n = parent;
  }
  heap[n] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop() as Event;
  if (heap.length === 0) return;
  let n = 0;
  for (;;) {
    let child = 2 * n + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++;
    if (isBefore(last, heap[child] as Event)) break;
    heap[n] = heap[child] as Event;
    n = child;
  }
  heap[n] = last;
}
