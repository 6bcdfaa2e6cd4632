import { WebSocket } from 'ws';

/** Many clients of a fan-out in a process of its own. The first are paused, and read nothing once they have caught up. */
export interface Clients {
  url: string;
  count: number;
  paused: number;
  /** So many events come before those that count. */
  warmUp: number;
  /** So many events that count are awaited by each that reads. */
  events: number;
}

/** Of all that read: from the event's making to its arrival, in milliseconds, at these shares of the events. */
export interface Received {
  p50Ms: number;
  p99Ms: number;
}

const TOKEN = `hph_o_${'b'.repeat(43)}`;
const SENT = /"sentNs":"(\d+)"/g;
/** At a time: the kernel's queue of connections that nobody has accepted yet is short. */
const OPENING = 50;

async function open(url: string, heard: (text: string) => void): Promise<WebSocket> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/api/stream`, {
    perMessageDeflate: false,
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const caughtUp = Promise.withResolvers<void>();
  ws.on('error', caughtUp.reject);
  ws.on('open', () => ws.send('{"type":"subscribe_events","id":"e","after":"now"}'));
  ws.on('message', (data) => {
    const text = String(data);
    if (text.includes('"caught_up"')) caughtUp.resolve();
    else heard(text);
  });
  await caughtUp.promise;
  return ws;
}

async function begin({ url, count, paused, warmUp, events }: Clients): Promise<void> {
  let delays: number[] = [];
  const reading = count - paused;
  const wanted = reading * (warmUp + events);
  const heard = (text: string) => {
    const now = process.hrtime.bigint();
    for (const [, sent] of text.matchAll(SENT)) delays.push(Number(now - BigInt(sent as string)) / 1e6);
    if (delays.length < wanted) return;
    delays = delays.slice(reading * warmUp);
    delays.sort((a, b) => a - b);
    const at = (share: number) => delays[Math.floor((delays.length - 1) * share)] as number;
    process.send?.({ p50Ms: at(0.5), p99Ms: at(0.99) } satisfies Received);
  };
  for (let from = 0; from < count; from += OPENING) {
    const some = Array.from({ length: Math.min(OPENING, count - from) }, (_, n) => from + n);
    await Promise.all(
      some.map(async (n) => {
        const ws = await open(url, n < paused ? () => {} : heard);
        if (n < paused) ws.pause();
      }),
    );
  }
  process.send?.('ready');
}

process.on('message', (clients: Clients) => void begin(clients));
process.on('disconnect', () => process.exit());
