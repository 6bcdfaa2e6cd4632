import { Script } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpWorld, openHttpWorld, testQueries } from '../../../tests/support/http-world.ts';
import { COMMANDS } from '../../commands/index.ts';
import { offeredCommands } from '../offered.ts';

let world: HttpWorld;
let document: { openapi: string; paths: Record<string, Record<string, Operation>>; components: { schemas: object } };
beforeAll(async () => {
  world = await openHttpWorld();
  document = (await world.get('/openapi.json')).json as never;
});
afterAll(() => world.close());

interface Operation {
  summary: string;
  requestBody?: { content: Record<string, { schema: { properties: object; required?: string[] } }> };
  responses: Record<string, { content?: Record<string, { schema: { $ref: string } }> }>;
  parameters?: { name: string }[];
  'x-codeSamples'?: { source: string }[];
}

const operation = (path: string, method = 'post') => document.paths[path]?.[method] as Operation;

describe('/openapi.json', () => {
  it('has every offered command with its summary, input, example and answers, and no other', () => {
    const described = Object.keys(document.paths).filter((path) => path.startsWith('/api/commands/'));
    const offered = offeredCommands(COMMANDS);
    expect(described.sort()).toEqual(offered.map(({ name }) => `/api/commands/${name}`).sort());
    for (const { name, summary, example } of offered) {
      const { responses, ...one } = operation(`/api/commands/${name}`);
      expect(one.summary).toBe(summary);
      expect(one['x-codeSamples']?.[0]?.source).toBe(example);
      expect(one.parameters?.map((parameter) => parameter.name)).toEqual(['idempotency-key']);
      expect(one.requestBody?.content['application/json']?.schema).toHaveProperty('properties');
      const refs = Object.entries(responses).map(([status, { content }]) => [
        status,
        content?.['application/json']?.schema.$ref,
      ]);
      expect(refs).toEqual([
        ['200', '#/components/schemas/Accepted'],
        ['4XX', '#/components/schemas/Refused'],
        ['5XX', '#/components/schemas/Refused'],
      ]);
    }
  });

  it('asks for no field that has a default', () => {
    const { schema } = operation('/api/commands/create_task').requestBody?.content['application/json'] ?? {};
    expect(schema?.required).toEqual(['phase', 'title']);
  });

  it('has every query, and the other addresses', () => {
    for (const [name, { summary }] of testQueries().table)
      expect(operation(`/api/queries/${name}`).summary).toBe(summary);
    for (const path of ['/api/views/{view}', '/api/events', '/api/streams/{stream}', '/health', '/metrics', '/login'])
      expect(operation(path, 'get').summary).toBeTruthy();
  });

  it('refers to nothing that it does not hold', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)/g)].map(
      ([, name]) => name,
    );
    expect(refs.length).toBeGreaterThan(0);
    for (const name of refs) expect(document.components.schemas).toHaveProperty(name as string);
  });
});

describe('/docs', () => {
  it('runs scripts of this server only, may not be framed, and asks no other server for anything', async () => {
    const page = await world.get('/docs');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page.text).not.toMatch(/https?:|<script(?! src="\/docs\/)|<style| on\w+=/);
    const scripts = [...page.text.matchAll(/src="([^"]+)"/g)].map(([, src]) => src as string);
    expect(scripts).toHaveLength(2);
    for (const script of scripts) {
      const { status, headers, text } = await world.get(script);
      expect([status, headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(() => new Script(text)).not.toThrow();
    }
  });

  it('lets nothing else that is answered run or be kept', async () => {
    for (const path of ['/openapi.json', '/health', '/no/such/place', '/login?code=x']) {
      const { headers } = await world.get(path);
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
  });
});
