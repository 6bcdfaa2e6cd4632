import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Answer, type Asked, fakeStream } from './fake-stream.ts';

export type { Answer, Asked } from './fake-stream.ts';

export interface FakeServer {
  url: string;
  port: number;
  asked: Asked[];
  /** Those who follow its stream are told what there is by now. */
  look(): void;
  /** Ends it with every connection, as a kill would. */
  kill(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server on a free port that answers what `answer` says, by HTTP and over its stream, and keeps what it was asked. */
export async function fakeServer(answer: (asked: Asked) => Answer | Promise<Answer>): Promise<FakeServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += String(part);
    const one: Asked = {
      method: request.method as string,
      path: request.url as string,
      headers: request.headers,
      body: text === '' ? null : JSON.parse(text),
    };
    asked.push(one);
    const { status = 200, body, hangUp = false } = await answer(one);
    if (hangUp) return void request.socket.destroy();
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? '' : JSON.stringify(body));
  });
  const stream = fakeStream(server, (one) => {
    asked.push(one);
    return answer(one);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kill = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      stream.cutAll();
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, port, asked, look: stream.look, kill, [Symbol.asyncDispose]: kill };
}

/** What a living server leaves in its data directory. */
export function announce(
  directory: string,
  server: { url: string; port: number },
  more: Record<string, unknown> = {},
): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = {
    pid: process.pid,
    host: '127.0.0.1',
    version: '0.0.0',
    startedAt: 1,
    epoch: 1,
    url: server.url,
    port: server.port,
    ...more,
  };
  writeFileSync(join(directory, 'server.json'), JSON.stringify(file), { mode: 0o600 });
  writeFileSync(join(directory, 'operator.token'), 'hph_o_test\n', { mode: 0o600 });
}
