import { connect } from 'node:net';
import { Fault } from '../../../kernel/errors.ts';
import {
  HOLDER_PROTOCOL,
  type HolderAnswer,
  type HolderNews,
  type HolderRequest,
  LINE_BYTES_MAX,
} from '../holder-protocol.ts';
import { createLineSplitter } from '../lines.ts';

type Ask = HolderRequest extends infer R ? (R extends HolderRequest ? Omit<R, 'id'> : never) : never;

/** The server's end of a holder's socket. */
export interface HolderLink {
  /** Throws Fault `log.fenced`, `terminal.gone` or `terminal.failed`. */
  ask(request: Ask): Promise<{ outputBytes?: number }>;
  /** Settles when the connection is over, for whatever reason. */
  readonly closed: Promise<void>;
  close(): void;
}

export interface HolderLinkOptions {
  path: string;
  epoch: number;
  onNews(news: HolderNews): void;
}

/** Connects and says hello. Throws Fault `log.fenced` when a later server has the holder, `terminal.failed` when it cannot be reached. */
export async function openHolderLink({ path, epoch, onNews }: HolderLinkOptions): Promise<HolderLink> {
  const pending = new Map<number, { resolve(answer: HolderAnswer & { ok: true }): void; reject(error: Error): void }>();
  const split = createLineSplitter(LINE_BYTES_MAX);
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let lastId = 0;
  let cause: Error | undefined;
  const socket = connect(path);

  socket.on('error', (error) => {
    cause = error;
  });
  socket.on('close', () => {
    for (const { reject } of pending.values()) reject(unreachable(cause));
    pending.clear();
    close();
  });
  socket.on('data', (chunk) => {
    const lines = split(chunk);
    if (!lines) return socket.destroy();
    for (const line of lines) receive(JSON.parse(line) as HolderAnswer | HolderNews);
  });

  const receive = (message: HolderAnswer | HolderNews) => {
    if ('news' in message) return onNews(message);
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    if (message.ok) waiting?.resolve(message);
    else waiting?.reject(refused(message.reason));
  };

  const ask = (request: Ask): Promise<{ outputBytes?: number }> => {
    const { promise, resolve, reject } = Promise.withResolvers<HolderAnswer & { ok: true }>();
    if (socket.destroyed) return Promise.reject(unreachable(cause));
    const id = ++lastId;
    pending.set(id, { resolve, reject });
    socket.write(`${JSON.stringify({ id, ...request })}\n`);
    return promise;
  };

  try {
    await ask({ do: 'hello', protocol: HOLDER_PROTOCOL, epoch });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return { ask, closed, close: () => socket.destroy() };
}

function refused(reason: (HolderAnswer & { ok: false })['reason']): Fault {
  if (reason === 'fenced')
    return new Fault('log.fenced', 'A later server has taken over this agent.', { retryable: false });
  if (reason === 'ended')
    return new Fault('terminal.gone', 'The program in the terminal has ended.', { retryable: false });
  const retryable = reason === 'overloaded';
  const why = retryable ? 'the program does not read what was written to it' : `it refused: ${reason}`;
  return new Fault('terminal.failed', `The terminal did not take the request: ${why}.`, { retryable });
}

function unreachable(cause: Error | undefined): Fault {
  return new Fault('terminal.failed', 'The terminal’s holder cannot be reached.', { cause, retryable: true });
}
