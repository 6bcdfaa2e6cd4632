import type { StreamError } from '../../../../src/transport/stream-client/index.ts';
import { asFailure } from '../../server/api.ts';

/** An event as the view `timeline` has it. */
export interface EventRow {
  eventId: string;
  /** Decimal. */
  position: string;
  stream: string;
  revision: number;
  type: string;
  /** Milliseconds since the Unix epoch. */
  at: number;
  /** What it means, in a sentence. */
  text: string;
  actor: string;
  /** The event that made somebody act; null when a person did. */
  cause: string | null;
  scope: { workflowId?: string; taskId?: string; agentId?: string };
  from: string | null;
  to: string | null;
  command: { id: string; name: string } | null;
}

export interface Answer {
  rows: Readonly<Record<string, EventRow>>;
  /** `next`: behind what the next page begins. */
  summary: { more: boolean; next: string | null };
  /** All up to here was looked at, unless there is more. */
  position: string;
}

/** Asks for a page; the parameters are those of the view. */
export type Ask = (params: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<Answer>;

/** What is loaded: one stretch of the log, each event that fits once, in order. */
export interface Loaded {
  state: 'loading' | 'ready' | 'failed';
  rows: readonly EventRow[];
  /** Whether there may be earlier ones. */
  hasOlder: boolean;
  isLoadingOlder: boolean;
  failure: StreamError | null;
}

export interface Pages {
  get(): Loaded;
  subscribe(listener: () => void): () => void;
  /** One page of what was before. */
  older(): void;
  /** There may be later ones by now. */
  news(): void;
  close(): void;
}

const PAGE = 200;

/**
 * A stretch of the timeline that grows at both ends without a gap or a repetition: earlier events page by page, later ones when
 * `news` says that there may be some. The first page is the newest.
 */
export function createPages(ask: Ask): Pages {
  const gone = new AbortController();
  const listeners = new Set<() => void>();
  let loaded: Loaded = { state: 'loading', rows: [], hasOlder: true, isLoadingOlder: false, failure: null };
  /** Everything behind it, up to `newest`, is here. */
  let oldest: string | null = null;
  let newest: string | null = null;
  let isAsking = false;
  let hasRung = false;

  function show(changes: Partial<Loaded>): void {
    if (gone.signal.aborted) return;
    loaded = { ...loaded, ...changes };
    for (const listener of listeners) listener();
  }

  function failed(error: unknown): void {
    const failure = asFailure(error);
    // What is there stays; it is asked again by the next scroll or the next event.
    show(
      loaded.rows.length > 0 ? { failure, isLoadingOlder: false } : { state: 'failed', failure, isLoadingOlder: false },
    );
  }

  async function loadOlder(): Promise<void> {
    if (loaded.isLoadingOlder || !loaded.hasOlder) return;
    show({ isLoadingOlder: true });
    try {
      // A page may be empty although there is more: the server looks at so much of the log at a time.
      for (let page: EventRow[] = []; page.length === 0 && loaded.hasOlder && !gone.signal.aborted; ) {
        const from = oldest === null ? {} : { before: oldest };
        const { rows, summary, position } = await ask({ direction: 'backwards', limit: PAGE, ...from }, gone.signal);
        page = Object.values(rows).reverse();
        oldest = summary.next ?? oldest;
        newest ??= position;
        show({ rows: [...page, ...loaded.rows], hasOlder: summary.more, failure: null });
      }
      show({ state: 'ready', isLoadingOlder: false });
      if (hasRung) void loadNews();
    } catch (error) {
      failed(error);
    }
  }

  async function loadNews(): Promise<void> {
    hasRung = true;
    if (isAsking || newest === null) return;
    isAsking = true;
    try {
      while (hasRung && !gone.signal.aborted) {
        hasRung = false;
        const answer: Answer = await ask({ direction: 'forwards', limit: PAGE, after: newest }, gone.signal);
        const page = Object.values(answer.rows);
        newest = answer.summary.more ? (answer.summary.next ?? newest) : latest(newest, answer.position);
        hasRung ||= answer.summary.more;
        if (page.length > 0 || loaded.failure) show({ rows: [...loaded.rows, ...page], failure: null });
      }
    } catch (error) {
      failed(error);
    } finally {
      isAsking = false;
    }
  }

  void loadOlder();
  return {
    get: () => loaded,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    older: () => void loadOlder(),
    news: () => void loadNews(),
    close: () => gone.abort(),
  };
}

function latest(a: string, b: string): string {
  return BigInt(a) > BigInt(b) ? a : b;
}
