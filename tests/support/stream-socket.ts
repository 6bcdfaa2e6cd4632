import { WebSocket } from 'ws';
import { type ClientMessage, type ServerMessage, serverMessages } from '../../src/transport/ws/protocol.ts';

type Of<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

/** A bare client of `/api/stream` that holds whatever it is told against the protocol's schemas. */
export interface StreamSocket {
  ws: WebSocket;
  send(message: ClientMessage): void;
  raw(data: string | Uint8Array): void;
  /** Every message so far. */
  all: ServerMessage[];
  /** Binary messages so far. */
  binary: Buffer[];
  /** The next message of that type, from the last one on that was waited for. Rejects when the socket closes first. */
  next<T extends ServerMessage['type']>(type: T, fits?: (message: Of<T>) => boolean): Promise<Of<T>>;
  /** Resolves when `enough` holds, looked at after each message. */
  until(enough: () => boolean): Promise<void>;
  closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

export interface Dial {
  url: string;
  headers?: Record<string, string>;
  path?: string;
}

/** Resolves when the socket is open; rejects with the status of a refusal in the message. */
export async function openSocket({ url, headers = {}, path = '/api/stream' }: Dial): Promise<StreamSocket> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers, perMessageDeflate: false });
  const all: ServerMessage[] = [];
  const binary: Buffer[] = [];
  const looks = new Set<() => void>();
  let seen = 0;
  let gone = false;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.on('close', (code, reason) => {
      gone = true;
      for (const look of [...looks]) look();
      resolve({ code, reason: String(reason) });
    });
  });
  ws.on('message', (data: Buffer, isBinary) => {
    if (isBinary) binary.push(data);
    else {
      const message = JSON.parse(String(data)) as ServerMessage;
      serverMessages[message.type].parse(message);
      all.push(message);
    }
    for (const look of [...looks]) look();
  });
  await new Promise<void>((resolve, reject) => {
    ws.once('open', () => {
      ws.on('error', () => {});
      resolve();
    });
    ws.once('error', reject);
  });

  function until(enough: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (enough()) resolve();
        else if (gone) reject(new Error(`the socket closed; the last message was ${JSON.stringify(all.at(-1))}`));
        else return;
        looks.delete(look);
      };
      looks.add(look);
      look();
    });
  }

  return {
    ws,
    all,
    binary,
    closed,
    until,
    send: (message) => ws.send(JSON.stringify(message)),
    raw: (data) => ws.send(data),
    async next(type, fits = () => true) {
      let found = -1;
      await until(() => {
        found = all.findIndex((one, n) => n >= seen && one.type === type && fits(one as Of<typeof type>));
        return found >= 0;
      });
      seen = found + 1;
      return all[found] as Of<typeof type>;
    },
    async close() {
      ws.close();
      await closed;
    },
  };
}

/** The events that a subscription was sent. */
export function eventsOf(socket: StreamSocket, id: string) {
  return socket.all.flatMap((message) => (message.type === 'events' && message.id === id ? message.events : []));
}
