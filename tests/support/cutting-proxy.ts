import { connect, createServer, type Socket } from 'node:net';

/** A bad network: it carries bytes to a server and back, and resets a connection when so many have gone through. */
export interface CuttingProxy {
  url: string;
  cuts(): number;
  close(): Promise<void>;
}

/** `nextBytes` says after how many bytes the next connection is cut. */
export async function startCuttingProxy(target: string, nextBytes: () => number): Promise<CuttingProxy> {
  const { port, hostname } = new URL(target);
  const living = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const both = [client, upstream];
    let left = nextBytes();
    const carry = (to: Socket) => (chunk: Buffer) => {
      if (chunk.length <= left) {
        left -= chunk.length;
        return void to.write(chunk);
      }
      cuts += 1;
      // A part goes through: what is cut is a message, not only a connection.
      to.write(chunk.subarray(0, left), () => both.forEach((socket) => socket.resetAndDestroy()));
    };
    client.on('data', carry(upstream));
    upstream.on('data', carry(client));
    for (const socket of both) {
      living.add(socket);
      // That a connection is lost is what this is for.
      socket.on('error', () => {});
      socket.on('close', () => {
        living.delete(socket);
        for (const other of both) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    cuts: () => cuts,
    async close() {
      for (const socket of living) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
