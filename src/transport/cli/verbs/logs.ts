import { type FSWatcher, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createPlainText } from '../../../kernel/plain-text.ts';
import type { Client } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import { followTerminal } from '../follow-terminal.ts';
import type { World } from '../world.ts';

export interface LogsOptions {
  follow?: boolean;
  raw?: boolean;
}

/** Raw bytes of an agent's terminal, from a cursor on. */
interface Transcript {
  cursor: number;
  nextCursor: number;
  /** Base64. */
  data: string;
  ended: boolean;
}

const CHUNK_BYTES = 64 * 1024;

/** The server's own log, or an agent's terminal: `server`, or an agent's id. Escape sequences go unless `raw`. */
export async function logs(world: World, client: Client, what: string, options: LogsOptions): Promise<number> {
  const stop = new AbortController();
  const off = world.onSignal('SIGINT', () => stop.abort());
  const note = (line: string) => void world.stderr.write(`${line}\n`);
  const printer = printerOf(world, options.raw ?? false);
  try {
    if (what === 'server') await serverLog(client.directory, printer, options.follow ?? false, stop.signal);
    else if (options.follow) await followTerminal(client, what, { onBytes: printer.print, note, signal: stop.signal });
    else await agentLog(client, what, printer, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    printer.end();
    off();
  }
  return EXIT.ok;
}

interface Printer {
  print(bytes: Uint8Array): void;
  end(): void;
}

function printerOf(world: World, raw: boolean): Printer {
  if (raw) return { print: (bytes) => void world.stdout.write(bytes), end: () => {} };
  const plain = createPlainText();
  return {
    print: (bytes) => void world.stdout.write(plain.push(bytes)),
    end: () => void world.stdout.write(plain.flush()),
  };
}

async function agentLog(client: Client, agentId: string, printer: Printer, signal: AbortSignal): Promise<void> {
  for (let cursor = 0; ; ) {
    const asked = { agentId, cursor, bytesMax: CHUNK_BYTES };
    const chunk = await client.query<Transcript>('get_transcript', asked, { signal });
    printer.print(Buffer.from(chunk.data, 'base64'));
    if (chunk.ended || chunk.nextCursor === cursor) return;
    cursor = chunk.nextCursor;
  }
}

async function serverLog(directory: string, printer: Printer, follow: boolean, signal: AbortSignal): Promise<void> {
  const path = join(directory, 'logs', 'server.log');
  const file = await open(path).catch(() => {
    throw fail('server.no_log', `There is no log at ${path}.`);
  });
  let watcher: FSWatcher | null = null;
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let grown = Promise.withResolvers<void>();
    if (follow) watcher = watch(path, () => grown.resolve());
    signal.addEventListener('abort', () => grown.resolve(), { once: true });
    while (!signal.aborted) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead > 0) printer.print(buffer.subarray(0, bytesRead));
      else if (!follow) return;
      else {
        await grown.promise;
        grown = Promise.withResolvers<void>();
      }
    }
  } finally {
    watcher?.close();
    await file.close();
  }
}
