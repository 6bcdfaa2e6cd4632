import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../kernel/adapters/system.ts';
import type { HolderNews } from '../holder-protocol.ts';
import { openHolderLink } from './holder-link.ts';
import { type HolderSocket, listenAsHolder } from './holder-socket.ts';

let folder: string;
let path: string;
let socket: HolderSocket;
let outputBytes = 0;
let written: string[];
let stops: number[];
let epochs: number[];
const link = (epoch: number, onNews: (news: HolderNews) => void = () => {}) => openHolderLink({ path, epoch, onNews });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holder-socket-'));
  path = join(folder, 'sock');
  outputBytes = 0;
  written = [];
  stops = [];
  epochs = [];
  socket = listenAsHolder({
    path,
    epoch: 3,
    clock: systemClock,
    outputBytes: () => outputBytes,
    onEpoch: (epoch) => epochs.push(epoch),
    onWrite(keys) {
      if (keys === 'too much') return 'overloaded';
      written.push(keys);
      return { outputBytes };
    },
    onStop: (graceMs) => stops.push(graceMs),
  });
});
afterEach(async () => {
  await socket.end();
  rmSync(folder, { recursive: true, force: true });
});

describe('a holder’s socket', () => {
  it('is for its owner only', () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('takes keys and stops from a server that said hello', async () => {
    const server = await link(3);
    await server.ask({ do: 'write', keys: 'yes\r' });
    await server.ask({ do: 'stop', graceMs: 5 });
    expect({ written, stops }).toEqual({ written: ['yes\r'], stops: [5] });
    await expect(server.ask({ do: 'write', keys: 'too much' })).rejects.toMatchObject({
      code: 'terminal.failed',
      retryable: true,
    });
  });

  it('refuses an older epoch, and lets go of it when a newer one comes', async () => {
    await expect(link(2)).rejects.toMatchObject({ code: 'log.fenced', retryable: false });
    const old = await link(3);
    await link(4);
    await old.closed;
    await expect(old.ask({ do: 'write', keys: 'late' })).rejects.toMatchObject({ code: 'terminal.failed' });
    await expect(link(3)).rejects.toMatchObject({ code: 'log.fenced' });
    expect({ epochs, written }).toEqual({ epochs: [4], written: [] });
  });

  it('answers a wait when there is output beyond the cursor, not before', async () => {
    const server = await link(3);
    const answers: string[] = [];
    const far = server.ask({ do: 'wait', beyond: 10, waitMs: 60_000 }).then(() => answers.push('far'));
    const near = server.ask({ do: 'wait', beyond: 0, waitMs: 60_000 }).then(() => answers.push('near'));
    await server.ask({ do: 'write', keys: 'x' });
    outputBytes = 10;
    socket.wrote(outputBytes);
    await near;
    outputBytes = 11;
    socket.wrote(outputBytes);
    await far;
    expect(answers).toEqual(['near', 'far']);
  });

  it('tells of output once for many writes, and of the end', async () => {
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    const news: HolderNews[] = [];
    const server = await link(3, (item) => {
      news.push(item);
      if (item.news === 'exited') resolve();
    });
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    await link(3, () => tell());
    for (outputBytes = 1; outputBytes < 50; outputBytes++) socket.wrote(outputBytes);
    await told;
    const waiting = server.ask({ do: 'wait', beyond: 1000, waitMs: 60_000 });
    await server.ask({ do: 'write', keys: 'x' });
    await socket.end();
    await Promise.all([waiting, exited, server.closed]);
    expect(news).toMatchObject([{ news: 'output', outputBytes: 50 }, { news: 'exited' }]);
  });

  it.each([
    ['no hello', '{"id":1,"do":"write","keys":"x"}\n', '"hello_first"'],
    ['another protocol', '{"id":1,"do":"hello","protocol":99,"epoch":9}\n', '"protocol"'],
    ['garbage', 'GET / HTTP/1.1\n', ''],
    ['a missing number', '{"id":1,"do":"stop"}\n', ''],
    ['a line without end', 'x'.repeat(200 * 1024), ''],
  ])('does nothing for %s', async (_name, sent, expected) => {
    const raw = connect(path);
    const { promise, resolve } = Promise.withResolvers<string>();
    let answer = '';
    raw.on('data', (chunk) => {
      answer += chunk;
      raw.end();
    });
    raw.on('error', () => undefined);
    raw.on('close', () => resolve(answer));
    raw.write(sent);
    expect(await promise).toContain(expected);
    expect({ written, stops }).toEqual({ written: [], stops: [] });
  });
});
