import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy that lets nobody through and remembers where everybody wanted to go. */
export interface LoggingProxy {
  address: string;
  /** `host:port` of tunnels, addresses of plain requests. */
  asked: string[];
  close(): Promise<void>;
}

export async function startLoggingProxy(): Promise<LoggingProxy> {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(incoming.url ?? '');
    response.writeHead(403).end();
  });
  server.on('connect', (incoming, socket) => {
    asked.push(incoming.url ?? '');
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Asks a proxy for a tunnel and answers its status: to see that it does what the tests believe. */
export function askForTunnel(proxy: string, to: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(proxy, { method: 'CONNECT', path: to });
    asking.on('connect', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    asking.on('error', reject);
    asking.end();
  });
}
