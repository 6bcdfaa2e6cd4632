import { useEffect, useState } from 'react';
import type { StreamError } from '../../../src/transport/stream-client/index.ts';
import { asFailure, query } from './api.ts';

export interface Answer<T> {
  state: 'loading' | 'ready' | 'failed';
  /** The last one, also while the next is asked for. */
  result: T | null;
  failure: StreamError | null;
}

/**
 * Asks a query by REST: when it is first shown, when its input changes, and when `again` does — pass a view’s position, or
 * an event’s, to have it asked after each change; without it, it is asked once. `name` null: nothing is asked.
 */
export function useQuery<T>(name: string | null, input: unknown, again: unknown = null): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { of: string }>({
    state: 'loading',
    result: null,
    failure: null,
    of: '',
  });
  const asked = JSON.stringify([name, input]);
  useEffect(() => {
    const gone = new AbortController();
    const [what, how] = JSON.parse(asked) as [string | null, unknown];
    if (what === null) return;
    query<T>(what, how, gone.signal).then(
      (result) => !gone.signal.aborted && setAnswer({ state: 'ready', result, failure: null, of: asked }),
      (error: unknown) =>
        !gone.signal.aborted && setAnswer({ state: 'failed', result: null, failure: asFailure(error), of: asked }),
    );
    return () => gone.abort();
  }, [asked, again]);
  return answer.of === asked ? answer : { state: 'loading', result: null, failure: null };
}
