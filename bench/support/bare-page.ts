import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** What a page costs at the least: a document of a few bytes that puts what its socket is told into itself. */
export interface BarePage {
  url: string;
  /** Sends a word to everybody who looks. */
  tell(word: string): void;
  close(): Promise<void>;
}

const DOCUMENT = `<!doctype html><title>Bare</title><main><p id="state">–</p><input aria-label="Filter"></main>
<script type="module">
  const ws = new WebSocket(location.href.replace('http', 'ws'));
  ws.onmessage = ({ data }) => { document.getElementById('state').textContent = data; };
</script>`;

export async function openBarePage(): Promise<BarePage> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' });
    response.end(DOCUMENT);
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => socket.send('open'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    tell: (word) => {
      for (const socket of sockets.clients) socket.send(word);
    },
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
