import { fail, EXIT } from '../failure.ts';
import type { Output } from '../output.ts';
import { readToken } from '../server-file.ts';
import { storeOf } from '../store-url.ts';
import type { LivingServer, World } from '../world.ts';
import { openBrowser } from './open-browser.ts';
import { httpCall } from '../http-call.ts';

export interface UpOptions {
  port: number;
  host: string;
  open: boolean;
  takeOver?: boolean;
  idleExit?: boolean;
  store?: string;
}

/**
 * The server in the foreground. One line says when it is ready. The first SIGTERM or SIGINT drains and ends it, the
 * second ends it at once; either leaves a log that opens without repair.
 */
export async function up(world: World, output: Output, directory: string, options: UpOptions): Promise<number> {
  const ended = Promise.withResolvers<number>();
  let server: LivingServer | null = null;
  let stopping = false;
  const stop = (): void => {
    if (stopping) return ended.resolve(EXIT.interrupted);
    stopping = true;
    if (!server) return;
    server.close().then(() => ended.resolve(EXIT.ok), ended.reject);
  };
  const offs = (['SIGTERM', 'SIGINT'] as const).map((signal) => world.onSignal(signal, stop));
  try {
    if (!options.idleExit) await world.programs.preparePage((line) => output.say(line));
    server = await world.programs.startServer({
      dataDirectory: directory,
      host: options.host,
      port: options.port,
      takeOver: options.takeOver ?? false,
      idleExit: options.idleExit ?? false,
      onIdleExit: stop,
      store: storeOf(options.store, world.env),
    });
    output.say(`Hephaestus is ready at ${server.url} (data in ${directory}, pid ${process.pid}).`);
    output.record({ type: 'ready', url: server.url, port: server.port, pid: process.pid, data: directory });
    // A signal that came while it started.
    if (stopping) server.close().then(() => ended.resolve(EXIT.ok), ended.reject);
    // Nobody waits for it, and a server without it serves as well.
    else if (options.open) void openPage(world, output, server.url, directory).catch(() => {});
    return await ended.promise;
  } finally {
    for (const off of offs) off();
  }
}

/** In the browser where a person is there to see it; else the link is printed, which works once. */
async function openPage(world: World, output: Output, url: string, directory: string): Promise<void> {
  const page = await loginUrl(url, directory);
  const opened = world.stdout.isTTY === true && openBrowser(page, world.env);
  if (!opened) output.say(`The page: ${page} (works once, within a minute; heph open gives another link)`);
}

/** A page's address with a code that works once, within a minute. */
export async function loginUrl(url: string, directory: string): Promise<string> {
  const token = readToken(directory);
  if (!token)
    throw fail('server.not_running', `There is no operator token in ${directory}; it is made at the first start.`);
  const answer = await httpCall({ url, path: '/api/login-codes', body: '{}', token, timeoutMs: 10_000 });
  const page = (JSON.parse(answer.text) as { path?: unknown }).path;
  if (typeof page !== 'string') throw fail('server.bad_answer', 'The server gave no address for its page.');
  return new URL(page, url).href;
}
