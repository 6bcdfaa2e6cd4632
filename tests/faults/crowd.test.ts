import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { eventsOf, openSocket, type StreamSocket } from '../support/stream-socket.ts';

/** Threat 38: connections that say nothing, and as many followers as one person may have. */
const SILENT = 500;
/** Of `LIMITS.socketsPerOperator`; the good client has one of its own. */
const FOLLOWERS = 2047;
/** At a time: the kernel's queue of connections that nobody has accepted yet is short. */
const OPENING = 50;
const COMMANDS = 20;
const TRIES_MAX = 1000;

let product: Product;
let server: Up;
let headers: Record<string, string>;
beforeEach(async () => {
  product = createProduct();
  server = await product.up();
  headers = { authorization: `Bearer ${readFileSync(join(product.data, 'operator.token'), 'utf8').trim()}` };
});
afterEach(async () => {
  expect(await product.end()).toEqual([]);
});

async function many<T>(count: number, open: (n: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  while (all.length < count) {
    const next = Array.from({ length: Math.min(OPENING, count - all.length) }, (_one, n) => open(all.length + n));
    all.push(...(await Promise.all(next)));
  }
  return all;
}

it('a crowd of followers and of silent connections keeps nobody from an answer, and has a bound', async () => {
  const { port, hostname, host } = new URL(server.url);
  const good = await openSocket({ url: server.url, headers });
  const said = ['', 'GET /api/views/fleet HT', `GET /api/stream HTTP/1.1\r\nhost: ${host}\r\nupgrade: websoc`];
  const silent = await many(SILENT, async (n) => {
    const socket = await opened(Number(port), hostname);
    socket.write(said[n % said.length] as string);
    return socket;
  });
  const followers = await many(FOLLOWERS, async () => {
    const socket = await openSocket({ url: server.url, headers });
    socket.send({ type: 'subscribe_events', id: 'all', after: 'now' });
    return socket;
  });
  await Promise.all(followers.map((one) => one.next('caught_up')));
  await expect(openSocket({ url: server.url, headers })).rejects.toThrow(/429|403|503/);

  good.send({ type: 'subscribe_events', id: 'good', after: 'now' });
  await good.next('caught_up');
  const positions: string[] = [];
  for (let n = 0; n < COMMANDS; n++) {
    const { position } = await product.operator.command('set_config', {
      changes: { 'server.idleExitMs': 60_000 + n },
    });
    positions.push(position);
  }
  expect((await product.operator.ask('/health')).status).toBe(200);
  const told = (socket: StreamSocket, id: string) => eventsOf(socket, id).map(({ position }) => position);
  await good.until(() => told(good, 'good').length === COMMANDS);
  expect(told(good, 'good')).toEqual(positions);
  // None of the crowd was forgotten either.
  await Promise.all(followers.map((one) => one.until(() => told(one, 'all').length === COMMANDS)));
  expect(followers.filter((one) => told(one, 'all').join() !== positions.join())).toEqual([]);

  // There is room again when somebody has left. The server hears of that after us, or before.
  await followers[0]?.close();
  let next: StreamSocket | null = null;
  for (let tries = 0; !next && tries < TRIES_MAX; tries++)
    next = await openSocket({ url: server.url, headers }).catch(() => null);
  expect(next).not.toBeNull();
  expect(await server.stop()).toBe(0);
  for (const one of [good, next, ...followers]) one?.ws.terminate();
  for (const socket of silent) socket.destroy();
});

it('whatever listens does so on the loopback alone', async () => {
  const sockets = readdirSync(`/proc/${server.pid}/fd`).flatMap((fd) => /\d+/.exec(linkOf(server.pid, fd))?.[0] ?? []);
  const listening = ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/${server.pid}/net/${kind}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === LISTENS && sockets.includes(String(inode)))
      .map(([, address]) => String(address)),
  );
  const port = Number(new URL(server.url).port).toString(16).toUpperCase().padStart(4, '0');
  expect(listening).toEqual([`${LOOPBACK}:${port}`]);
  expect(await server.stop()).toBe(0);
});

/** As the kernel writes them: a state, and 127.0.0.1 with the lowest byte first. */
const LISTENS = '0A';
const LOOPBACK = '0100007F';

function linkOf(pid: number, fd: string): string {
  try {
    const link = readlinkSync(`/proc/${pid}/fd/${fd}`);
    return link.startsWith('socket:') ? link : '';
  } catch {
    // It was closed between the look into the folder and this one.
    return '';
  }
}

function opened(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => resolve(socket));
    socket.once('error', reject);
    // The server ends those that never finish their headers.
    socket.on('error', () => {});
    socket.resume();
  });
}
