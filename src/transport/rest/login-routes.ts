import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { isFailure } from '../../kernel/errors.ts';
import { refuse } from './failures.ts';
import type { HttpContext } from './http-context.ts';
import { requireRole, sendJson } from './routes.ts';
import { refusedSchema } from '../wire-schemas.ts';

const codeSchema = z.object({ ok: z.literal(true), code: z.string(), expiresInMs: z.number(), path: z.string() });

/** The operator's way into a browser: a code by an authenticated call, a cookie for the code. */
export function addLoginRoutes(app: FastifyInstance, { sessions }: HttpContext): void {
  app.post('/api/login-codes', {
    schema: {
      operationId: 'create_login_code',
      summary: 'A code that opens the page in a browser: it works once, within a minute.',
      tags: ['server'],
      response: { 200: codeSchema, '4xx': refusedSchema },
    },
    handler({ principal }, reply) {
      requireRole(principal, ['operator']);
      const { code, expiresInMs } = sessions().createCode();
      return sendJson(reply, { ok: true, code, expiresInMs, path: `/login?code=${code}` });
    },
  });
  app.post('/api/logout', {
    schema: {
      operationId: 'logout',
      summary: 'Ends the session of the browser that asks, and takes its cookie away.',
      tags: ['server'],
      response: { 200: z.object({ ok: z.literal(true) }), '4xx': refusedSchema },
    },
    handler({ principal, headers }, reply) {
      requireRole(principal, ['operator']);
      sessions().end(headers.cookie);
      return sendJson(reply.header('set-cookie', sessions().cookie(null)), { ok: true });
    },
  });
  app.get('/login', {
    config: { open: true },
    schema: {
      operationId: 'login',
      summary: 'Takes a login code, sets the page’s cookie and leads to it.',
      tags: ['server'],
      querystring: z.object({ code: z.string() }),
      response: { '4xx': refusedSchema },
    },
    handler(request, reply) {
      const { code } = request.query as { code?: unknown };
      const session = sessions().redeem(typeof code === 'string' ? code : '');
      if (isFailure(session)) return refuse(reply, session);
      return reply.header('set-cookie', sessions().cookie(session)).redirect('/', 303);
    },
  });
}
