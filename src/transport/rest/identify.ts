import type { IncomingHttpHeaders } from 'node:http';
import { authenticate, OPERATOR, type Principal, type TokenIndex } from '../../commands/index.ts';
import { denied, type Failure } from '../../kernel/errors.ts';
import type { Sessions } from './sessions.ts';

/** Who asks: by bearer token, or the operator by the page's cookie, which alone changes nothing. */
export function identify(
  { tokens, sessions }: { tokens: TokenIndex; sessions: Sessions },
  method: string,
  headers: IncomingHttpHeaders,
): Principal | Failure {
  const { authorization, cookie } = headers;
  if (authorization !== undefined || !sessions.holds(cookie)) return authenticate(tokens, authorization);
  // Another site can make a browser send the cookie, but not this header.
  if (method !== 'GET' && method !== 'HEAD' && headers['x-heph'] !== '1')
    return denied('auth.csrf', 'With the cookie, a call that is not a GET needs the header `X-Heph: 1`.');
  return OPERATOR;
}
