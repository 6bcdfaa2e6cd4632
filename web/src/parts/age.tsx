import { useSyncExternalStore } from 'react';
import { age } from '../../../src/transport/words/index.ts';
import { serverNow } from '../server/clock.ts';
import { exactTime } from './format.ts';

/** One timer for every age on the page. */
const TICK_MS = 1_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Math.floor(serverNow() / 1000);

function tick(): void {
  second = Math.floor(serverNow() / 1000);
  if (!document.hidden) for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/**
 * How long ago something was, and exactly when on hover. `at`: milliseconds since the Unix epoch, by the server’s clock; null
 * is shown as unknown. `asOf`: of a view of the past, the moment that it is of; null counts to now.
 */
export function Age({ at, asOf = null }: { at: number | null | undefined; asOf?: number | null }) {
  // The text is what is subscribed to: an age of hours renders once an hour, not each second.
  const text = useSyncExternalStore(subscribe, () =>
    at === null || at === undefined ? '–' : age((asOf ?? second * 1000) - at),
  );
  if (at === null || at === undefined) return <span title="unknown">–</span>;
  return (
    <time className="age" dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {text}
    </time>
  );
}
