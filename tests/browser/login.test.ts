import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { describeInBrowser } from '../support/browser/visit.ts';
import { loginLink } from '../support/browser/window.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';

/** The page of the interface's documentation tries what its policy forbids, and goes on without. */
const DOCUMENTATION = /scalar\.js|favicon/;

/** Somebody else's page, on another port of this machine: the browser takes that for another origin. */
async function strangersPage(html: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describeInBrowser('the way in', (visit) => {
  let product: Product;
  let server: Up;
  beforeAll(async () => {
    product = createProduct();
    server = await product.up();
  });
  afterAll(async () => {
    await server?.stop();
    expect(await product?.end()).toEqual([]);
  });

  it('is a code that works once; the cookie for it is out of reach of scripts and of other sites', async () => {
    const { page, context } = await visit({ expected: [DOCUMENTATION] });
    const link = await loginLink(product, server.url);
    const answer = await page.goto(link);
    expect(answer?.status()).toBe(200);
    // The code is neither in the address nor in what a page that is led to from here is told.
    expect(page.url()).not.toContain('code=');
    expect(await context.cookies()).toMatchObject([
      { name: `heph_${new URL(server.url).port}`, httpOnly: true, sameSite: 'Strict', path: '/' },
    ]);
    expect(await page.evaluate('document.cookie')).toBe('');

    const other = await visit({ expected: [/401/, /favicon/] });
    const again = await other.page.goto(link);
    expect([again?.status(), await again?.json()]).toMatchObject([401, { error: { code: 'auth.login_code' } }]);
    expect(await other.context.cookies()).toEqual([]);
  });

  it('shows nothing to who has no cookie', async () => {
    const { page } = await visit({ expected: [/401/, /favicon/] });
    for (const path of ['/api/views/fleet', '/api/openapi.json', '/metrics', '/api/agents/agt_x/terminal']) {
      const answer = await page.goto(new URL(path, server.url).href);
      expect([path, answer?.status()]).toEqual([path, 401]);
    }
  });

  it('is not open in a frame of somebody else’s page', async () => {
    const { page } = await visit({ expected: [DOCUMENTATION, /frame|ERR_BLOCKED_BY_RESPONSE/i] });
    await page.goto(await loginLink(product, server.url));
    const where = page.url();
    await page.goto(await strangersPage(`<iframe src="${where}" width="800" height="600"></iframe>`));
    const [, frame] = page.frames();
    await frame?.waitForLoadState();
    expect(frame?.url()).toMatch(/^chrome-error:/);
  });

  it('lets the page of another origin neither read nor change anything with the cookie', async () => {
    const { page } = await visit({
      expected: [DOCUMENTATION, /CORS|ERR_FAILED|ERR_BLOCKED|403|401|Unexpected response code/],
    });
    await page.goto(await loginLink(product, server.url));
    const before = await product.operator.head();
    await page.goto(await strangersPage('<title>Else</title>'));
    const met = await page.evaluate(`(async () => {
      const url = ${JSON.stringify(server.url)};
      const attempt = (path, options) => fetch(url + path, { credentials: 'include', ...options }).then(
        async (answer) => answer.type + ' ' + await answer.text(), () => 'refused');
      const pause = { method: 'POST', body: '{}' };
      const socket = new Promise((resolve) => {
        const ws = new WebSocket(url.replace('http', 'ws') + '/api/stream');
        ws.onmessage = () => resolve('told');
        ws.onclose = () => resolve('refused');
      });
      return [
        await attempt('/api/views/fleet', {}),
        await attempt('/api/views/fleet', { mode: 'no-cors' }),
        await attempt('/api/commands/pause_fleet', { ...pause, headers: { 'content-type': 'application/json', 'x-heph': '1' } }),
        await attempt('/api/commands/pause_fleet', { ...pause, mode: 'no-cors', headers: { 'content-type': 'text/plain' } }),
        await attempt('/api/stream-tickets', { ...pause, headers: { 'x-heph': '1' } }),
        await socket,
      ];
    })()`);
    expect(met).toEqual(Array.from({ length: 6 }, () => 'refused'));
    // A form needs no permission to be sent.
    await page.setContent(`<form method="post" enctype="text/plain" action="${server.url}/api/commands/pause_fleet">
      <input name='{"a":"' value='"}'><button>Send</button></form>`);
    const [answer] = await Promise.all([page.waitForResponse(/pause_fleet/), page.click('button')]);
    expect(answer.status()).toBe(403);
    expect(await product.operator.head()).toBe(before);
  });
});
