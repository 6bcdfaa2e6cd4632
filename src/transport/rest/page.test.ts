import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpWorld, openHttpWorld } from '../../../tests/support/http-world.ts';
import { openPageFiles } from './page-files.ts';
import { createSessions } from './sessions.ts';

const HTML = '<html><script nonce="__HEPH_NONCE__"></script><meta property="csp-nonce" nonce="__HEPH_NONCE__"></html>';
let folder: string;
let world: HttpWorld;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heph-page-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), HTML);
  writeFileSync(join(folder, 'assets', 'a-1.js'), 'plain');
  writeFileSync(join(folder, 'assets', 'a-1.js.gz'), gzipSync('plain'));
  writeFileSync(join(folder, 'assets', 'secret.env'), 'never');
  world = await openHttpWorld({ page: openPageFiles(folder) });
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

async function cookieOf(to = world): Promise<string> {
  const reply = await to.get(`/login?code=${to.server.createLoginCode().code}`, {});
  return reply.headers.get('set-cookie')?.split(';')[0] ?? '';
}

describe('the page', () => {
  it('is at each of its addresses for who has the cookie, each time with a nonce of its own and nothing inline', async () => {
    const cookie = await cookieOf();
    const nonces = new Set<string>();
    for (const path of ['/', '/fleet', '/task/tsk_1?tab=diff']) {
      const reply = await world.get(path, { cookie });
      const policy = reply.headers.get('content-security-policy') ?? '';
      const nonce = /'nonce-([\w-]+)'/.exec(policy)?.[1] ?? '';
      expect([reply.status, reply.text]).toEqual([200, HTML.replaceAll('__HEPH_NONCE__', nonce)]);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).not.toContain('unsafe');
      expect(reply.headers.get('cache-control')).toBe('no-store');
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(3);
  });

  it('tells everybody else how to get in, and shows nothing', async () => {
    for (const headers of [
      {},
      { cookie: `heph_${world.port}=made-up` },
      { authorization: `Bearer ${world.agentToken}` },
    ]) {
      const reply = await world.get('/fleet', headers as Record<string, string>);
      expect(reply.status).toBe(401);
      expect(reply.text).toContain('heph open');
      expect(reply.text).not.toContain('script');
    }
  });

  it('says so where it was not built, and the rest goes on', async () => {
    const bare = await openHttpWorld({ page: openPageFiles(join(folder, 'nowhere')) });
    const cookie = await cookieOf(bare);
    const reply = await bare.get('/', { cookie });
    expect([reply.status, reply.text]).toEqual([503, expect.stringContaining('npm run build:web')]);
    expect((await bare.get('/docs', { cookie })).status).toBe(200);
    await bare.close();
  });
});

describe('the page’s files', () => {
  it('are packed for who can unpack them, and never change under their name', async () => {
    const packed = await world.get('/assets/a-1.js', { 'accept-encoding': 'gzip, br' });
    expect([packed.status, packed.headers.get('content-encoding')]).toEqual([200, 'gzip']);
    expect(packed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(packed.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    const plain = await world.get('/assets/a-1.js', { 'accept-encoding': 'identity' });
    expect([plain.headers.get('content-encoding'), plain.text]).toEqual([null, 'plain']);
  });

  it.each([
    '/assets/none.js',
    '/assets/secret.env',
    '/assets/..%2findex.html',
    '/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '/assets/',
  ])('are those that were built: not %s', async (path) => {
    const reply = await world.get(path, {});
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.text).not.toMatch(/never|root:|<html/);
  });

  it('are listed anew when the page was built anew', async () => {
    const files = openPageFiles(folder);
    expect(await files.asset('b-2.js', '')).toBeUndefined();
    writeFileSync(join(folder, 'assets', 'b-2.js'), 'new');
    writeFileSync(join(folder, 'index.html'), HTML);
    const { utimesSync } = await import('node:fs');
    utimesSync(join(folder, 'index.html'), 2_000_000_000, 2_000_000_000);
    expect((await files.asset('b-2.js', ''))?.bytes.toString()).toBe('new');
  });
});

describe('sessions', () => {
  const clockAt = (ms: number) => ({ now: () => ms, monotonicMs: () => ms, after: () => () => {} });
  const random = (fill: number) => ({ bytes: (count: number) => new Uint8Array(count).fill(fill) });

  it('outlive the server where they are kept, as hashes, until they end', () => {
    let file: Readonly<Record<string, number>> = {};
    const kept = { load: () => file, save: (sessions: typeof file) => void (file = sessions) };
    const open = (ms: number) => createSessions({ clock: clockAt(ms), random: random(7), port: 4100, kept });
    const first = open(0);
    const session = first.redeem(first.createCode().code) as string;
    const header = first.cookie(session).split(';')[0];
    expect(JSON.stringify(file)).not.toContain(session);
    expect(open(1000).holds(header)).toBe(true);
    expect(open(12 * 3_600_000).holds(header)).toBe(false);
    open(2000).end(header);
    expect(open(3000).holds(header)).toBe(false);
  });
});
