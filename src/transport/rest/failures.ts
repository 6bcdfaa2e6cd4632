import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { type Failure, HephError, invalid } from '../../kernel/errors.ts';
import { errorBody, statusOf } from '../answers.ts';
import { STATUS_CODES } from '../node-http.ts';
import { setSecurityHeaders } from './security-headers.ts';

/** Every failure of every route has this shape: `{ok: false, error: {kind, code, message, details?, next}}`. */
export function refusalText(failure: Failure): string {
  return JSON.stringify({ ok: false, error: errorBody(failure) });
}

export function refuse(reply: FastifyReply, failure: Failure): FastifyReply {
  const status = statusOf(failure);
  setSecurityHeaders(reply);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (status === 429 || status === 503) reply.header('retry-after', '1');
  return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(refusalText(failure));
}

/** What Fastify itself refuses, in our words; null for what it did not refuse. */
export function fastifyFailure(error: unknown): Failure | null {
  if (error instanceof HephError || !(error instanceof Error)) return null;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return invalid('input.too_large', 'The body is larger than 1 MiB.');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' || code === 'FST_ERR_CTP_INVALID_TYPE')
    return invalid('input.not_json', 'Send the body with content-type application/json.');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return invalid('request.malformed', 'The request is not proper HTTP.');
  return null;
}

/** What Node's parser refuses: there is no request to answer, only a socket. */
export function refuseOnSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const failure =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? invalid('request.timeout', 'The request did not arrive in time.')
      : invalid('request.malformed', 'The request is not proper HTTP, or its headers are too large.');
  refuseOnRawSocket(socket, failure);
}

/** The same answer where there is no reply to give it by. */
export function refuseOnRawSocket(socket: Duplex, failure: Failure): void {
  const body = refusalText(failure);
  const status = statusOf(failure);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
