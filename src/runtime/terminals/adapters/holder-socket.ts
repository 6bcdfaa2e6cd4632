import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Clock } from '../../../kernel/clock.ts';
import {
  HOLDER_PROTOCOL,
  type HolderAnswer,
  type HolderNews,
  type HolderRefusal,
  type HolderRequest,
  LINE_BYTES_MAX,
} from '../holder-protocol.ts';
import { createLineSplitter } from '../lines.ts';

const CONNECTIONS_MAX = 16;
const WAITS_MAX = 256;
const UNSENT_BYTES_MAX = 256 * 1024;
const NEWS_INTERVAL_MS = 1000;
const FAREWELL_MS = 500;

export interface HolderSocket {
  /** Output has grown: answers who waits for it, and tells the others at most once a second. */
  wrote(outputBytes: number): void;
  /** Tells everybody of the end, and closes when they have it or did not take it in time. */
  end(): Promise<void>;
}

export interface HolderSocketOptions {
  path: string;
  epoch: number;
  clock: Clock;
  outputBytes(): number;
  /** A server with a higher epoch than any before has connected. */
  onEpoch(epoch: number): void;
  /** How much had been printed when it was taken. */
  onWrite(keys: string, key: string | undefined): HolderRefusal | { outputBytes: number };
  onStop(graceMs: number): void;
}

interface Connection {
  socket: Socket;
  epoch: number | null;
}

interface Wait {
  connection: Connection;
  id: number;
  beyond: number;
  cancel(): void;
}

/** The holder's 0600 socket. Everything a peer can make grow has a limit; a peer that does not read is dropped. */
export function listenAsHolder(options: HolderSocketOptions): HolderSocket {
  const { clock } = options;
  const connections = new Set<Connection>();
  const waits = new Set<Wait>();
  let epoch = options.epoch;
  let ended = false;
  let newsDue: (() => void) | null = null;
  let toldAtMs = Number.NEGATIVE_INFINITY;

  const send = (connection: Connection, message: HolderAnswer | HolderNews) => {
    if (connection.socket.writableLength > UNSENT_BYTES_MAX) return connection.socket.destroy();
    return connection.socket.write(`${JSON.stringify(message)}\n`);
  };
  const tell = (news: HolderNews) => {
    for (const connection of connections) if (connection.epoch !== null) send(connection, news);
  };

  const hello = (connection: Connection, request: HolderRequest & { do: 'hello' }): HolderRefusal | null => {
    if (request.protocol !== HOLDER_PROTOCOL) return 'protocol';
    if (request.epoch < epoch) return 'fenced';
    if (request.epoch > epoch) {
      epoch = request.epoch;
      options.onEpoch(epoch);
      for (const other of connections) if (other.epoch !== null && other.epoch < epoch) other.socket.destroy();
    }
    connection.epoch = request.epoch;
    return null;
  };

  const wait = (
    connection: Connection,
    { id, beyond, waitMs }: HolderRequest & { do: 'wait' },
  ): HolderRefusal | null => {
    if (waits.size >= WAITS_MAX) return 'overloaded';
    const entry: Wait = { connection, id, beyond, cancel: clock.after(waitMs, () => answerWait(entry)) };
    waits.add(entry);
    if (ended || options.outputBytes() > beyond) answerWait(entry);
    return null;
  };

  const answerWait = (entry: Wait) => {
    entry.cancel();
    if (waits.delete(entry)) send(entry.connection, { id: entry.id, ok: true });
  };

  const handle = (
    connection: Connection,
    request: HolderRequest,
  ): HolderRefusal | { outputBytes: number } | 'later' | null => {
    if (request.do === 'hello') return hello(connection, request);
    if (connection.epoch === null) return 'hello_first';
    if (connection.epoch < epoch) return 'fenced';
    if (request.do === 'wait') return wait(connection, request) ?? 'later';
    if (request.do === 'write') return options.onWrite(request.keys, request.key);
    if (request.do !== 'stop') return 'malformed';
    options.onStop(request.graceMs);
    return null;
  };

  const receive = (connection: Connection, line: string) => {
    const request = parseRequest(line);
    if (!request) return connection.socket.destroy();
    const answer = handle(connection, request);
    if (answer === 'later') return;
    const { id } = request;
    if (typeof answer === 'object') return void send(connection, { id, ok: true, ...answer });
    send(connection, { id, ok: false, reason: answer });
    if (answer === 'fenced' || answer === 'protocol') connection.socket.end();
  };

  rmSync(options.path, { force: true });
  const server = createServer((socket) => {
    const connection: Connection = { socket, epoch: null };
    const split = createLineSplitter(LINE_BYTES_MAX);
    connections.add(connection);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      connections.delete(connection);
      for (const entry of waits) if (entry.connection === connection) forget(entry);
    });
    socket.on('data', (chunk) => {
      const lines = split(chunk);
      if (!lines) return socket.destroy();
      for (const line of lines) receive(connection, line);
    });
  });
  const forget = (entry: Wait) => {
    entry.cancel();
    waits.delete(entry);
  };
  server.maxConnections = CONNECTIONS_MAX;
  // Binding is done when `listen` returns, under the caller's umask; the mode is said again for whoever forgets that.
  server.listen(options.path);
  chmodSync(options.path, 0o600);

  const tellOutput = () => {
    newsDue = null;
    toldAtMs = clock.monotonicMs();
    tell({ news: 'output', outputBytes: options.outputBytes(), at: clock.now() });
  };

  return {
    wrote(outputBytes) {
      for (const entry of waits) if (outputBytes > entry.beyond) answerWait(entry);
      if (newsDue || connections.size === 0 || ended) return;
      newsDue = clock.after(Math.max(0, toldAtMs + NEWS_INTERVAL_MS - clock.monotonicMs()), tellOutput);
    },
    async end() {
      ended = true;
      newsDue?.();
      for (const entry of waits) answerWait(entry);
      tell({ news: 'exited' });
      server.close();
      await farewell(connections, clock);
    },
  };
}

async function farewell(connections: ReadonlySet<Connection>, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(FAREWELL_MS, resolve);
  const closed = [...connections].map(({ socket }) => new Promise<void>((done) => socket.end(() => done())));
  await Promise.race([Promise.all(closed), promise]);
  cancel();
  for (const { socket } of connections) socket.destroy();
}

function parseRequest(line: string): HolderRequest | null {
  try {
    const value: unknown = JSON.parse(line);
    const request = value as Partial<Record<string, unknown>> | null;
    if (typeof request !== 'object' || request === null || typeof request.id !== 'number') return null;
    const numbers = { hello: ['protocol', 'epoch'], write: [], stop: ['graceMs'], wait: ['beyond', 'waitMs'] };
    const needed = numbers[request.do as keyof typeof numbers];
    if (!needed?.every((name) => Number.isFinite(request[name]))) return null;
    if (request.do === 'write' && typeof request.keys !== 'string') return null;
    if (request.do === 'write' && !['string', 'undefined'].includes(typeof request.key)) return null;
    return value as HolderRequest;
  } catch {
    return null;
  }
}
