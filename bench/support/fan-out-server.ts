import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { sha256 } from '../../src/kernel/canonical.ts';
import { systemClock, systemRandom } from '../../src/kernel/adapters/system.ts';
import { silentLog } from '../../src/kernel/log.ts';
import { createMemoryCache } from '../../src/projections/adapters/memory-cache.ts';
import { startProjectionHost, VIEWS } from '../../src/projections/index.ts';
import { createIdIndex, createLive } from '../../src/queries/index.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import type { NewEvent } from '../../src/store/event-store.ts';
import { createHttpServer, createMetrics } from '../../src/transport/rest/index.ts';

/**
 * The publisher of a fan-out, in a process of its own so that what it costs can be told from what its clients cost:
 * `heph`, the log in memory with its views and `/api/stream`, or `bare`, where `ws` sends each message to each client.
 */
export interface Publish {
  /** Ticks before those that count: what the compiler learns from the first ones is no cost of the later ones. */
  warmUp: number;
  ticks: number;
  eventsPerTick: number;
  everyMs: number;
}

export interface Published {
  /** Of this process, over the publishing. */
  cpuMs: number;
}

/** What the parent may send, and is answered. */
export type Asked = { do: 'publish'; publish: Publish } | { do: 'measure' };
export type Answer = { url: string } | Published | { residentKb: number };

const TOKEN = `hph_o_${'b'.repeat(43)}`;
/** About 300 bytes as a client gets it, beside the time. */
const TEXT = 'x'.repeat(40);
const LOOKS = 30;
const LOOK_MS = 100;

let made = 0;
function event(): NewEvent {
  const id = `evt_${String(made++).padStart(26, '0')}`;
  const data = { sentNs: String(process.hrtime.bigint()), text: TEXT };
  return { id, type: 'Noted', v: 1, at: Date.now(), data, meta: { actor: 'operator', correlationId: id } };
}

interface Publisher {
  url: string;
  tick(events: number): Promise<unknown> | void;
}

async function openHeph(): Promise<Publisher> {
  const [clock, random, log] = [systemClock, systemRandom, silentLog];
  const store = openMemoryStore();
  const views = await startProjectionHost({
    store,
    views: VIEWS,
    cache: createMemoryCache(),
    logId: 'log_bench',
    clock,
  });
  const bus = { execute: () => Promise.reject(new Error('nobody sends commands here')) };
  const server = createHttpServer({
    ...{ bus, clock, random, log, version: 'bench' },
    metrics: createMetrics({
      clock,
      queueLength: () => 0,
      agents: () => ({}),
      coherence: () => ({ warnings: {}, score: null }),
    }),
    queries: { table: new Map(), run: async () => ({}) },
    tokens: { operatorHash: sha256(TOKEN), agentByTokenHash: () => null, isStarting: () => false },
    health: async () => ({ ready: true, problems: [] }),
    live: createLive({
      ...{ store, views, clock, logId: 'log_bench', ids: createIdIndex(store) },
      transcripts: { id: 'local', readTerminal: () => Promise.reject(new Error('no terminals here')) },
    }),
  });
  const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, tick: (events) => store.append('note-bench', 'any', Array.from({ length: events }, event)) };
}

async function openBare(): Promise<Publisher> {
  const http = createServer();
  const ws = new WebSocketServer({ server: http, perMessageDeflate: false, clientTracking: false });
  const clients = new Set<WebSocket>();
  ws.on('connection', (client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    // Whoever is heard is answered, so that both kinds of clients begin in the same way.
    client.on('message', () => client.send('{"type":"caught_up"}'));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    tick(events) {
      for (let n = 0; n < events; n++) {
        const message = JSON.stringify({
          ...event(),
          stream: 'note-bench',
          revision: made,
          position: String(made),
          text: null,
        });
        for (const client of clients) client.send(message);
      }
    },
  };
}

async function publish(publisher: Publisher, how: Publish): Promise<Published> {
  await tickFor(how.warmUp, publisher, how);
  const before = process.cpuUsage();
  await tickFor(how.ticks, publisher, how);
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000 };
}

async function tickFor(ticks: number, publisher: Publisher, { eventsPerTick, everyMs }: Publish): Promise<void> {
  for (let n = 0; n < ticks; n++) {
    await publisher.tick(eventsPerTick);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Once what was only passing through has been given back to the system: that takes the collector more than one turn. */
async function residentKb(): Promise<number> {
  for (let look = 0; look < LOOKS; look++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return process.memoryUsage.rss() / 1024;
}

const publisher = await (process.argv[2] === 'bare' ? openBare() : openHeph());
const answer = (what: Answer) => process.send?.(what);
process.on('message', (asked: Asked) => {
  if (asked.do === 'measure') void residentKb().then((kb) => answer({ residentKb: kb }));
  else void publish(publisher, asked.publish).then(answer);
});
// Nobody is left behind when the benchmark ends.
process.on('disconnect', () => process.exit());
answer({ url: publisher.url });
