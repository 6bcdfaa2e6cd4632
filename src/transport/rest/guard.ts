import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { type Failure, Fault, HephError, invalid, isFailure } from '../../kernel/errors.ts';
import { contradiction, recordDenial } from '../denials.ts';
import type { HttpContext } from './http-context.ts';
import { identify } from './identify.ts';
import type { RateLimit } from './rate-limit.ts';
import { setSecurityHeaders } from './security-headers.ts';

/**
 * What is asked of every request before its body is read, also of one for an address that does not exist:
 *
 *   the server is not stopping → Host and Origin are ours → the token or the cookie is known
 *   → no header claims to be another agent → not too often
 *
 * What the role may do is asked later, by the bus and by the queries, who know what is wanted.
 */
export function guard(context: HttpContext, rate: RateLimit): onRequestHookHandler {
  return (request, reply, done) => {
    setSecurityHeaders(reply);
    const refusal = admit(request);
    if (!refusal) return done();
    const refused = () => done(HephError.of(refusal));
    if (refusal.code !== 'auth.impersonation') return refused();
    recordDenial(context.bus, request.principal, `${request.method} ${request.url}`, refusal).then(refused, done);
  };

  function admit(request: FastifyRequest): Failure | null {
    const { headers, method, url } = request.raw;
    // The absolute form names a host of its own, which the router would drop in silence.
    if (!url?.startsWith('/')) return invalid('request.malformed', 'Ask for a path, not for a whole address.');
    if (context.closing.aborted) return new Fault('server.stopping', 'The server is stopping.');
    const stranger = context.gate().refuse(headers);
    if (stranger) return stranger;
    if (request.routeOptions.config.open) return null;
    const principal = identify({ tokens: context.tokens, sessions: context.sessions() }, method as string, headers);
    if (isFailure(principal)) return principal;
    request.principal = principal;
    return (
      contradiction(principal, headers['x-agent-id']) ?? (principal.role === 'worker' ? rate.take(principal.id) : null)
    );
  }
}
