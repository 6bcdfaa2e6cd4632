import { StreamError } from './stream-error.ts';

/** The part of a browser’s WebSocket that is used here; the one of Node and the one of `ws` have it, too. */
export interface SocketLike {
  binaryType: string;
  onmessage: ((event: { data: unknown }) => void) | null;
  /** `code` 400 to 599: the handshake was refused with that HTTP status, where the socket can tell; `reason` is its body. */
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

/**
 * Makes a socket that is not open yet; called again after each break. What it throws is tried again, unless it is a
 * `StreamError`.
 */
export type Dial = () => Promise<SocketLike> | SocketLike;

type MakeSocket = new (url: string, options?: { headers: Record<string, string> }) => SocketLike;

/** By a ticket, as a page does. `ticket` asks `POST /api/stream-tickets` for a new one. `url`: `http://127.0.0.1:1234`. */
export function dialWithTicket(url: string, ticket: () => Promise<string>): Dial {
  return async () => new (socketClass())(`${streamUrl(url)}?ticket=${encodeURIComponent(await ticket())}`);
}

/** By a bearer token, which the WebSocket of Node can send and that of a browser cannot. */
export function dialWithToken(url: string, token: string): Dial {
  return () => new (socketClass())(streamUrl(url), { headers: { authorization: `Bearer ${token}` } });
}

export function streamUrl(url: string): string {
  return `${url.replace(/^http/, 'ws').replace(/\/$/, '')}/api/stream`;
}

function socketClass(): MakeSocket {
  const found = (globalThis as { WebSocket?: unknown }).WebSocket;
  if (typeof found !== 'function')
    throw new StreamError({
      code: 'input.invalid',
      kind: 'invalid',
      message: 'There is no WebSocket here: give a `dial` of your own.',
    });
  return found as MakeSocket;
}
