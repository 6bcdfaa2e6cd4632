/**
 * A model that plays a script, for clients that are real. It speaks OpenAI Responses, OpenAI Chat and Anthropic Messages, and
 * remembers nothing: the step is the number of tool results since the user's last words, so retries, side requests
 * and sessions at the same time cannot disturb each other. It listens on the loopback only.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Loose, Say, Wire } from './ask.ts';
import { chat } from './chat.ts';
import { messages } from './messages.ts';
import { responses } from './responses.ts';
import { STORIES } from './stories.ts';

const WIRES: readonly Wire[] = [responses, chat, messages];

export interface ModelServer {
  /** The address for one story; clients append `/responses` and the like to it, or `/v1/messages`. */
  address(story: string): string;
  /** What was asked, in order: story, protocol or path, and how it was answered. */
  heard: { story: string; wire: string; answer: string }[];
  close(): Promise<void>;
}

export async function startModelServer(): Promise<ModelServer> {
  const heard: ModelServer['heard'] = [];
  const server = createServer((request, response) => {
    answer(request, response, heard).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: (story) => `http://127.0.0.1:${port}/${story}`,
    heard,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, heard: ModelServer['heard']): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const name = pathname.split('/')[1] ?? '';
  const story = STORIES[name];
  const wire = WIRES.find(({ path }) => path.test(pathname));
  const note = (said: string) => heard.push({ story: name, wire: wire?.name ?? pathname, answer: said });
  if (pathname.endsWith('/count_tokens')) return json(response, 200, { input_tokens: 100 });
  if (!story || !wire || request.method !== 'POST') {
    note('404');
    return json(response, 404, { error: { message: `There is no ${request.method} ${pathname}.` } });
  }
  const body = await bodyOf(request);
  const ask = wire.read(body);
  const say = told(() => story.tell(ask));
  note(say.say === 'error' ? String(say.status) : say.say === 'call' ? say.call.tool.name : say.say);
  if (say.say === 'error') {
    if (say.retryAfter !== undefined) response.setHeader('retry-after', say.retryAfter);
    return json(response, say.status, wire.error(say.status, say.message));
  }
  if (wire.whole && body.stream !== true && say.say === 'text') return json(response, 200, wire.whole(say.text));
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for await (const event of wire.events(say, pieces(say, story.pauseMs, response))) response.write(event);
  response.end();
}

/** A script that does not fit the client's tools is told to the client, so that it stands in its transcript. */
function told(tell: () => Say): Say {
  try {
    return tell();
  } catch (error) {
    return { say: 'error', status: 400, message: (error as Error).message };
  }
}

async function* pieces(say: Say, pauseMs: number, response: ServerResponse): AsyncIterable<string> {
  if (say.say === 'text')
    for (const word of say.text.split(/(?<= )/)) {
      if (pauseMs > 0) await pause(pauseMs);
      yield word;
    }
  while (say.say === 'endless' && !response.destroyed) {
    yield 'and so on ';
    await pause(pauseMs);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Loose> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return JSON.parse(body) as Loose;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
