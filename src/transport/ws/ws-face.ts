import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { authenticate, type CommandBus, COMMANDS, type Principal, type TokenIndex } from '../../commands/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { denied, type Failure, Fault, isFailure, messageOf } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/log.ts';
import type { Live } from '../../queries/index.ts';
import { contradiction, recordDenial } from '../denials.ts';
import { offeredCommands } from '../offered.ts';
import { type Caller, type Connection, openConnection } from './connection.ts';
import { createFanOut } from './fan-out.ts';
import { textFrame } from './frame.ts';
import { createTurn } from './outbox.ts';
import { CLOSE, HEARTBEAT_MS, LIMITS, PROTOCOL_VERSION } from './protocol.ts';
import type { Tickets } from './tickets.ts';

export interface WsParts {
  bus: CommandBus;
  live: Live;
  tokens: TokenIndex;
  tickets: Tickets;
  clock: Clock;
  log: Log;
  /** Why the names under which a request addresses us, or the page that it comes from, are not ours. */
  refuseStranger(headers: IncomingMessage['headers']): Failure | null;
  tooOften(principal: Principal): Failure | null;
  /** Told of a socket for as long as it is open. */
  during(open: () => Promise<void>): unknown;
  /** Answers a request that does not become a socket. */
  refuse(socket: Duplex, failure: Failure): void;
}

export interface WsFace {
  /** What Node's `upgrade` event brings. Nothing of it is trusted. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Refuses further sockets, tells the open ones to come again, and resolves when they are closed or cut off. Safe twice. */
  close(): Promise<void>;
}

export const WS_PATH = '/api/stream';
const CLOSE_MS = 1_000;
const always = () => true;

/** `/api/stream`: bare `ws` behind the door that the other faces share. */
export function createWsFace(parts: WsParts): WsFace {
  const { bus, live, clock, log } = parts;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: LIMITS.messageBytes,
    // Its pongs would wait without a bound for a client that does not read.
    autoPong: false,
  });
  const turn = createTurn();
  const fanOut = createFanOut(live.events, turn);
  const offered = new Set(offeredCommands(COMMANDS).map(({ name }) => name));
  const context = { bus, live, fanOut, turn, log, offered, tooOften: parts.tooOften };
  const connections = new Map<Connection, Duplex>();
  const socketsOf = new Map<string, number>();
  let closing = false;
  let stopBeats: (() => void) | null = null;
  let emptied: (() => void) | null = null;

  live.events.ended.catch((error: unknown) => {
    if (!closing) log.error({ error: messageOf(error) }, 'nothing more comes over /api/stream');
    for (const connection of connections.keys()) connection.close(CLOSE.ended, { code: 'log.closed' });
  });

  /** Who asks for a socket, or why there is none. */
  function admit(request: IncomingMessage): Caller | Failure {
    const { headers } = request;
    if (closing) return new Fault('server.stopping', 'The server is stopping.');
    const stranger = parts.refuseStranger(headers);
    if (stranger) return stranger;
    const caller = callerOf(request);
    if (isFailure(caller)) return caller;
    const { principal } = caller;
    const max = principal.role === 'worker' ? LIMITS.socketsPerAgent : LIMITS.socketsPerOperator;
    if ((socketsOf.get(principal.id) ?? 0) >= max)
      return denied('stream.too_many', `${max} sockets of one token are open already.`);
    return caller;
  }

  /** By a ticket from one of our own pages, or by a bearer token; a cookie alone opens nothing. */
  function callerOf({ headers, url = '' }: IncomingMessage): Caller | Failure {
    const ticket = new URLSearchParams(url.slice(WS_PATH.length + 1)).get('ticket');
    if (ticket !== null) {
      if (headers.origin === undefined) return denied('auth.origin', 'With a ticket, the Origin header must be there.');
      const principal = parts.tickets.redeem(ticket);
      return isFailure(principal) ? principal : { principal, isKnown: always };
    }
    const { authorization } = headers;
    const principal = authenticate(parts.tokens, authorization);
    if (isFailure(principal)) return principal;
    return { principal, isKnown: principal.role === 'worker' ? stillKnown(authorization) : always };
  }

  /** In a function of its own: only what an agent's socket needs is kept. */
  function stillKnown(authorization: string | undefined): () => boolean {
    return () => !isFailure(authenticate(parts.tokens, authorization));
  }

  function opened(connection: Connection, socket: Duplex, principal: Principal): void {
    connections.set(connection, socket);
    socketsOf.set(principal.id, (socketsOf.get(principal.id) ?? 0) + 1);
    stopBeats ??= beats();
    const closed = new Promise<void>((resolve) => socket.once('close', resolve));
    parts.during(() => closed);
    socket.once('close', () => {
      connections.delete(connection);
      const left = (socketsOf.get(principal.id) ?? 1) - 1;
      if (left === 0) socketsOf.delete(principal.id);
      else socketsOf.set(principal.id, left);
      if (connections.size > 0) return;
      stopBeats?.();
      stopBeats = null;
      emptied?.();
    });
  }

  /** One clock for all sockets, and none while there is no socket. */
  function beats(): () => void {
    return clock.after(HEARTBEAT_MS, () => {
      live.views.refresh();
      fanOut.flush();
      const heartbeat = textFrame(JSON.stringify({ type: 'heartbeat', position: String(fanOut.through()) }));
      for (const connection of connections.keys()) connection.beat(heartbeat);
      stopBeats = connections.size > 0 ? beats() : null;
    });
  }

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => {});
      const caller = admit(request);
      if (isFailure(caller)) return parts.refuse(socket, caller);
      const { principal } = caller;
      const foreign = contradiction(principal, request.headers['x-agent-id']);
      if (foreign) {
        const refused = () => parts.refuse(socket, foreign);
        return void recordDenial(bus, principal, `GET ${WS_PATH}`, foreign).then(refused, refused);
      }
      server.handleUpgrade(request, socket, head, (ws) => {
        const connection = openConnection(ws, socket, caller, context);
        opened(connection, socket, principal);
        connection.send({
          type: 'welcome',
          v: PROTOCOL_VERSION,
          principal: { role: principal.role, id: principal.id },
          logId: live.logId,
          position: String(live.events.position()),
          heartbeatMs: HEARTBEAT_MS,
        });
      });
    },
    async close() {
      closing = true;
      fanOut.close();
      const gone = new Promise<void>((resolve) => (emptied = resolve));
      for (const connection of connections.keys()) connection.close(CLOSE.goingAway, { code: 'server.stopping' });
      if (connections.size === 0) return;
      const tooLong = new Promise<void>((resolve) => clock.after(CLOSE_MS, resolve));
      await Promise.race([gone, tooLong]);
      for (const socket of connections.values()) socket.destroy();
    },
  };
}
