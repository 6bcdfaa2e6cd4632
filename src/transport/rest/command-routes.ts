import type { FastifyInstance } from 'fastify';
import { COMMANDS } from '../../commands/index.ts';
import { HephError, invalid, isFailure } from '../../kernel/errors.ts';
import { offeredCommands } from '../offered.ts';
import { refuse } from './failures.ts';
import type { HttpContext } from './http-context.ts';
import { checkIdempotencyKey } from '../idempotency-key.ts';
import { sendCommand } from '../send-command.ts';
import { sendJson } from './routes.ts';
import { acceptedSchema, idempotencyHeaders, refusedSchema } from '../wire-schemas.ts';

/** `POST /api/commands/<name>`, one route per command that somebody outside may send; what only the system sends has no address. */
export function addCommandRoutes(app: FastifyInstance, { bus }: HttpContext): void {
  for (const command of offeredCommands(COMMANDS)) {
    const { name, example } = command;
    app.post(`/api/commands/${name}`, {
      schema: {
        operationId: name,
        summary: command.summary,
        description: `For: ${command.roles.join(', ')}.`,
        tags: [command.kind],
        headers: idempotencyHeaders,
        body: command.schema,
        response: { 200: acceptedSchema, '4xx': refusedSchema, '5xx': refusedSchema },
        ...(example && { 'x-codeSamples': [{ lang: 'Shell', label: 'CLI', source: example }] }),
      },
      async handler({ principal, body, headers }, reply) {
        const idempotencyKey = checkIdempotencyKey(headers['idempotency-key']);
        if (isFailure(idempotencyKey)) return refuse(reply, idempotencyKey);
        const result = await sendCommand(bus, { name, input: body, principal, idempotencyKey });
        return isFailure(result) ? refuse(reply, result) : sendJson(reply, result);
      },
    });
  }
  app.post('/api/commands/:name', {
    schema: { hide: true },
    handler(request) {
      const { name } = request.params as { name: string };
      throw HephError.of(invalid('command.unknown', `There is no command ${JSON.stringify(name)}.`));
    },
  });
}
