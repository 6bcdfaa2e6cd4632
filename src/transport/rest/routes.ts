import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Principal, Role } from '../../commands/index.ts';
import { denied, type Failure, HephError, invalid } from '../../kernel/errors.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Sends a value as JSON, printed here so that Fastify looks for no serializer. */
export function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(value));
}

/** Throws Denied `auth.role` unless the principal has one of the roles. */
export function requireRole(principal: Principal, roles: readonly Role[]): void {
  if (!roles.includes(principal.role))
    throw HephError.of(denied('auth.role', `This is not for the role ${principal.role}.`));
}

/** Aborts when the client is gone or the server closes: nobody waits for the answer any more. */
export function abandoned(request: FastifyRequest, reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return request.raw.destroyed ? AbortSignal.abort() : AbortSignal.any([gone.signal, closing]);
}

export interface KnownRoutes {
  /** Adds, at every address known so far, an answer for all other methods. */
  refuseOtherMethods(): void;
  /** `POST /mcp`, …: what is answered to. */
  list(): string[];
}

/** Remembers the addresses that are added from now on. */
export function watchRoutes(app: FastifyInstance): KnownRoutes {
  const known = new Map<string, Set<string>>();
  let watching = true;
  app.addHook('onRoute', ({ method, url }) => {
    if (!watching) return;
    const methods = known.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    known.set(url, methods);
  });
  function refuseOtherMethods(): void {
    watching = false;
    for (const [url, methods] of known) {
      const refused = METHODS.filter((method) => !methods.has(method));
      const allow = [...methods].join(', ');
      app.route({
        method: refused,
        url,
        schema: { hide: true },
        // Before the body is read, whatever it is.
        onRequest: (_request, reply, done) => {
          reply.header('allow', allow);
          done(HephError.of(failureFor(allow)));
        },
        handler: () => {},
      });
    }
  }

  return {
    refuseOtherMethods,
    list: () => [...known].flatMap(([url, methods]) => [...methods].map((method) => `${method} ${url}`)),
  };
}

function failureFor(allow: string): Failure {
  return invalid('route.wrong_method', `This address takes ${allow} only.`);
}
