import { z } from 'zod';
import { BODY_BYTES_MAX } from './json-body.ts';
import { IDEMPOTENCY_KEY } from './idempotency-key.ts';

/** The shapes of answers, named once in the documentation and referred to by every route. */
export const wireSchemas = z.registry<{ id: string }>();

export const acceptedSchema = z
  .object({
    ok: z.literal(true),
    command: z.string(),
    commandId: z.string().describe('cmd_…; the same again for a repeated idempotency key'),
    id: z.string().describe('The actor it went to: a task, a workflow, an agent …'),
    stream: z.string().describe('Read it at /api/streams/{stream}'),
    state: z.string().describe('The actor’s state after the command'),
    revision: z.number().int(),
    position: z.string().describe('Decimal; everything up to here includes the command’s effect'),
    events: z.array(z.string()).describe('Types appended; empty when everything was true already'),
    repeated: z.boolean().describe('This is the first answer to the same command, given again'),
  })
  .describe('The command was accepted, and what follows from it is recorded.');

export const errorSchema = z.object({
  kind: z.enum(['invalid', 'denied', 'rejected', 'conflict', 'fault', 'defect']),
  code: z.string().describe('area.reason; all of them are in docs/errors.md'),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
  next: z.string().describe('What to do about it'),
});

export const refusedSchema = z
  .object({
    ok: z.literal(false),
    error: errorSchema,
  })
  .describe(`Nothing was changed. Bodies above ${BODY_BYTES_MAX} bytes are refused, too.`);

export const answeredSchema = z.object({ ok: z.literal(true), result: z.unknown() }).describe('The answer to a query.');

wireSchemas.add(acceptedSchema, { id: 'Accepted' });
wireSchemas.add(refusedSchema, { id: 'Refused' });
wireSchemas.add(answeredSchema, { id: 'Answered' });

export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(IDEMPOTENCY_KEY)
    .optional()
    .describe('The same key with the same command happens once and is answered as the first time'),
});
