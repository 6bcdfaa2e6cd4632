import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readServerFile } from '../../src/transport/cli/server-file.ts';

/** An event as readers get it. */
export interface Told {
  id: string;
  stream: string;
  revision: number;
  position: string;
  type: string;
  at: number;
  data: Record<string, unknown>;
  meta: {
    actor: string;
    from: string;
    to: string;
    scope?: { workflowId?: string; taskId?: string; agentId?: string };
    command?: { id: string; name: string };
  };
  text: string | null;
}

export interface Answered {
  ok: boolean;
  commandId: string;
  id: string;
  position: string;
  events: string[];
  repeated: boolean;
}

/** What a refusal says on the wire. */
export interface Refused {
  ok: false;
  error: { code: string; message: string; next: string; kind: string };
}

/** A person with the operator's token, speaking REST to whichever server lives on the data directory. */
export interface Operator {
  /** Any request; the body as it is when it is text. */
  ask(path: string, body?: unknown, headers?: Record<string, string>): Promise<{ status: number; text: string }>;
  command(name: string, input: unknown, key?: string): Promise<Answered>;
  refused(name: string, input: unknown): Promise<{ status: number } & Refused['error']>;
  query<T = Record<string, unknown>>(name: string, input?: unknown): Promise<T>;
  /** The first event behind a position that fits; waits on the server's side, as long as the test may last. */
  until(types: string[], after?: string, fits?: (event: Told) => boolean): Promise<Told>;
  events(filter?: { after?: string; types?: string[]; workflowId?: string; stream?: string }): Promise<Told[]>;
  head(): Promise<string>;
}

const PAGE = 1000;
const WAIT_MS = 30_000;

export function createOperator(data: string, token = readToken): Operator {
  async function ask(path: string, body?: unknown, headers: Record<string, string> = {}) {
    const server = readServerFile(data);
    if (!server) throw new Error(`no server.json in ${data}`);
    const answer = await fetch(new URL(path, server.url), {
      ...(body !== undefined && { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: { authorization: `Bearer ${token(data)}`, 'content-type': 'application/json', ...headers },
    });
    return { status: answer.status, text: await answer.text() };
  }
  async function query<T>(name: string, input: unknown = {}): Promise<T> {
    const { status, text } = await ask(`/api/queries/${name}`, input);
    if (status !== 200) throw new Error(`${name}: ${status} ${text}`);
    return (JSON.parse(text) as { result: T }).result;
  }
  return {
    ask,
    query,
    async command(name, input, key) {
      const { status, text } = await ask(`/api/commands/${name}`, input, key ? { 'idempotency-key': key } : {});
      if (status !== 200) throw new Error(`${name}: ${status} ${text}`);
      return JSON.parse(text) as Answered;
    },
    async refused(name, input) {
      const { status, text } = await ask(`/api/commands/${name}`, input);
      const { ok, error } = JSON.parse(text) as Refused;
      if (ok !== false) throw new Error(`${name} was accepted: ${text}`);
      return { status, ...error };
    },
    async until(types, after = '0', fits = () => true) {
      for (let from = after; ; ) {
        const page = await query<{ events: Told[]; position: string }>('wait_for_events', {
          types,
          after: from,
          timeoutMs: WAIT_MS,
        });
        const found = page.events.find(fits);
        if (found) return found;
        from = page.position;
      }
    },
    async events({ after = '0', ...filter } = {}) {
      const all: Told[] = [];
      for (let from = after; ; ) {
        const page = await query<{ events: Told[]; position: string }>('get_events', {
          ...filter,
          after: from,
          limit: PAGE,
        });
        all.push(...page.events);
        if (page.events.length < PAGE) return all;
        from = page.position;
      }
    },
    head: async () => (await query<{ head: string }>('get_events', { limit: 1 })).head,
  };
}

function readToken(data: string): string {
  return readFileSync(join(data, 'operator.token'), 'utf8').trim();
}
