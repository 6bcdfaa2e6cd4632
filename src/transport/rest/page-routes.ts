import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { invalid } from '../../kernel/errors.ts';
import { PAGE_PATHS } from '../page-paths.ts';
import { refuse } from './failures.ts';
import type { HttpContext } from './http-context.ts';
import { webPolicy } from './security-headers.ts';

/** Stands in the built page where each answer puts a nonce of its own. */
const NONCE = '__HEPH_NONCE__';
const NONCE_BYTES = 16;
const YEAR_S = 31_536_000;

/**
 * The page: one document for each of its addresses, and its files. The document is for whoever has the cookie and says to
 * others how they get it; the files are the same for everybody who has this version and hold nothing of the workspace.
 */
export function addPageRoutes(app: FastifyInstance, { page, sessions, random }: HttpContext): void {
  const schema = { hide: true };
  const config = { open: true };

  async function show(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (!sessions().holds(request.headers.cookie)) return tell(reply.code(401), SIGNED_OUT);
    const text = await page?.page();
    if (typeof text !== 'string') return tell(reply.code(503), NOT_BUILT);
    const nonce = Buffer.from(random.bytes(NONCE_BYTES)).toString('base64url');
    return reply
      .headers({ 'content-security-policy': webPolicy(nonce), 'content-type': 'text/html; charset=utf-8' })
      .send(text.replaceAll(NONCE, nonce));
  }

  for (const url of ['/', ...PAGE_PATHS.flatMap((path) => [`/${path}`, `/${path}/*`])])
    app.get(url, { schema, config, handler: show });

  app.get('/assets/:name', {
    schema,
    config,
    async handler(request, reply) {
      const { name } = request.params as { name: string };
      const file = await page?.asset(name, String(request.headers['accept-encoding'] ?? ''));
      if (!file) return refuse(reply, invalid('route.unknown', 'The page has no such file; reload it.'));
      return reply
        .headers({
          'content-type': file.type,
          'cache-control': `public, max-age=${YEAR_S}, immutable`,
          vary: 'accept-encoding',
          ...(file.encoding && { 'content-encoding': file.encoding }),
        })
        .send(file.bytes);
    },
  });
}

const SIGNED_OUT = {
  title: 'Sign in',
  text: [
    'This browser is not signed in to this server.',
    'Run <code>heph open</code> on the machine where the server runs. It opens this page, or prints a link that works once, within a minute.',
  ],
};
const NOT_BUILT = {
  title: 'The page is not built',
  text: [
    'The server runs, but its page has not been built in this checkout.',
    'Run <code>npm run build:web</code> in it and reload. The command line, REST, MCP and <a href="/docs">the documentation</a> work without it.',
  ],
};

/** A page that needs no script: what is the matter, and what to do. */
function tell(reply: FastifyReply, { title, text }: { title: string; text: readonly string[] }): FastifyReply {
  const body = text.map((one) => `<p>${one}</p>`).join('\n');
  return reply
    .headers({ 'content-security-policy': webPolicy('plain'), 'content-type': 'text/html; charset=utf-8' })
    .send(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>${title} · Hephaestus</title>
<style nonce="plain">body{font:14px/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1rem}h1{font-size:1.2rem}code{padding:.1em .35em;border:1px solid;border-radius:4px}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`);
}
