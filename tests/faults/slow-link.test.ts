import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DribblingProxy, startDribblingProxy } from '../support/dribbling-proxy.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { eventsOf, openSocket, type StreamSocket } from '../support/stream-socket.ts';

/** `/api/stream` over a link that stands still, and then passes a few bytes at a time. */
const COMMANDS = 200;
const BYTES_MAX = 7;

let product: Product;
let server: Up;
let link: DribblingProxy;
beforeEach(async () => {
  product = createProduct();
  server = await product.up();
  link = await startDribblingProxy(server.url, BYTES_MAX);
});
afterEach(async () => {
  await link.close();
  expect(await product.end()).toEqual([]);
});

it('a very slow link delivers everything, once and in order, and slows nobody else', async () => {
  const authorization = `Bearer ${readFileSync(join(product.data, 'operator.token'), 'utf8').trim()}`;
  const { host } = new URL(server.url);
  const fast = await openSocket({ url: server.url, headers: { authorization } });
  // The server answers to its own name only.
  const slow = await openSocket({ url: link.url, headers: { authorization, host } });
  for (const one of [fast, slow]) {
    one.send({ type: 'subscribe_events', id: 'all', after: 'now' });
    one.send({ type: 'subscribe_view', id: 'config', view: 'config', params: {} });
    await one.next('caught_up');
    await one.next('snapshot');
  }
  const told = (socket: StreamSocket) => eventsOf(socket, 'all').map(({ position }) => position);
  const positions: string[] = [];

  link.standStill();
  for (let n = 0; n < COMMANDS; n++) {
    const changes = { 'server.idleExitMs': 60_000 + n };
    positions.push((await product.operator.command('set_config', { changes })).position);
  }
  await fast.until(() => told(fast).length === COMMANDS);
  expect(told(slow)).toEqual([]);

  const before = link.pieces();
  link.goOn();
  await slow.until(() => told(slow).length === COMMANDS);
  for (const one of [fast, slow]) expect(told(one)).toEqual(positions);
  // Of a view, what lies between is left out: what came last is what it says now.
  const last = String(positions.at(-1));
  for (const one of [fast, slow]) {
    one.send({ type: 'reach', id: 'there', subscription: 'config', position: last });
    await one.next('reached');
  }
  expect(JSON.stringify(slow.all.findLast(({ type }) => type === 'delta'))).toContain(String(60_000 + COMMANDS - 1));
  expect(link.pieces() - before).toBeGreaterThan(COMMANDS);
  expect(await server.stop()).toBe(0);
  for (const { ws } of [fast, slow]) ws.terminate();
});
