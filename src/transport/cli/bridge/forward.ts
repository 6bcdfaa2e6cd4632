import { type Clock, sleep } from '../../../kernel/clock.ts';
import { CliFailure, failureIn } from '../failure.ts';
import { type HttpAnswer, httpCall } from '../http-call.ts';
import { messagesIn, type RpcMessage, rpcError, SERVER_ERROR } from './json-rpc.ts';

export interface ForwardParts {
  /** Where the server is now; asked before each try, since a restarted one has another port. */
  locate(): { url: string; token: string } | null;
  clock: Clock;
  /** How long to look for a server that is away. */
  patienceMs: number;
}

export interface Forwarded {
  message: RpcMessage;
  /** Whether it may be sent again when the answer was lost: it reads only, or carries an idempotency key. */
  repeatable: boolean;
  protocolVersion: string | null;
  signal: AbortSignal;
}

const CALL_MS = 120_000;
const BACKOFF_MS = [50, 100, 200, 400, 800, 1600, 3000];

/** Sends one message to whichever server lives, and answers with its messages. Never throws but for the signal. */
export async function forward(parts: ForwardParts, sent: Forwarded): Promise<RpcMessage[]> {
  const deadline = parts.clock.monotonicMs() + parts.patienceMs;
  let unknownSince: number | null = null;
  for (let attempt = 0; ; attempt++) {
    const tried = await tryOnce(parts, sent);
    if ('messages' in tried && tried.unknownToken) {
      unknownSince ??= parts.clock.monotonicMs();
      const patience = Math.min(TOKEN_PATIENCE_MS, parts.patienceMs);
      if (parts.clock.monotonicMs() < unknownSince + patience) {
        await sleep(parts.clock, BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] as number, sent.signal);
        continue;
      }
    }
    if (!('away' in tried)) return tried.messages;
    if (parts.clock.monotonicMs() >= deadline || !tried.again) return refused(sent.message, tried.away);
    await sleep(parts.clock, BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] as number, sent.signal);
  }
}

/**
 * An agent can be quicker than the word that it lives, most of all when the server was killed between the two: its token
 * is then known a moment later.
 */
const TOKEN_PATIENCE_MS = 15_000;

type Tried = { messages: RpcMessage[]; unknownToken: boolean } | { away: string; again: boolean };

async function tryOnce(
  { locate }: ForwardParts,
  { message, repeatable, protocolVersion, signal }: Forwarded,
): Promise<Tried> {
  const server = locate();
  if (!server) return { away: 'No server runs on the data directory.', again: true };
  try {
    const answer = await httpCall({
      ...server,
      path: '/mcp',
      body: JSON.stringify(message),
      headers: headersFor(message, protocolVersion),
      timeoutMs: CALL_MS,
      signal,
    });
    // 502 and above: it is stopping, or has not come up yet; it has done nothing.
    if (answer.status >= 502) return { away: `The server answered ${answer.status}.`, again: true };
    return { messages: messagesOf(message, answer), unknownToken: answer.status === 401 };
  } catch (error) {
    if (signal.aborted) throw error;
    const failure = error as CliFailure;
    // A refused connection has done nothing; of a lost answer nobody knows.
    return { away: failure.message, again: repeatable || failure.details?.refused === true };
  }
}

function messagesOf(message: RpcMessage, answer: HttpAnswer): RpcMessage[] {
  if (message.id === undefined || message.method === undefined) return [];
  try {
    const messages = messagesIn(String(answer.headers['content-type'] ?? ''), answer.text);
    const failure = messages.length === 1 ? failureIn(messages[0]) : null;
    if (failure)
      return [rpcError(message.id, SERVER_ERROR, failure.message, { code: failure.code, next: failure.next })];
    if (messages.some((one) => one.id === message.id)) return messages;
    // An error that the server could not tie to the request is still the answer to it.
    const error = messages.find((one) => one.error)?.error;
    if (error) return [{ jsonrpc: '2.0', id: message.id, error }];
  } catch {
    // Told below.
  }
  return refused(message, `The server answered ${answer.status} without a message for this request.`);
}

function refused({ id, method }: RpcMessage, why: string): RpcMessage[] {
  if (id === undefined || method === undefined) return [];
  return [rpcError(id, SERVER_ERROR, `${why} Nobody has answered; call again.`, { code: 'server.unreachable' })];
}

/** The newest revision of the protocol names method and tool in headers too; older servers pass over them. */
function headersFor({ method, params }: RpcMessage, protocolVersion: string | null): Record<string, string> {
  const name = params?.name ?? params?.uri;
  const version = versionIn(params) ?? protocolVersion;
  return {
    accept: 'application/json, text/event-stream',
    ...(version && { 'mcp-protocol-version': version }),
    ...(method && isHeader(method) && { 'mcp-method': method }),
    ...(typeof name === 'string' && isHeader(name) && { 'mcp-name': name }),
  };
}

function versionIn(params: RpcMessage['params']): string | null {
  const version = (params?._meta as Record<string, unknown> | undefined)?.['io.modelcontextprotocol/protocolVersion'];
  return typeof version === 'string' && isHeader(version) ? version : null;
}

function isHeader(text: string): boolean {
  return /^[\x21-\x7e]{1,200}$/.test(text);
}
