import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type BenchOptions, compare, type Figure } from './measure.ts';
import type { Clients, Received } from './support/fan-out-clients.ts';
import type { Answer, Asked, Publish, Published } from './support/fan-out-server.ts';
import { atMost, type Goal, within } from './support/goals.ts';

type Kind = 'heph' | 'bare';

const SUBSCRIBERS = 100;
const MANY = 1000;
const PAUSED = 50;
const ROUNDS = 5;
/** A tick every so often: the clients keep up, so that what is measured is the way and not a queue. */
const PACE_MS = 10;
const WARM_UP = 200;

/** What is published to many subscribers of `/api/stream`, beside bare `ws` that sends the same messages. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const ticks = quick ? 20 : 200;
  return [
    await delayFigure(ticks),
    await costFigure('fan-out, 8 events a tick', ticks, 8, atMost(0.25)),
    await costFigure('fan-out, 1 event a tick', ticks, 1, atMost(1.05)),
    await memoryFigure(quick ? 200 : MANY),
    await pausedFigure(quick ? 20 : 100),
  ];
}

function delayFigure(ticks: number): Promise<Figure> {
  const side = (kind: Kind) => async () => {
    const { received } = await fanOut(kind, { count: SUBSCRIBERS, paused: 0 }, publishing(ticks, 1));
    return received.p99Ms;
  };
  const about = { subject: 'published → received, 100 subscribers, p99', unit: 'ms', goal: atMost(2) };
  return compare(about, { product: side('heph'), floor: side('bare') }, ROUNDS);
}

/** Processor time of the server for one event to one subscriber. */
function costFigure(subject: string, ticks: number, eventsPerTick: number, goal: Goal): Promise<Figure> {
  const deliveries = ticks * eventsPerTick * SUBSCRIBERS;
  const side = (kind: Kind) => async () => {
    const { published } = await fanOut(kind, { count: SUBSCRIBERS, paused: 0 }, publishing(ticks, eventsPerTick));
    return (published.cpuMs * 1000) / deliveries;
  };
  return compare({ subject, unit: 'µs', goal }, { product: side('heph'), floor: side('bare') }, ROUNDS);
}

/** What a subscriber that waits takes of the server's memory. */
function memoryFigure(count: number): Promise<Figure> {
  const waiting = { paused: 0, warmUp: 0, events: 1 };
  const side = (kind: Kind) => () =>
    withServer(kind, async (server) => {
      // What the first ones bring about once is no cost of theirs.
      return withClients({ ...waiting, url: server.url, count: PAUSED }, async () => {
        const before = await server.residentKb();
        return withClients({ ...waiting, url: server.url, count }, async () => {
          return ((await server.residentKb()) - before) / count;
        });
      });
    });
  const about = { subject: `memory per subscriber, ${count} of them`, unit: 'kB', goal: within(12, 'kB') };
  return compare(about, { product: side('heph'), floor: side('bare') }, ROUNDS);
}

/** What one subscriber waits beside 50 that do not read, and beside 50 that do. */
function pausedFigure(ticks: number): Promise<Figure> {
  const side = (paused: number) => async () => {
    const { received } = await fanOut('heph', { count: PAUSED + 1, paused }, publishing(ticks, 64));
    return received.p50Ms;
  };
  const about = { subject: 'published → received beside 50 paused ones, p50', unit: 'ms', goal: atMost(1.1) };
  return compare(about, { product: side(PAUSED), floor: side(0) }, ROUNDS);
}

function publishing(ticks: number, eventsPerTick: number): Publish {
  return { warmUp: WARM_UP, ticks, eventsPerTick, everyMs: PACE_MS };
}

function eventsOf({ warmUp, ticks, eventsPerTick }: Publish) {
  return { warmUp: warmUp * eventsPerTick, events: ticks * eventsPerTick };
}

function fanOut(kind: Kind, who: Pick<Clients, 'count' | 'paused'>, publish: Publish) {
  return withServer(kind, (server) =>
    withClients({ url: server.url, ...who, ...eventsOf(publish) }, async (all) => {
      // Asked for before anything is published: the answer comes once.
      const received = all();
      return { published: await server.publish(publish), received: await received };
    }),
  );
}

interface Server {
  url: string;
  publish(publish: Publish): Promise<Published>;
  residentKb(): Promise<number>;
}

async function withServer<T>(kind: Kind, use: (server: Server) => Promise<T>): Promise<T> {
  const child = fork(fileURLToPath(new URL('./support/fan-out-server.ts', import.meta.url)), [kind], {
    execArgv: ['--expose-gc'],
  });
  const next = async () => (await once(child, 'message'))[0] as Answer;
  const ask = (asked: Asked) => {
    const answered = next();
    child.send(asked);
    return answered;
  };
  try {
    const { url } = (await next()) as { url: string };
    return await use({
      url,
      publish: async (publish) => (await ask({ do: 'publish', publish })) as Published,
      residentKb: async () => ((await ask({ do: 'measure' })) as { residentKb: number }).residentKb,
    });
  } finally {
    const gone = once(child, 'exit');
    child.disconnect();
    await gone;
  }
}

async function withClients<T>(clients: Clients, use: (all: () => Promise<Received>) => Promise<T>): Promise<T> {
  const child = fork(fileURLToPath(new URL('./support/fan-out-clients.ts', import.meta.url)));
  try {
    const ready = once(child, 'message');
    child.send(clients);
    await ready;
    return await use(async () => (await once(child, 'message'))[0] as Received);
  } finally {
    const gone = once(child, 'exit');
    child.disconnect();
    await gone;
  }
}
