import type { IncomingHttpHeaders, Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import type { ClientMessage } from '../../src/transport/ws/protocol.ts';

/** What a server is asked. */
export interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
}

export interface Answer {
  status?: number;
  body?: unknown;
  /** Breaks the connection instead of answering. */
  hangUp?: boolean;
}

interface Page {
  events: { position: string; stream?: string; type?: string }[];
  position?: string;
}

export interface FakeStream {
  /** Asks for events and views again: there are others by now. */
  look(): void;
  cutAll(): void;
}

type Ask = (path: string, body: unknown) => Promise<Answer>;

/**
 * `/api/stream` over what a fake server answers by HTTP: events come from its `wait_for_events`, asked for as long as there are more,
 * and again after each message of the client and after `look`; views from its `get_view`. An answer that hangs up cuts the socket.
 */
export function fakeStream(http: Server, answer: (asked: Asked) => Answer | Promise<Answer>): FakeStream {
  const lookers = new Set<() => void>();
  const wss = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    const ask: Ask = async (path, body) => {
      const one: Asked = { method: 'POST', path, headers: request.headers, body };
      return answer(one);
    };
    wss.handleUpgrade(request, socket, head, (ws) => {
      const look = serve(ws, ask);
      lookers.add(look);
      ws.on('close', () => lookers.delete(look));
    });
  });
  return {
    look() {
      for (const look of lookers) look();
    },
    cutAll() {
      for (const ws of wss.clients) ws.terminate();
    },
  };
}

type ViewWanted = Extract<ClientMessage, { type: 'subscribe_view' }>;

interface EventsWanted {
  id: string;
  /** What `wait_for_events` takes as well. */
  filter: Record<string, unknown>;
  fits(event: Page['events'][number]): boolean;
  after: string;
  caughtUp: boolean;
}

function serve(ws: WebSocket, ask: Ask): () => void {
  const wanted = new Map<string, EventsWanted>();
  const views = new Map<string, ViewWanted>();
  const send = (message: object) => ws.send(JSON.stringify(message));
  let at = '0';

  async function result<T>(path: string, body: unknown): Promise<T | null> {
    const { body: told, hangUp } = await ask(path, body);
    if (hangUp) ws.terminate();
    return hangUp ? null : ((told as { result: T }).result ?? null);
  }

  async function pump(one: EventsWanted): Promise<void> {
    while (ws.readyState === WebSocket.OPEN && wanted.has(one.id)) {
      const asked = { ...one.filter, after: one.after, timeoutMs: 0 };
      const page = await result<Page>('/api/queries/wait_for_events', asked);
      const last = page?.events.at(-1)?.position;
      if (!page || last === undefined || BigInt(last) <= BigInt(one.after)) break;
      one.after = last;
      if (BigInt(last) > BigInt(at)) at = last;
      const events = page.events.filter(one.fits);
      if (events.length > 0) send({ type: 'events', id: one.id, position: last, events });
    }
    if (!one.caughtUp) send({ type: 'caught_up', id: one.id, position: one.after });
    one.caughtUp = true;
  }

  async function show({ id, view, params }: ViewWanted): Promise<void> {
    const found = await result<object>('/api/queries/get_view', { view, params });
    const empty = { v: 1, view, params, rows: {}, summary: {} };
    if (found) send({ ...empty, ...found, type: 'snapshot', id, position: at, asOf: 0 });
  }

  async function take(message: ClientMessage): Promise<void> {
    const { id } = message;
    if (message.type === 'subscribe_events') {
      const { after, stream, types, workflowId, taskId } = message;
      const filter = { ...(types && { types }), ...(workflowId && { workflowId }), ...(taskId && { taskId }) };
      const fits: EventsWanted['fits'] = (event) =>
        (stream === undefined || event.stream === stream) && (types?.includes(event.type as string) ?? true);
      const from = after === 'start' ? '0' : (after as string);
      wanted.set(id, { id, filter, fits, after: from, caughtUp: false });
      send({ type: 'subscribed', id, after: from });
    } else if (message.type === 'subscribe_view') {
      views.set(id, message);
      await show(message);
    } else if (message.type === 'command') {
      const { body } = await ask(`/api/commands/${message.name}`, message.input);
      const { error } = body as { error?: object };
      send(error ? { type: 'error', id, error } : { type: 'answer', id, result: body as object });
    } else if (message.type === 'reach') send({ type: 'reached', id, position: at });
    else if (message.type === 'unsubscribe') {
      wanted.delete(id);
      views.delete(id);
    }
    await pumpAll();
  }

  async function pumpAll(): Promise<void> {
    for (const one of wanted.values()) await pump(one);
  }

  let turn = Promise.resolve();
  ws.on('message', (data: Buffer) => {
    turn = turn.then(() => take(JSON.parse(String(data)) as ClientMessage));
  });
  const principal = { role: 'operator', id: 'operator' };
  async function lookAtViews(): Promise<void> {
    for (const one of views.values()) await show(one);
  }

  const look = () => void (turn = turn.then(lookAtViews).then(pumpAll));
  send({ type: 'welcome', v: 1, principal, logId: 'log', position: '0', heartbeatMs: 15_000 });
  return look;
}
