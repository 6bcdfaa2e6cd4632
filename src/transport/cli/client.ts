import { sleep } from '../../kernel/clock.ts';
import { CliFailure, fail, failureIn } from './failure.ts';
import { httpCall } from './http-call.ts';
import { findServer, readToken, type ServerFile } from './server-file.ts';
import { findOrStartServer } from './start-server.ts';
import type { World } from './world.ts';

export interface CommandAnswer {
  ok: true;
  command: string;
  commandId: string;
  id: string;
  stream: string;
  state: string;
  revision: number;
  position: string;
  events: string[];
  repeated: boolean;
}

/** The server of one data directory, found again when it has restarted, on whichever port. */
export interface Client {
  readonly directory: string;
  server(): Promise<ServerFile>;
  /** The server is looked for again at the next call: it may be another one by now. */
  forgetServer(): void;
  /** Sent again under the same key until somebody answers, so it happens once. */
  command(name: string, input: unknown, key?: string): Promise<CommandAnswer>;
  query<T>(name: string, input: unknown, options?: { signal?: AbortSignal }): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
}

export interface ClientOptions {
  directory: string;
  /** Whether a server is started when there is none. */
  start: boolean;
  /** How long to go on when the server is gone. */
  patienceMs?: number;
}

const CALL_MS = 60_000;
const PATIENCE_MS = 30_000;
const BACKOFF_MS = [50, 100, 200, 400, 800, 1600];

export function createClient(world: World, options: ClientOptions): Client {
  const { directory } = options;
  let known: ServerFile | null = null;
  let met = false;

  async function server(): Promise<ServerFile> {
    known ??= options.start ? await findOrStartServer(world, directory) : await findServer(directory);
    if (!known) throw fail('server.not_running', `No server runs on ${directory}.`);
    met = true;
    return known;
  }

  /** Calls until there is an answer; whether the lost call had its effect is unknown, so only repeatable calls come here. */
  async function call(
    path: string,
    body: unknown,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const deadline = world.clock.monotonicMs() + (options.patienceMs ?? PATIENCE_MS);
    for (let attempt = 0; ; attempt++) {
      try {
        const { url } = await server();
        const token = readToken(directory);
        const answer = await httpCall({
          url,
          path,
          headers,
          timeoutMs: CALL_MS,
          body: JSON.stringify(body),
          ...(token && { token }),
          ...(signal && { signal }),
        });
        return answerIn(answer.text, answer.status);
      } catch (error) {
        if (!isGone(error, met) || world.clock.monotonicMs() >= deadline) throw error;
        known = null;
        await sleep(world.clock, BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] as number, signal);
      }
    }
  }

  return {
    directory,
    server,
    forgetServer: () => void (known = null),
    async command(name, input, key = world.newKey()) {
      return (await call(`/api/commands/${encodeURIComponent(name)}`, input, {
        'idempotency-key': key,
      })) as CommandAnswer;
    },
    async query<T>(name: string, input: unknown, { signal }: { signal?: AbortSignal } = {}) {
      const answer = (await call(`/api/queries/${encodeURIComponent(name)}`, input, {}, signal)) as {
        result: T;
      };
      return answer.result;
    },
    async post<T>(path: string, body: unknown) {
      return (await call(path, body, {})) as T;
    },
  };
}

/** Gone for now: it restarts, or it was stopping when the call came, or has still to record that the caller lives. One that was never there is not waited for. */
function isGone(error: unknown, met: boolean): boolean {
  if (!(error instanceof CliFailure)) return false;
  return (
    ['server.unreachable', 'server.stopping', 'log.closed', 'agent.starting'].includes(error.code) ||
    (met && error.code === 'server.not_running')
  );
}

function answerIn(text: string, status: number): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw fail('server.bad_answer', `The server answered ${status} with something that is not JSON.`);
  }
  const failure = failureIn(answer);
  if (failure) throw failure;
  if (status >= 400) throw fail('server.bad_answer', `The server answered ${status} without a reason.`);
  return answer;
}
