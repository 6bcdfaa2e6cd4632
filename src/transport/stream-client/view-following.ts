import type { ClientMessage, ServerMessage } from '../ws/protocol.ts';
import type { Following } from './following.ts';
import { createRowCache, type RowCache } from './row-cache.ts';
import { StreamError } from './stream-error.ts';

export interface ViewRequest {
  view: string;
  params?: Record<string, unknown>;
  /** The last call, unless it was ended on purpose. */
  onEnd?(error: StreamError): void;
}

export interface ViewFollower {
  /** What is known of the view; subscribe to it, select from it. */
  cache: RowCache;
  /** Resolves when the cache shows that position, as a command's answer names it; rejects when it never will. */
  reached(position: string): Promise<void>;
  close(): void;
}

interface Waiting {
  position: bigint;
  resolve(): void;
  reject(error: StreamError): void;
}

export interface ViewFollowing extends Following {
  cache: RowCache;
  reached(position: string): Promise<void>;
  /** The answer to a question of ours; false when it is not ours. */
  answered(id: string, error: StreamError | null): boolean;
}

/** Follows a view: each connection begins with all of it, so that there is nothing to resume. */
export function viewFollowing(
  id: string,
  { view, params = {}, onEnd }: ViewRequest,
  send: (message: ClientMessage) => void,
): ViewFollowing {
  const cache = createRowCache();
  const waiting = new Map<string, Waiting>();
  let questions = 0;

  const shows = (position: bigint) => {
    const { status, position: now } = cache.getSnapshot().context;
    return status === 'live' && now !== null && BigInt(now) >= position;
  };
  const ask = (question: string, { position }: Waiting) =>
    send({ type: 'reach', id: question, subscription: id, position: String(position) });

  function settle(): void {
    for (const [question, { position, resolve }] of waiting) {
      if (!shows(position)) continue;
      waiting.delete(question);
      resolve();
    }
  }

  return {
    cache,
    opening: () => ({ type: 'subscribe_view', id, view, params }),
    lost: () => cache.send({ type: 'lost' }),
    receive(message: ServerMessage) {
      if (message.type === 'snapshot') {
        cache.send({ type: 'snapshot', message });
        settle();
        for (const [question, one] of waiting) ask(question, one);
      } else if (message.type === 'delta') {
        cache.send({ type: 'delta', message });
        settle();
      }
    },
    answered(question, error) {
      const known = waiting.get(question);
      if (!known) return false;
      waiting.delete(question);
      if (error) known.reject(error);
      else known.resolve();
      return true;
    },
    reached(text) {
      const position = BigInt(text);
      if (shows(position)) return Promise.resolve();
      return new Promise((resolve, reject) => {
        if (cache.getSnapshot().context.status === 'ended') return reject(gone());
        const question = `${id}-reach-${++questions}`;
        const one = { position, resolve, reject };
        waiting.set(question, one);
        if (cache.getSnapshot().context.status === 'live') ask(question, one);
      });
    },
    end(error) {
      cache.send({ type: 'ended' });
      for (const { reject } of waiting.values()) reject(error ?? gone());
      waiting.clear();
      if (error) onEnd?.(error);
    },
  };
}

function gone(): StreamError {
  return new StreamError({ code: 'server.unreachable', message: 'The view is followed no more.' });
}
