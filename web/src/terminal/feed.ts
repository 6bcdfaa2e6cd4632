import type { StreamError } from '../../../src/transport/stream-client/index.ts';

/** How it is with what a terminal shows. */
export interface FeedState {
  /**
   * `replaying`: what was printed before is on its way; `live`; `gone`: the process has ended and everything is shown;
   * `failed`: `failure` says why nothing comes.
   */
  phase: 'replaying' | 'live' | 'gone' | 'failed';
  /** Bytes that were printed and are not shown: older than what is kept here, or passed over to keep up. */
  skipped: number;
  failure: StreamError | null;
}

export interface FeedParts {
  /** Follows the terminal from a byte on; undefined: from the oldest there is. */
  open(
    cursor: number | undefined,
    on: { bytes(bytes: Uint8Array, cursor: number): void; end(error: StreamError | null): void },
  ): { close(): void };
  /** How many bytes were printed so far; null when nobody knows. */
  size(): Promise<number | null>;
  /** Draws bytes; `done` is called when they are drawn. */
  write(bytes: Uint8Array, done: () => void): void;
  /** Forgets what was drawn. */
  clear(): void;
  onState(state: FeedState): void;
}

/** More than the scrollback holds is not asked for. */
const TAIL_BYTES = 4 * 1024 * 1024;
/** So much may wait to be drawn; then no more is asked for until `RESUME_BYTES` are left. */
const PENDING_BYTES_MAX = 1024 * 1024;
const RESUME_BYTES = 128 * 1024;
/** Whoever is further behind goes on with the newest. */
const BEHIND_BYTES_MAX = 8 * 1024 * 1024;
const NEWEST_BYTES = 1024 * 1024;
/** A jump lands in the middle of a line, perhaps of an escape sequence: drawing begins behind the next line break. */
const LINE_BYTES_MAX = 16 * 1024;
const LINE_BREAK = 10;

/**
 * Brings an agent’s terminal to the screen as fast as the screen draws, and no faster: what is not drawn stays with the
 * server. A program that prints more than can be drawn is followed at its newest. Memory is bounded whatever it prints.
 */
export function createFeed(parts: FeedParts): { start(): void; close(): void } {
  let state: FeedState = { phase: 'replaying', skipped: 0, failure: null };
  let following: { close(): void } | null = null;
  let cursor: number | undefined;
  /** Up to here it was printed when we began to follow. */
  let target: number | null = null;
  let pending = 0;
  let paused = false;
  let jumped = false;
  let ended = false;
  let closed = false;

  function show(change: Partial<FeedState>): void {
    const next = { ...state, ...change };
    if (next.phase === state.phase && next.skipped === state.skipped && next.failure === state.failure) return;
    state = next;
    if (!closed) parts.onState(state);
  }

  /** Where to go on: at the byte that is next, or at the newest. */
  async function proceed(behindMax: number, newest: number): Promise<void> {
    const size = await parts.size().catch(() => null);
    if (closed) return;
    target = size;
    if (size !== null && size - (cursor ?? 0) > behindMax) {
      const to = size - newest;
      show({ skipped: state.skipped + to - (cursor ?? 0) });
      cursor = to;
      jumped = true;
      parts.clear();
    }
    open();
  }

  function open(): void {
    following = parts.open(cursor, { bytes: take, end });
    settle();
  }

  function take(bytes: Uint8Array, at: number): void {
    if (closed || paused) return;
    if (cursor === undefined ? at > 0 : at > cursor) show({ skipped: state.skipped + at - (cursor ?? 0) });
    cursor = at + bytes.length;
    const drawn = jumped ? behindLine(bytes) : bytes;
    jumped = false;
    pending += drawn.length;
    parts.write(drawn, () => {
      pending -= drawn.length;
      if (closed) return;
      if (paused && pending <= RESUME_BYTES) {
        paused = false;
        void proceed(BEHIND_BYTES_MAX, NEWEST_BYTES);
      }
      settle();
    });
    if (pending <= PENDING_BYTES_MAX) return;
    paused = true;
    following?.close();
    following = null;
  }

  function end(error: StreamError | null): void {
    following = null;
    if (closed) return;
    if (!error) {
      ended = true;
      return settle();
    }
    const oldest = error.details?.oldest;
    if (error.code !== 'stream.resume_too_old' || typeof oldest !== 'number')
      return show({ phase: 'failed', failure: error });
    show({ skipped: state.skipped + oldest - (cursor ?? 0) });
    cursor = oldest;
    jumped = true;
    open();
  }

  function settle(): void {
    if (state.phase === 'failed' || paused) return;
    if (ended) return pending === 0 ? show({ phase: 'gone' }) : undefined;
    if (target === null || (cursor ?? 0) >= target) show({ phase: 'live' });
  }

  return {
    start: () => void proceed(TAIL_BYTES, TAIL_BYTES),
    close() {
      closed = true;
      following?.close();
    },
  };
}

function behindLine(bytes: Uint8Array): Uint8Array {
  const at = bytes.subarray(0, LINE_BYTES_MAX).indexOf(LINE_BREAK);
  return at < 0 ? bytes : bytes.subarray(at + 1);
}
