import { connect, createServer, type Socket } from 'node:net';

/** A bad network: it stands still for as long as one likes, and otherwise passes a few bytes at a time. */
export interface DribblingProxy {
  url: string;
  /** Nothing goes through until `goOn`. */
  standStill(): void;
  goOn(): void;
  /** How many pieces the server's bytes came in. */
  pieces(): number;
  close(): Promise<void>;
}

/** `bytesMax`: of a piece, which is a packet of its own. What was said to the server goes through as it is. */
export async function startDribblingProxy(target: string, bytesMax: number): Promise<DribblingProxy> {
  const { port, hostname } = new URL(target);
  const living = new Set<Socket>();
  let pieces = 0;
  let still: Promise<void> | null = null;
  let goOn = () => {};

  async function dribble(from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from as AsyncIterable<Buffer>)
      for (let at = 0; at < chunk.length; at += bytesMax) {
        if (still) await still;
        pieces += 1;
        // The next piece follows in another turn, so that this one leaves by itself.
        await new Promise<unknown>((resolve) => to.write(chunk.subarray(at, at + bytesMax), resolve));
        if (to.destroyed) return;
      }
  }

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    client.setNoDelay(true);
    client.pipe(upstream);
    dribble(upstream, client).catch(() => {});
    for (const socket of [client, upstream]) {
      living.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        living.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    standStill: () => (still ??= new Promise((resolve) => (goOn = resolve))),
    goOn() {
      still = null;
      goOn();
    },
    pieces: () => pieces,
    async close() {
      goOn();
      for (const socket of living) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
