import { createReadStream } from 'node:fs';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { HttpContext } from './http-context.ts';
import { PAGE_POLICY } from './security-headers.ts';
import { wireSchemas } from '../wire-schemas.ts';

/**
 * `/openapi.json` is made from the schemas on the routes, which are those that parse the input; `/docs` shows it. The
 * page's script comes from the installed package and is read when somebody looks, so an idle server does not hold its
 * megabytes; the package's own plugin would, and would offer the document to every origin.
 */
const SCALAR = new URL('./js/standalone.js', import.meta.resolve('@scalar/fastify-api-reference'));

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hephaestus</title>
</head>
<body>
<div id="app"></div>
<script src="/docs/scalar.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

// Nothing is fetched from elsewhere: no fonts, no proxy, no hosted client. Calls made from the page carry the header
// that the cookie alone does not.
const START = `Scalar.createApiReference('#app', {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
  onBeforeRequest: ({ requestBuilder }) => { requestBuilder.headers.set('X-Heph', '1'); },
});
`;

export async function addDocumentation(app: FastifyInstance, { version }: HttpContext): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Hephaestus',
        version,
        description:
          'Commands are the only way to change something, queries and views the way to look. Every failure has the shape `Refused`, with a code and what to do next.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: createJsonSchemaTransform({ schemaRegistry: wireSchemas }),
    transformObject: createJsonSchemaTransformObject({ schemaRegistry: wireSchemas }),
  });
  let document: string | undefined;
  const schema = { hide: true };
  app.get('/openapi.json', { schema }, (_request, reply) => {
    document ??= JSON.stringify(app.swagger());
    return reply.header('content-type', 'application/json; charset=utf-8').send(document);
  });
  app.get('/docs', { schema }, (_request, reply) =>
    reply.headers({ 'content-security-policy': PAGE_POLICY, 'content-type': 'text/html; charset=utf-8' }).send(PAGE),
  );
  app.get('/docs/start.js', { schema }, (_request, reply) =>
    reply.header('content-type', 'text/javascript; charset=utf-8').send(START),
  );
  app.get('/docs/scalar.js', { schema }, (_request, reply) =>
    reply
      .headers({ 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'private, max-age=3600' })
      .send(createReadStream(SCALAR)),
  );
}
