import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Failure, HephError, invalid, isFailure } from '../../kernel/errors.ts';
import { recordDenial } from '../denials.ts';
import { refuse } from './failures.ts';
import type { HttpContext } from './http-context.ts';
import { abandoned, sendJson } from './routes.ts';
import { answeredSchema, refusedSchema } from '../wire-schemas.ts';

/**
 * The way out: `POST /api/queries/<name>` for every query, and three addresses that a browser or `curl` can read, which
 * are the queries for views and events with their input in the address.
 */
const VIEW_QUERY = 'get_view';
const EVENTS_QUERY = 'get_events';

const response = { 200: answeredSchema, '4xx': refusedSchema, '5xx': refusedSchema };
const at = z.string().optional().describe('A position: the answer as it was when every event up to it was applied');
const until = z.string().optional().describe('A position: not before it is applied, so that you read what you wrote');
const after = z.string().optional().describe('A position: events behind it');
const limit = z.string().optional().describe('So many at most');

export function addReadRoutes(app: FastifyInstance, context: HttpContext): void {
  const { queries, bus, closing } = context;

  async function answer(name: string, input: unknown, request: FastifyRequest, reply: FastifyReply) {
    const { principal } = request;
    const result = await queries.run(name, input, principal, abandoned(request, reply, closing));
    if (!isFailure(result)) return sendJson(reply, { ok: true, result });
    if (result.kind === 'denied') await recordDenial(bus, principal, name, result);
    return refuse(reply, result);
  }

  for (const [name, query] of queries.table) {
    app.post(`/api/queries/${name}`, {
      schema: {
        operationId: name,
        summary: query.summary,
        description: `For: ${query.roles.join(', ')}.`,
        tags: ['queries'],
        body: query.schema,
        response,
        ...(query.example && { 'x-codeSamples': [{ lang: 'Shell', label: 'CLI', source: query.example }] }),
      },
      handler: (request, reply) => answer(name, request.body, request, reply),
    });
  }
  app.post('/api/queries/:name', {
    schema: { hide: true },
    handler(request) {
      const { name } = request.params as { name: string };
      throw HephError.of(invalid('query.unknown', `There is no query ${JSON.stringify(name)}.`));
    },
  });

  app.get('/api/views/:view', {
    schema: {
      operationId: 'view',
      summary: 'A view, now or at an earlier position; further parameters are the view’s own.',
      tags: ['reading'],
      params: z.object({ view: z.string() }),
      querystring: z.looseObject({ at, until }),
      response,
    },
    handler(request, reply) {
      const given = single(request.query);
      if (isFailure(given)) return refuse(reply, given);
      const { at, until, ...params } = given;
      const { view } = request.params as { view: string };
      return answer(VIEW_QUERY, { view, ...present({ at, until }), params: numbered(params) }, request, reply);
    },
  });
  app.get('/api/events', {
    schema: {
      operationId: 'events',
      summary: 'Events in the order of the log.',
      tags: ['reading'],
      querystring: z.object({
        after,
        limit,
        types: z.string().optional().describe('Types of events, separated by commas'),
        workflowId: z.string().optional(),
        stream: z.string().optional(),
      }),
      response,
    },
    handler(request, reply) {
      const given = single(request.query);
      if (isFailure(given)) return refuse(reply, given);
      const { types, limit, ...rest } = given;
      const input = { ...rest, ...(types !== undefined && { types: types.split(',') }), ...numbered({ limit }) };
      return answer(EVENTS_QUERY, input, request, reply);
    },
  });
  app.get('/api/streams/:stream', {
    schema: {
      operationId: 'stream',
      summary: 'Events of one stream in their order.',
      tags: ['reading'],
      params: z.object({ stream: z.string() }),
      querystring: z.object({ after, limit }),
      response,
    },
    handler(request, reply) {
      const given = single(request.query);
      if (isFailure(given)) return refuse(reply, given);
      const { after, limit, ...rest } = given;
      const { stream } = request.params as { stream: string };
      const input = { ...rest, stream, ...present({ after }), ...numbered({ limit }) };
      return answer(EVENTS_QUERY, input, request, reply);
    },
  });
}

/** The parameters of an address, each once: of two, somebody else may believe the other. */
function single(query: unknown): Record<string, string> | Failure {
  const entries = Object.entries(query as Record<string, string | string[]>);
  const twice = entries.find(([, value]) => typeof value !== 'string');
  if (twice) return invalid('input.invalid', `The parameter ${twice[0].slice(0, 100)} is there twice.`);
  if (entries.some(([name]) => name === '__proto__')) return invalid('input.invalid', 'No parameter is named so.');
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Digits as a number; anything else is left as it is, for the query's schema to refuse. */
function numbered(values: Record<string, string | undefined>): Record<string, unknown> {
  const entries = Object.entries(present(values));
  return Object.fromEntries(entries.map(([name, value]) => [name, /^\d{1,15}$/.test(value) ? Number(value) : value]));
}

function present(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
