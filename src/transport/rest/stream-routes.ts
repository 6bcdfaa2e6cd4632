import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalid } from '../../kernel/errors.ts';
import { refusedSchema } from '../wire-schemas.ts';
import { WS_PATH } from '../ws/index.ts';
import { refuse } from './failures.ts';
import type { HttpContext } from './http-context.ts';
import { requireRole, sendJson } from './routes.ts';

const ticketSchema = z.object({ ok: z.literal(true), ticket: z.string(), expiresInMs: z.number(), path: z.string() });

/** What of `/api/stream` is plain HTTP: the ticket for it, and the answer to who comes without a WebSocket. */
export function addStreamRoutes(app: FastifyInstance, { tickets }: HttpContext): void {
  app.post('/api/stream-tickets', {
    schema: {
      operationId: 'create_stream_ticket',
      summary:
        'A ticket with which a page opens its socket: it works once, within half a minute, from this server’s pages.',
      tags: ['server'],
      response: { 200: ticketSchema, '4xx': refusedSchema },
    },
    handler({ principal }, reply) {
      requireRole(principal, ['operator', 'viewer']);
      const { ticket, expiresInMs } = tickets.issue(principal);
      return sendJson(reply, { ok: true, ticket, expiresInMs, path: `${WS_PATH}?ticket=${ticket}` });
    },
  });
  app.get(WS_PATH, {
    schema: {
      operationId: 'stream',
      summary: 'A WebSocket: events, views, terminals and commands, as docs/stream-protocol.md tells.',
      tags: ['reading'],
      response: { '4xx': refusedSchema },
    },
    handler: (_request, reply) =>
      refuse(reply, invalid('stream.not_a_websocket', `Open ${WS_PATH} with a WebSocket client.`)),
  });
}
