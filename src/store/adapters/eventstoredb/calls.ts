import { type Clock, sleep } from '../../../kernel/clock.ts';
import { Fault, isFailure, messageOf } from '../../../kernel/errors.ts';
import type { Driver, EsdbClient } from './client.ts';

/**
 * Calls with a time-out of our own. Neither client ends an append that the server does not answer, so a call that takes
 * too long has an unknown outcome: it is repeated under the same ids, over a new connection, until it is answered or
 * `giveUpMs` have passed.
 */
export interface CallTimes {
  /** For one try, in milliseconds. */
  callMs: number;
  /** For all tries of one call together, in milliseconds. */
  giveUpMs: number;
}

export interface Calls {
  /** Throws Fault `log.timeout` when it gives up, Fault `log.refused` when the server will never do it, and any answer of the store. */
  attempt<T>(what: string, action: (client: EsdbClient) => Promise<T>, signal?: AbortSignal): Promise<T>;
  client(): EsdbClient;
  /** For one try, in milliseconds. */
  readonly callMs: number;
  /** From now on a call is tried once: whoever stops does not wait for an event store that is away. */
  stopRetrying(): void;
  close(): Promise<void>;
}

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1000;

export function createCalls(driver: Driver, clock: Clock, { callMs, giveUpMs }: CallTimes): Calls {
  let client = driver.connect();
  let retrying = true;
  let closed = false;

  /** A connection that does not answer is given up for everybody: the others repeat their calls over the new one. */
  function renew(stuck: EsdbClient): void {
    if (stuck !== client) return;
    client = driver.connect();
    void stuck.dispose().catch(() => {});
  }

  return {
    client: () => client,
    callMs,
    async attempt(what, action, signal) {
      const started = clock.monotonicMs();
      for (let pauseMs = RETRY_FIRST_MS; ; pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS)) {
        const current = client;
        try {
          const answer = await withTimeout(clock, callMs, () => action(current));
          if (closed) throw new Fault('log.closed', 'the store is closed', { retryable: false });
          // A client that is disposed of ends what others read through it as though that were all.
          if (current !== client) throw new TimedOut('the connection was given up');
          return answer;
        } catch (error) {
          if (isAnswer(error)) throw error;
          if (!isTransient(error)) throw refused(what, error);
          if (error instanceof TimedOut) renew(current);
          signal?.throwIfAborted();
          if (!retrying || clock.monotonicMs() - started + pauseMs > giveUpMs) throw gaveUp(what, error);
        }
        await sleep(clock, pauseMs, signal);
      }
    },
    stopRetrying() {
      retrying = false;
    },
    async close() {
      closed = true;
      await withTimeout(clock, callMs, () => client.dispose()).catch(() => {});
    },
  };
}

class TimedOut extends Error {}

function withTimeout<T>(clock: Clock, ms: number, action: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new TimedOut(`no answer for ${ms} ms`)));
    action().then(resolve, reject).finally(cancel);
  });
}

/** What the store said about the request itself: its caller knows what to make of it. */
function isAnswer(error: unknown): boolean {
  return isFailure(error) || ANSWERS.has(typeOf(error) ?? '') || isStreamDeleted(error);
}

/** The stream has a tombstone. */
export function isStreamDeleted(error: unknown): boolean {
  const type = typeOf(error);
  return type === 'stream-deleted' || type === 'stream-tombstoned';
}

const ANSWERS = new Set([
  'wrong-expected-version',
  'stream-not-found',
  'persistent-subscription-exists',
  'persistent-subscription-does-not-exist',
]);

const TRANSIENT = new Set([
  'timeout',
  'deadline-exceeded',
  'unavailable',
  'cancelled',
  'not-leader',
  // Also what the clients make of an error that they do not know, such as a connection that broke in the middle.
  'unknown',
]);

/** It may be different the next time. */
export function isTransient(error: unknown): boolean {
  const type = typeOf(error);
  if (error instanceof TimedOut || (type !== undefined && TRANSIENT.has(type))) return true;
  // A bare gRPC or socket error has a code and no type.
  return type === undefined && (error as { code?: unknown } | null)?.code !== undefined;
}

/** By name and not by class: both clients have classes of their own. */
export function typeOf(error: unknown): string | undefined {
  const type = (error as { type?: unknown } | null)?.type;
  return typeof type === 'string' ? type : undefined;
}

export function refused(what: string, cause: unknown): Fault {
  return new Fault('log.refused', `the event store refused to ${what}: ${messageOf(cause)}`, {
    cause,
    details: { type: typeOf(cause) },
    retryable: false,
  });
}

function gaveUp(what: string, cause: unknown): Fault {
  return new Fault('log.timeout', `the event store did not ${what} in time: ${messageOf(cause)}`, { cause });
}
