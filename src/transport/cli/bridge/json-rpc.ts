/** A message of MCP as it comes over stdio: a request has an id, a notification has none. */
export interface RpcMessage {
  jsonrpc: '2.0';
  id?: string | number | null;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const SERVER_ERROR = -32000;

export function rpcError(id: RpcMessage['id'], code: number, message: string, data?: unknown): RpcMessage {
  return { jsonrpc: '2.0', id: id ?? null, error: { code, message, ...(data !== undefined && { data }) } };
}

/** The messages of a line: one, or a batch. An error message when the line is none. */
export function parseLine(line: string): RpcMessage[] | RpcMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return rpcError(null, PARSE_ERROR, 'The line is not JSON.');
  }
  const messages = Array.isArray(value) ? value : [value];
  const valid =
    messages.length > 0 &&
    messages.every((one) => typeof one === 'object' && one !== null && (one as RpcMessage).jsonrpc === '2.0');
  return valid ? (messages as RpcMessage[]) : rpcError(null, INVALID_REQUEST, 'The line is no JSON-RPC 2.0 message.');
}

/** The messages of an HTTP answer, which is JSON or a stream of server-sent events. */
export function messagesIn(contentType: string, text: string): RpcMessage[] {
  if (text.trim() === '') return [];
  if (!contentType.includes('text/event-stream')) return [JSON.parse(text) as RpcMessage | RpcMessage[]].flat();
  return text
    .split(/\r?\n\r?\n/)
    .map((block) =>
      block
        .split(/\r?\n/)
        .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
        .join('\n'),
    )
    .filter((data) => data !== '')
    .map((data) => JSON.parse(data) as RpcMessage);
}
