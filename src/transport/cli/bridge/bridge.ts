import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type ForwardParts, forward } from './forward.ts';
import { type RpcMessage, parseLine } from './json-rpc.ts';

/**
 * MCP over stdio for a client that cannot reach our socket, or must not notice that the server was away.
 *
 *   client ── stdin ──► bridge ── POST /mcp ──► the server that lives now
 *   client ◄─ stdout ── bridge ◄── answer ───── (found again after a restart, on another port)
 *
 * A call that changes something gets an idempotency key made from this process and the request's id, so that it may be
 * sent until somebody answers and still happens once. Nothing but JSON-RPC is ever written to stdout.
 */
export interface BridgeParts extends ForwardParts {
  /** One message a line, as they come. */
  input: Readable;
  write(line: string): void;
  /** Unlike that of any other bridge. */
  bridgeKey: string;
}

interface Tool {
  readOnly: boolean;
  takesKey: boolean;
}

interface ToolListing {
  tools?: {
    name: string;
    annotations?: { readOnlyHint?: boolean };
    inputSchema?: { properties?: Record<string, unknown> };
  }[];
}

const IN_FLIGHT_MAX = 64;

/** Serves until stdin ends and every request is answered. */
export async function runBridge(parts: BridgeParts): Promise<void> {
  const inFlight = new Map<Promise<void>, RpcMessage['id']>();
  const aborts = new Map<unknown, AbortController>();
  let protocolVersion: string | null = null;
  let sessions = 0;
  let tools: Promise<Map<string, Tool>> | null = null;

  const say = (message: RpcMessage) => parts.write(`${JSON.stringify(message)}\n`);

  async function handle(message: RpcMessage): Promise<void> {
    if (message.method === 'notifications/cancelled') aborts.get(message.params?.requestId)?.abort();
    // Ids begin again with a new handshake, and so must the keys that are made from them.
    if (message.method === 'initialize') sessions++;
    const abort = new AbortController();
    if (message.id !== undefined) aborts.set(message.id, abort);
    try {
      const { ready, repeatable } = await prepared(message, abort.signal);
      for (const answer of await forward(parts, {
        message: ready,
        repeatable,
        protocolVersion,
        signal: abort.signal,
      })) {
        if (message.method === 'initialize') protocolVersion = versionOf(answer) ?? protocolVersion;
        say(answer);
      }
    } catch (error) {
      // The client has cancelled the request and expects no answer.
      if (!abort.signal.aborted) throw error;
    } finally {
      if (aborts.get(message.id) === abort) aborts.delete(message.id);
    }
  }

  async function prepared(
    message: RpcMessage,
    signal: AbortSignal,
  ): Promise<{ ready: RpcMessage; repeatable: boolean }> {
    if (message.method !== 'tools/call') return { ready: message, repeatable: true };
    const tool = (await knownTools(signal)).get(String(message.params?.name));
    if (!tool?.takesKey) return { ready: message, repeatable: tool?.readOnly ?? false };
    const given = message.params?.arguments as Record<string, unknown> | undefined;
    const key = given?.idempotencyKey ?? keyOf(message);
    return {
      ready: { ...message, params: { ...message.params, arguments: { ...given, idempotencyKey: key } } },
      repeatable: true,
    };
  }

  /** Which tools take a key, asked once; a server that would not say is asked again at the next call. */
  async function knownTools(signal: AbortSignal): Promise<Map<string, Tool>> {
    tools ??= listTools(parts, protocolVersion, signal);
    const known = await tools.catch(() => new Map<string, Tool>());
    if (known.size === 0) tools = null;
    return known;
  }

  function keyOf(message: RpcMessage): string {
    const seed = JSON.stringify([parts.bridgeKey, sessions, message.id]);
    return `mcp-${createHash('sha256').update(seed).digest('hex').slice(0, 40)}`;
  }

  for await (const line of createInterface({ input: parts.input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    const parsed = parseLine(line);
    if (!Array.isArray(parsed)) {
      say(parsed);
      continue;
    }
    for (const message of parsed) {
      const work = handle(message).finally(() => inFlight.delete(work));
      inFlight.set(work, message.id);
      // The handshake settles the version that everything after it is sent under.
      if (message.method === 'initialize') await work;
      if (inFlight.size >= IN_FLIGHT_MAX) await Promise.race(inFlight.keys());
    }
  }
  await Promise.all(inFlight.keys());
}

async function listTools(
  parts: ForwardParts,
  protocolVersion: string | null,
  signal: AbortSignal,
): Promise<Map<string, Tool>> {
  const message: RpcMessage = { jsonrpc: '2.0', id: 'heph-bridge-tools', method: 'tools/list', params: {} };
  const [answer] = await forward(parts, { message, repeatable: true, protocolVersion, signal });
  const { tools = [] } = (answer?.result ?? {}) as ToolListing;
  return new Map(
    tools.map(({ name, annotations, inputSchema }) => [
      name,
      { readOnly: annotations?.readOnlyHint === true, takesKey: inputSchema?.properties?.idempotencyKey !== undefined },
    ]),
  );
}

function versionOf(answer: RpcMessage): string | null {
  const version = (answer.result as { protocolVersion?: unknown } | undefined)?.protocolVersion;
  return typeof version === 'string' ? version : null;
}
