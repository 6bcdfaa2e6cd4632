import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** The wire between a client and the server, which can be cut and clogged. */
export interface Link {
  port: number;
  /** Cuts every connection; new ones are taken. */
  cut(): void;
  /** Nothing passes in either direction, and no connection ends, until `flow`. */
  clog(): void;
  flow(): void;
  /** Resolves when somebody connects after this call. */
  nextConnection(): Promise<void>;
  close(): Promise<void>;
}

export async function openLink(target: number): Promise<Link> {
  const pairs = new Set<[Socket, Socket]>();
  let clogged = false;
  let connection = Promise.withResolvers<void>();
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port: target });
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    connection.resolve();
    connection = Promise.withResolvers<void>();
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        to.write(bytes);
      });
      from.on('error', end).on('close', end);
    }
    if (clogged) for (const socket of pair) socket.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const each = (act: (socket: Socket) => void) => {
    for (const pair of [...pairs]) pair.forEach(act);
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => each((socket) => socket.destroy()),
    clog() {
      clogged = true;
      each((socket) => socket.pause());
    },
    flow() {
      clogged = false;
      each((socket) => socket.resume());
    },
    nextConnection: () => connection.promise,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      each((socket) => socket.destroy());
      return closed;
    },
  };
}
