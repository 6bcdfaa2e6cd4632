import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HttpContext } from './http-context.ts';
import { requireRole } from './routes.ts';
import { refusedSchema } from '../wire-schemas.ts';

const healthSchema = z.looseObject({
  ok: z.boolean(),
  ready: z.boolean(),
  version: z.string(),
  problems: z.array(z.string()),
});

/** `/health` answers 503 with the same body while the server is not ready; `/metrics` is Prometheus' text. */
export function addStatusRoutes(app: FastifyInstance, { health, metrics, version }: HttpContext): void {
  app.get('/health', {
    schema: {
      operationId: 'health',
      summary: 'Whether the server takes commands, and what is wrong where something is.',
      tags: ['server'],
      response: { 200: healthSchema, 503: healthSchema, '4xx': refusedSchema },
    },
    async handler(_request, reply) {
      const found = await health();
      return reply
        .code(found.ready ? 200 : 503)
        .header('content-type', 'application/json; charset=utf-8')
        .send(JSON.stringify({ ok: found.ready, version, ...found }));
    },
  });
  app.get('/metrics', {
    schema: {
      operationId: 'metrics',
      summary: 'Figures in the Prometheus text format.',
      tags: ['server'],
      produces: ['text/plain'],
      response: { '4xx': refusedSchema },
    },
    async handler({ principal }, reply) {
      requireRole(principal, ['operator', 'viewer']);
      return reply.header('content-type', metrics.contentType).send(await metrics.text());
    },
  });
}
