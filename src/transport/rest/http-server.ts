import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import type { Principal } from '../../commands/index.ts';
import { type Failure, Fault, HephError, invalid, isFailure } from '../../kernel/errors.ts';
import { failureOf } from '../answers.ts';
import { createMcpFace } from '../mcp/index.ts';
import { createTickets, createWsFace, WS_PATH, type WsFace } from '../ws/index.ts';
import { addCommandRoutes } from './command-routes.ts';
import { addDocumentation } from './documentation.ts';
import { type Drain, watchRequests } from './drain.ts';
import { fastifyFailure, refuse, refuseOnRawSocket, refuseOnSocket } from './failures.ts';
import { createGate, type Gate } from './gate.ts';
import { guard } from './guard.ts';
import type { HttpContext, HttpServerParts } from './http-context.ts';
import { BODY_BYTES_MAX, parseJsonBody } from '../json-body.ts';
import { addKeystrokeRoute } from './keystroke-route.ts';
import { addLoginRoutes } from './login-routes.ts';
import { addMcpRoute } from './mcp-route.ts';
import { addPageRoutes } from './page-routes.ts';
import { addReadRoutes } from './read-routes.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import { watchRoutes } from './routes.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { addStatusRoutes } from './status-routes.ts';
import { addStreamRoutes } from './stream-routes.ts';

export interface Address {
  host: string;
  port: number;
  url: string;
}

export interface HttpServer {
  /** Resolves when requests are taken. Throws Fault `server.port_in_use`. `port` 0 chooses a free one. */
  listen(where: { host: string; port: number }): Promise<Address>;
  /** Null before `listen` and after `close`. */
  address(): Address | null;
  /** A code for `GET /login?code=`: works once, within a minute. */
  createLoginCode(): { code: string; expiresInMs: number };
  /** What is answered to, after `listen`: `POST /mcp`, … */
  routes(): string[];
  /** Refuses further requests (`server.stopping`), ends long polls, lets the others finish, for `DRAIN_MS` at most. Safe twice. */
  close(): Promise<void>;
}

const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;
const SLOW_CHECK_MS = 2_000;
const HEADER_BYTES_MAX = 16_384;
const CONNECTIONS_MAX = 4_096;
const DRAIN_MS = 10_000;
const WORKER_RATE = { perSecond: 50, burst: 200 };

/** REST, OpenAPI and its page, metrics and MCP behind one door; see `guard.ts` for what is asked at it. */
export function createHttpServer(parts: HttpServerParts): HttpServer {
  const closing = new AbortController();
  let door: { gate: Gate; sessions: Sessions } | null = null;
  let address: Address | null = null;
  let closed: Promise<void> | null = null;
  // Made at the first request: with port 0, the names under which the server answers are known only when it listens.
  const atDoor = () => (door ??= openDoor((app.server.address() as AddressInfo).port, parts));
  const { app, routes, drain, ws } = createApp({
    ...parts,
    tickets: createTickets(parts),
    gate: () => atDoor().gate,
    sessions: () => atDoor().sessions,
    closing: closing.signal,
  });

  return {
    async listen({ host, port }) {
      await app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') throw error;
        throw new Fault('server.port_in_use', `Port ${port} of ${host} is taken.`, { cause: error, retryable: false });
      });
      const actual = (app.server.address() as AddressInfo).port;
      address = { host, port: actual, url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}` };
      return address;
    },
    address: () => address,
    routes,
    createLoginCode: () => atDoor().sessions.createCode(),
    close() {
      closed ??= (async () => {
        closing.abort();
        await ws?.close();
        const tooLong = new Promise<void>((resolve) => parts.clock.after(DRAIN_MS, resolve));
        await Promise.race([drain.empty(), tooLong]);
        app.server.closeAllConnections();
        await app.close();
        address = null;
      })();
      return closed;
    },
  };
}

function openDoor(port: number, { clock, random, keptSessions }: HttpServerParts): { gate: Gate; sessions: Sessions } {
  return {
    gate: createGate(port),
    sessions: createSessions({ clock, random, port, ...(keptSessions && { kept: keptSessions }) }),
  };
}

function createApp(context: HttpContext): {
  app: FastifyInstance;
  routes: () => string[];
  drain: Drain;
  ws: WsFace | null;
} {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 200 },
    http: {
      headersTimeout: HEADERS_MS,
      connectionsCheckingInterval: SLOW_CHECK_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      // Two Host or Authorization headers become one that nobody accepts, instead of the first one winning.
      joinDuplicateHeaders: true,
      shouldUpgradeCallback: (request) => context.live !== undefined && isForSocket(request),
    },
    clientErrorHandler: refuseOnSocket,
    frameworkErrors: (error, _request, reply) => {
      void refuse(reply, fastifyFailure(error) ?? failureOf(error, context.log));
    },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.decorateRequest('principal', null as unknown as Principal);
  takeJsonOnly(app);
  const drain = watchRequests(app.server);
  const rate = createRateLimit({ clock: context.clock, ...(context.rate ?? WORKER_RATE) });
  app.addHook('onRequest', guard(context, rate));
  const ws = openWs(context, rate);
  if (ws) app.server.on('upgrade', ws.upgrade);
  app.setErrorHandler((error, _request, reply) =>
    refuse(reply, fastifyFailure(error) ?? failureOf(error, context.log)),
  );
  app.setNotFoundHandler((request, reply) =>
    refuse(reply, invalid('route.unknown', `There is nothing at ${request.url.slice(0, 200)}.`)),
  );
  // The way in parses each input once, by its own schema; the schemas on the routes are what the documentation is made from.
  app.setValidatorCompiler(() => (value) => ({ value }));
  app.setSerializerCompiler(() => JSON.stringify);
  const mcp = createMcpFace(context);
  const known = watchRoutes(app);
  app.register(async (routes) => {
    await addDocumentation(routes, context);
    addCommandRoutes(routes, context);
    addReadRoutes(routes, context);
    addStatusRoutes(routes, context);
    addLoginRoutes(routes, context);
    addPageRoutes(routes, context);
    if (ws) addStreamRoutes(routes, context);
    addKeystrokeRoute(routes, context);
    addMcpRoute(routes, context, mcp);
    known.refuseOtherMethods();
  });
  return { app, routes: known.list, drain, ws };
}

function openWs(context: HttpContext, rate: RateLimit): WsFace | null {
  const { live, during = (open) => open() } = context;
  if (!live) return null;
  return createWsFace({
    ...context,
    live,
    during,
    refuseStranger: (headers) => context.gate().refuse(headers),
    tooOften: ({ role, id }) => (role === 'worker' ? rate.take(id) : null),
    refuse(socket, failure) {
      // Nobody reads what a client sends that was to become a socket and does not.
      socket.once('finish', () => socket.destroy());
      refuseOnRawSocket(socket, failure);
    },
  });
}

/** Every other wish for another protocol is passed over, as HTTP allows; the request is then one like any other. */
function isForSocket({ url, headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && (url === WS_PATH || url?.startsWith(`${WS_PATH}?`) === true);
}

function takeJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, bytes, done) => {
    const value: unknown | Failure = parseJsonBody(bytes as Buffer);
    if (isFailure(value)) done(HephError.of(value));
    else done(null, value);
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, as the token says; set before any handler runs, but at the doors marked `open`. */
    principal: Principal;
  }
  interface FastifyContextConfig {
    /** No token is asked for: only the login, which has a code. */
    open?: boolean;
  }
}
