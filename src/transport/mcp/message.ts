/** The protocol's code for headers that say something else than the body. */
const HEADER_MISMATCH = -32020;
const INVALID_REQUEST = -32600;

/**
 * What is refused before the protocol sees it. Proxies may decide by the headers `Mcp-Method` and `Mcp-Name`, so they must
 * tell the truth where they are sent; what is authorised is always the body. Batches are refused: the protocol dropped
 * them, and one call is one command.
 */
export function messageRefusal(headers: Headers, body: unknown): { status: number; text: string } | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return refusal(INVALID_REQUEST, 'Send one JSON-RPC message, as an object.', null);
  const { method, params, id } = body as { method?: unknown; params?: { name?: unknown; uri?: unknown }; id?: unknown };
  const said = headers.get('mcp-method');
  const named = headers.get('mcp-name');
  if ((said !== null && said !== method) || (named !== null && named !== (params?.name ?? params?.uri)))
    return refusal(HEADER_MISMATCH, 'The headers Mcp-Method and Mcp-Name say something else than the body.', id);
  return null;
}

function refusal(code: number, message: string, id: unknown) {
  const echo = typeof id === 'string' || typeof id === 'number' ? id : null;
  return { status: 400, text: JSON.stringify({ jsonrpc: '2.0', id: echo, error: { code, message } }) };
}
