import type { ClientMessage, ServerMessage } from '../ws/protocol.ts';
import type { Dial, SocketLike } from './socket.ts';
import { mayPass, StreamError } from './stream-error.ts';

type Welcome = Extract<ServerMessage, { type: 'welcome' }>;

/** How it is with the server: `open` after its `welcome`, `waiting` before the next try, `closed` when nobody will try again. */
export interface ConnectionState {
  status: 'connecting' | 'open' | 'waiting' | 'closed';
  /** Why the last socket was lost. */
  reason?: string;
  /** Of `waiting`: how long. */
  delayMs?: number;
}

export interface ReconnectOptions {
  dial: Dial;
  onState?: (state: ConnectionState) => void;
  /** Gives up when there was no server for so long. Default: never. */
  patienceMs?: number;
  /** Before the first try after a break; it doubles up to ten seconds. Default: 100. */
  backoffMs?: number;
  /** In [0, 1): spreads the tries of many clients. Default: `Math.random`. */
  random?: () => number;
}

export interface Listener {
  opened(welcome: Welcome): void;
  message(message: ServerMessage): void;
  binary(bytes: Uint8Array): void;
  /** The socket is gone; another one is on its way. */
  lost(): void;
  /** Nothing will come any more; null when it was closed on purpose. */
  ended(error: StreamError | null): void;
}

export interface Reconnecting {
  /** False when there is no open socket: what is to be sent must be sent after `opened`. */
  send(message: ClientMessage): boolean;
  close(): void;
}

const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 10_000;
const OPEN_MS = 20_000;
/** So many heartbeats without a word mean that the server is gone. */
const SILENT_BEATS = 2.5;
/** The token is known no more; nothing that a further try could change. */
const UNKNOWN_TOKEN = 4401;

/** One socket after another, for as long as somebody listens: backoff with jitter, and a watch on a server that has fallen silent. */
export function reconnecting(options: ReconnectOptions, listener: Listener): Reconnecting {
  const { dial, onState = () => {}, patienceMs = Number.POSITIVE_INFINITY, random = Math.random } = options;
  const { backoffMs = BACKOFF_MS } = options;
  let socket: SocketLike | null = null;
  let isOpen = false;
  let over = false;
  let tries = 0;
  let lostAt = performance.now();
  let silence: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let beatMs = OPEN_MS;

  async function open(): Promise<void> {
    onState({ status: 'connecting' });
    let fresh: SocketLike;
    try {
      fresh = await dial();
    } catch (error) {
      if (error instanceof StreamError) return end(error);
      return retry(error instanceof Error ? error.message : String(error));
    }
    if (over) return fresh.close();
    socket = fresh;
    fresh.binaryType = 'arraybuffer';
    const mine = (handle: () => void) => () => socket === fresh && handle();
    fresh.onmessage = ({ data }) => mine(() => heard(data))();
    fresh.onclose = ({ code, reason }) => mine(() => closed(code, reason))();
    fresh.onerror = () => {};
    watch(OPEN_MS);
  }

  function heard(data: unknown): void {
    if (typeof data !== 'string') return listener.binary(new Uint8Array(data as ArrayBuffer));
    const message = JSON.parse(data) as ServerMessage;
    if (message.type === 'welcome') {
      isOpen = true;
      tries = 0;
      beatMs = message.heartbeatMs * SILENT_BEATS;
      onState({ status: 'open' });
      listener.opened(message);
    } else listener.message(message);
    watch(beatMs);
  }

  /** A connection that broke without a word is noticed by the silence. */
  function watch(ms: number): void {
    clearTimeout(silence);
    silence = over ? undefined : setTimeout(() => drop(`nothing was heard for ${Math.round(ms / 1000)} s`), ms);
  }

  function drop(reason: string): void {
    const old = socket;
    lose();
    old?.close();
    retry(reason);
  }

  function closed(code: number, reason: string): void {
    lose();
    const failure = failureIn(reason);
    const refused = code >= 400 && code < 500 && !(failure && mayPass(failure));
    if (code === UNKNOWN_TOKEN || refused)
      return end(
        failure ??
          new StreamError({ code: 'auth.unknown_token', kind: 'denied', message: 'The token is not known here.' }),
      );
    retry(failure?.message ?? (code === 1006 ? 'the connection was cut' : `the server closed it (${code})`));
  }

  function lose(): void {
    clearTimeout(silence);
    socket = null;
    if (!isOpen) return;
    isOpen = false;
    lostAt = performance.now();
    listener.lost();
  }

  function retry(reason: string): void {
    if (over) return;
    if (performance.now() - lostAt > patienceMs)
      return end(new StreamError({ code: 'server.unreachable', message: `The server cannot be reached: ${reason}.` }));
    const delayMs = Math.round(Math.min(BACKOFF_MAX_MS, backoffMs * 2 ** Math.min(tries++, 10)) * (0.5 + random() / 2));
    onState({ status: 'waiting', reason, delayMs });
    again = setTimeout(() => void open(), delayMs);
  }

  function end(error: StreamError | null): void {
    if (over) return;
    over = true;
    clearTimeout(silence);
    clearTimeout(again);
    const old = socket;
    socket = null;
    isOpen = false;
    old?.close();
    onState({ status: 'closed', ...(error && { reason: error.message }) });
    listener.ended(error);
  }

  void open();
  return {
    send(message) {
      if (!isOpen || !socket) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
    close: () => end(null),
  };
}

/** The failure that a close names: `{"code", …}` of a frame, or the body of an HTTP answer. */
function failureIn(reason: string): StreamError | null {
  try {
    const value = JSON.parse(reason) as { code?: string; error?: Record<string, never> };
    if (value.error) return new StreamError(value.error as unknown as ConstructorParameters<typeof StreamError>[0]);
    return value.code === undefined ? null : new StreamError({ code: value.code, message: wordsOf(value.code) });
  } catch {
    return null;
  }
}

function wordsOf(code: string): string {
  const words: Record<string, string> = {
    'server.stopping': 'the server stops',
    'stream.too_slow': 'we read too slowly',
    'log.closed': 'the server cannot read its log',
    'auth.unknown_token': 'the token is known no more',
  };
  return words[code] ?? code;
}
