import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpCall } from '../../src/transport/cli/http-call.ts';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.ts';
import { damageIn, eventsIn } from '../support/exported.ts';
import { doubledIn, gapsIn } from '../support/ledger.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { seeded } from '../support/seeded.ts';

/** What a network that loses connections, and clients that go silent, do to REST and to reading by cursor. */
const COMMANDS = process.env.HEPH_TEST_NIGHTLY === '1' ? 2000 : 120;
const SILENT = 200;
const SEED = Number(process.env.HEPH_TEST_SEED ?? Date.now() % 1_000_000);
const CALL_MS = 30_000;
const TRIES_MAX = 100;
/** Of a connection, both ways; a question with its answer takes about a quarter. */
const BYTES_MAX = 6000;

let product: Product;
let server: Up;
let token: string;
let proxy: CuttingProxy | undefined;
beforeEach(async () => {
  product = createProduct();
  server = await product.up();
  token = readFileSync(join(product.data, 'operator.token'), 'utf8').trim();
});
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
  expect(await product.end()).toEqual([]);
});

interface Answer {
  ok: boolean;
  position: string;
  events: string[];
  result: { events: { position: string; id: string }[]; position: string };
}

/** Asks until there is an answer; each question may be asked again. */
async function askThrough(url: string, path: string, input: unknown, key?: string): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    try {
      const { text } = await httpCall({
        url,
        path,
        token,
        body: JSON.stringify(input),
        // The server answers to its own name only.
        headers: { host: new URL(server.url).host, ...(key && { 'idempotency-key': key }) },
        timeoutMs: CALL_MS,
      });
      return JSON.parse(text) as Answer;
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
    }
  }
}

describe(`a network that loses connections (HEPH_TEST_SEED=${SEED})`, () => {
  it('neither loses nor doubles a command that is said again under its key, nor an event for who reads on from a position', async () => {
    const random = seeded(SEED);
    const start = Number(await product.operator.head());
    proxy = await startCuttingProxy(server.url, () => Math.floor(random() * BYTES_MAX));
    const { url } = proxy;
    const seen: string[] = [];
    const reading = (async () => {
      for (let after = String(start); seen.length < COMMANDS; ) {
        const input = { after, types: ['ConfigChanged'], timeoutMs: 1000 };
        const { result } = await askThrough(url, '/api/queries/wait_for_events', input);
        seen.push(...result.events.map((event) => event.position));
        after = result.position;
      }
    })();
    const positions: string[] = [];
    for (let n = 0; n < COMMANDS; n++) {
      const input = { changes: { 'server.idleExitMs': 60_000 + n } };
      const answer = await askThrough(url, '/api/commands/set_config', input, `setting-${n}`);
      expect(answer).toMatchObject({ ok: true, events: ['ConfigChanged'] });
      positions.push(answer.position);
    }
    await reading;
    const { cuts } = proxy;
    expect(cuts()).toBeGreaterThan(COMMANDS / 4);
    expect(await server.stop()).toBe(0);
    const log = await eventsIn(product.data);
    expect([...(await damageIn(product.data)), ...gapsIn(log), ...doubledIn(log)]).toEqual([]);
    const told = log.filter((event) => event.type === 'ConfigChanged' && Number(event.position) > start);
    expect(told.map((event) => event.position)).toEqual(positions);
    expect(seen).toEqual(positions);
    console.log(`sockets: ${COMMANDS} commands and a reader, ${cuts()} connections lost in the middle`);
  });
});

describe('clients that go silent', () => {
  it('in the middle of a request or while they wait keep nobody else from an answer, nor the server from its end', async () => {
    const { port, hostname, host } = new URL(server.url);
    const silent = await Promise.all(Array.from({ length: SILENT }, () => opened(Number(port), hostname)));
    const head = `host: ${host}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
    const waiting = JSON.stringify({ after: await product.operator.head(), timeoutMs: CALL_MS });
    const said = [
      'POST /api/com',
      `POST /api/commands/set_config HTTP/1.1\r\n${head}content-length: 100\r\n\r\n{"cha`,
      `POST /api/queries/wait_for_events HTTP/1.1\r\n${head}content-length: ${waiting.length}\r\n\r\n${waiting}`,
    ];
    for (const [n, socket] of silent.entries()) socket.write(said[n % said.length] as string);
    const before = Number(await product.operator.head());
    for (let n = 0; n < 20; n++)
      await product.operator.command('set_config', { changes: { 'server.idleExitMs': 70_000 + n } });
    // Those with half a body go without a word, for them the server would wait its ten seconds; the others stay to the end.
    for (const [n, socket] of silent.entries()) if (n % said.length === 1) socket.resetAndDestroy();
    expect((await product.operator.ask('/health')).status).toBe(200);
    expect(Number(await product.operator.head())).toBe(before + 20);
    expect(await server.stop()).toBe(0);
    for (const socket of silent) socket.destroy();
    expect(await damageIn(product.data)).toEqual([]);
  });
});

function opened(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => resolve(socket));
    socket.once('error', reject);
    // The server may end it first.
    socket.on('error', () => {});
    socket.resume();
  });
}
