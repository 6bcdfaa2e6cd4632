import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { parseInput } from '../../commands/index.ts';
import { HephError, isFailure } from '../../kernel/errors.ts';
import type { HttpContext } from './http-context.ts';
import { requireRole, sendJson } from './routes.ts';
import { refusedSchema } from '../wire-schemas.ts';

const bodySchema = z.strictObject({ data: z.string().min(1).max(10_000).describe('As typed; nothing is added') });
const agentIdSchema = z.strictObject({ agentId: z.string().regex(/^agt_[0-9a-z]{26}$/, 'the whole id of an agent') });

/** What an operator types into an agent's terminal. It is no command: nothing is recorded but what the agent then does. */
export function addKeystrokeRoute(app: FastifyInstance, { terminals }: HttpContext): void {
  if (!terminals) return;
  app.post('/api/agents/:agentId/keystrokes', {
    schema: {
      operationId: 'type_keystrokes',
      summary: 'Types into the terminal of a living agent.',
      tags: ['agents'],
      params: agentIdSchema,
      body: bodySchema,
      response: { 200: z.object({ ok: z.literal(true) }), '4xx': refusedSchema, '5xx': refusedSchema },
    },
    async handler({ principal, params, body }, reply) {
      requireRole(principal, ['operator']);
      const { agentId } = parsed('keystrokes', agentIdSchema, params);
      const { data } = parsed('keystrokes', bodySchema, body);
      await terminals.writeTerminal({ agentId, data });
      return sendJson(reply, { ok: true });
    },
  });
}

function parsed<S extends z.ZodType>(name: string, schema: S, input: unknown): z.infer<S> {
  const value = parseInput(name, schema, input);
  if (isFailure(value)) throw HephError.of(value);
  return value;
}
