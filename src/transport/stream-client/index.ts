/**
 * The client of `/api/stream`, for the command line, pages and programs of others: `heph/stream-client`. It connects, and
 * connects again; every subscription goes on from where it was, every command happens once.
 *
 *     const client = connectStream({ dial: dialWithToken('http://127.0.0.1:1234', token) });
 *     client.events({ category: 'task', after: 'start', onEvents: (events) => … });
 *     const queue = client.view({ view: 'queue' });
 *     const { position } = await client.command('boost_task', { taskId });
 *     await queue.reached(position);
 */
import type { ClientMessage, ServerMessage } from '../ws/protocol.ts';
import { type EventRequest, eventFollowing } from './event-following.ts';
import type { Following } from './following.ts';
import { type ConnectionState, type ReconnectOptions, reconnecting } from './reconnecting.ts';
import { mayPass, StreamError } from './stream-error.ts';
import { type TerminalFollowing, type TerminalRequest, terminalFollowing } from './terminal-following.ts';
import { type ViewFollower, type ViewFollowing, type ViewRequest, viewFollowing } from './view-following.ts';

export interface StreamClient {
  events(request: EventRequest): EventFollower;
  view(request: ViewRequest): ViewFollower;
  terminal(request: TerminalRequest): TerminalFollower;
  /** Resolves when its effect is recorded; sent again after a break, under the same key. Rejects with what refused it. */
  command(name: string, input: unknown, idempotencyKey?: string): Promise<AcceptedCommand>;
  /** Ends everything. What was asked and not answered is rejected. */
  close(): void;
}

export interface EventFollower {
  /** Behind which it would resume; null before the server has answered. */
  position(): string | null;
  close(): void;
}

export interface TerminalFollower {
  /** The byte at which it would resume; null before the server has answered. */
  cursor(): number | null;
  close(): void;
}

/** What is told of an accepted command: it has been recorded. */
export type AcceptedCommand = Extract<ServerMessage, { type: 'answer' }>['result'];

type Command = Extract<ClientMessage, { type: 'command' }>;

interface Asked {
  message: Command;
  resolve(answer: AcceptedCommand): void;
  reject(error: StreamError): void;
}

const AGAIN_MS = 1_000;
/** Of a binary message: which terminal, and the cursor of the first byte. */
const HEAD_BYTES = 12;

export function connectStream(options: ReconnectOptions): StreamClient {
  const followings = new Map<string, Following>();
  const asked = new Map<string, Asked>();
  const views = new Map<string, ViewFollowing>();
  const terminals = new Map<string, TerminalFollowing>();
  let welcome: Extract<ServerMessage, { type: 'welcome' }> | null = null;
  let names = 0;
  let over: StreamError | null = null;

  const link = reconnecting(options, {
    opened(message) {
      welcome = message;
      for (const following of followings.values()) link.send(following.opening(message));
      for (const { message: command } of asked.values()) link.send(command);
    },
    lost() {
      welcome = null;
      for (const following of followings.values()) following.lost?.();
    },
    binary(bytes) {
      const head = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
      const [handle, cursor] = [head.getUint32(0), Number(head.getBigUint64(4))];
      for (const terminal of terminals.values()) terminal.take(handle, cursor, bytes.subarray(HEAD_BYTES));
    },
    message(message) {
      if (message.type === 'heartbeat') for (const following of followings.values()) following.receive(message);
      else if (message.type === 'answer') settle(message.id)?.resolve(message.result);
      else if (message.type === 'error') refused(message.id, new StreamError(message.error));
      else if (message.type === 'unsubscribed') {
        if (message.error) refused(message.id, new StreamError(message.error));
        else if (terminals.has(message.id)) printedAll(message.id);
      } else if (message.type === 'reached') answered(message.id, null);
      else if ('id' in message) followings.get(message.id)?.receive(message);
    },
    ended(error) {
      over = error ?? new StreamError({ code: 'server.unreachable', message: 'The client was closed.' });
      for (const following of followings.values()) following.end(error);
      for (const all of [followings, views, terminals]) all.clear();
      for (const { reject } of asked.values()) reject(over);
      asked.clear();
    },
  });

  function settle(id: string): Asked | undefined {
    const known = asked.get(id);
    asked.delete(id);
    return known;
  }

  /** What may pass is asked for again, on this socket or the next one; the rest is over. */
  function refused(id: string | null, error: StreamError): void {
    if (id === null || answered(id, error)) return;
    const again = mayPass(error);
    if (asked.has(id)) {
      if (again) later(() => asked.get(id)?.message);
      else settle(id)?.reject(error);
      return;
    }
    const following = followings.get(id);
    if (!following) return;
    if (again) return later(() => welcome && followings.get(id)?.opening(welcome));
    forget(id);
    following.end(error);
  }

  /** Whether it was the answer to what a view had asked. */
  function answered(id: string, error: StreamError | null): boolean {
    return [...views.values()].some((view) => view.answered(id, error));
  }

  function printedAll(id: string): void {
    const terminal = terminals.get(id);
    forget(id);
    terminal?.printedAll();
  }

  function forget(id: string): void {
    followings.delete(id);
    views.delete(id);
    terminals.delete(id);
  }

  function later(message: () => ClientMessage | null | undefined): void {
    const socket = welcome;
    setTimeout(() => {
      // A socket that was opened meanwhile has been asked already.
      const again = welcome === socket ? message() : null;
      if (again) link.send(again);
    }, AGAIN_MS);
  }

  function follow(id: string, following: Following): () => void {
    if (over) following.end(over);
    else {
      followings.set(id, following);
      if (welcome) link.send(following.opening(welcome));
    }
    return () => {
      if (followings.get(id) !== following) return;
      forget(id);
      link.send({ type: 'unsubscribe', id });
      following.end(null);
    };
  }

  return {
    events(request) {
      const id = `events-${++names}`;
      const following = eventFollowing(id, request);
      return { position: following.position, close: follow(id, following) };
    },
    view(request) {
      const id = `view-${++names}`;
      const following = viewFollowing(id, request, link.send);
      views.set(id, following);
      return { cache: following.cache, reached: following.reached, close: follow(id, following) };
    },
    terminal(request) {
      const id = `terminal-${++names}`;
      const following = terminalFollowing(id, request);
      terminals.set(id, following);
      return { cursor: following.cursor, close: follow(id, following) };
    },
    command(name, input, idempotencyKey = crypto.randomUUID()) {
      const id = `command-${++names}`;
      const message: Command = { type: 'command', id, name, input, idempotencyKey };
      return new Promise((resolve, reject) => {
        if (over) return reject(over);
        asked.set(id, { message, resolve, reject });
        link.send(message);
      });
    },
    close: () => link.close(),
  };
}

export type { ConnectionState, EventRequest, ReconnectOptions, TerminalRequest, ViewFollower, ViewRequest };
export type { CachedRow, CachedView, RowCache } from './row-cache.ts';
export { withoutReplies } from './keystrokes.ts';
export { type Dial, dialWithTicket, dialWithToken, type SocketLike, streamUrl } from './socket.ts';
export { StreamError } from './stream-error.ts';
