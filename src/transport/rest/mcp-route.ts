import { toWebRequest } from '@modelcontextprotocol/node';
import type { FastifyInstance } from 'fastify';
import type { McpFace } from '../mcp/index.ts';
import type { HttpContext } from './http-context.ts';
import { abandoned } from './routes.ts';

/** `POST /mcp`. There is no stream to GET and no session to DELETE: both are 405. */
export function addMcpRoute(app: FastifyInstance, { closing }: HttpContext, mcp: McpFace): void {
  app.post('/mcp', {
    schema: { operationId: 'mcp', summary: 'The Model Context Protocol, for agents.', tags: ['server'] },
    async handler(request, reply) {
      const signal = abandoned(request, reply, closing);
      const message = await toWebRequest(request.raw, request.body, { signal });
      // Every answer is JSON, so a client that accepts nothing else is as welcome as one that would take a stream.
      message.headers.set('accept', 'application/json, text/event-stream');
      const { status, text } = await mcp.handle(message, request.body, request.principal);
      reply.code(status);
      return text === '' ? reply.send() : reply.header('content-type', 'application/json; charset=utf-8').send(text);
    },
  });
}
