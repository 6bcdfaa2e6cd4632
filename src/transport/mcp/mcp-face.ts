import {
  createMcpHandler,
  isLegacyRequest,
  type McpRequestContext,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { CommandBus, Principal } from '../../commands/index.ts';
import { isFailure, messageOf } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/log.ts';
import { errorBody, failureOf } from '../answers.ts';
import { recordDenial } from '../denials.ts';
import type { Queries } from '../queries-port.ts';
import { messageRefusal } from './message.ts';
import { createTools } from './tools.ts';

export interface McpParts {
  bus: CommandBus;
  queries: Queries;
  log: Log;
  version: string;
}

export interface McpFace {
  /** Answers one posted message in one JSON text (or none), as its principal. */
  handle(request: Request, body: unknown, principal: Principal): Promise<{ status: number; text: string }>;
}

const INSTRUCTIONS =
  'You work on one task of Hephaestus. Tell how far you are with report_progress and end with update_task_status. ' +
  'Leave taskId out: it is your own.';

/**
 * Stateless: a server object per message, no session, nothing to hijack. Both generations of the protocol are spoken;
 * the older one (`initialize`, then calls) by a transport of our own setting, because the library's default for it
 * streams and we answer in plain JSON.
 */
export function createMcpFace({ bus, queries, log, version }: McpParts): McpFace {
  const tools = createTools({ bus, queries });
  const onerror = (error: Error) => log.debug({ error: messageOf(error) }, 'MCP message refused');
  // One stream for change notices could be held open by anybody; our tools never change within an agent's life.
  const modern = createMcpHandler(serverFor, { legacy: 'reject', onerror, maxSubscriptions: 0 });

  return {
    async handle(request, body, principal) {
      const refusal = messageRefusal(request.headers, body);
      if (refusal) return refusal;
      const options = { parsedBody: body, authInfo: authInfoOf(principal) };
      const response = (await isLegacyRequest(request, body))
        ? await legacy(request, options)
        : await modern.fetch(request, options);
      return { status: response.status, text: await response.text() };
    },
  };

  async function legacy(request: Request, options: { parsedBody: unknown; authInfo: AuthInfo }): Promise<Response> {
    const server = serverFor({ era: 'legacy', authInfo: options.authInfo, requestInfo: request });
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    transport.onerror = onerror;
    await server.connect(transport);
    try {
      return await transport.handleRequest(request, options);
    } finally {
      await server.close();
    }
  }

  function serverFor({ authInfo, requestInfo }: McpRequestContext): Server {
    const principal = authInfo?.extra?.principal as Principal;
    const signal = requestInfo?.signal ?? new AbortController().signal;
    const server = new Server({ name: 'heph', version }, { capabilities: { tools: {} }, instructions: INSTRUCTIONS });
    server.setRequestHandler('tools/list', () => ({ tools: tools.list(principal) }));
    server.setRequestHandler('tools/call', ({ params }) => call(params.name, params.arguments, principal, signal));
    return server;
  }

  /** A refusal is a result that the model reads, with what to do next; never an error of the protocol. */
  async function call(name: string, input: unknown, principal: Principal, signal: AbortSignal) {
    const result = await tools.call(name, input, principal, signal).catch((error) => failureOf(error, log));
    if (!isFailure(result)) return { content: [textOf(result)], structuredContent: { ...result } };
    if (result.code === 'auth.impersonation') await recordDenial(bus, principal, name, result);
    const { code, message, details, next } = errorBody(result);
    const structuredContent = { code, message, ...(details && { details }), next };
    return { isError: true, content: [textOf(structuredContent)], structuredContent };
  }
}

type AuthInfo = ReturnType<typeof authInfoOf>;

/** The token itself goes no further than the door: what follows knows the principal only. */
function authInfoOf(principal: Principal) {
  return { token: '', clientId: principal.id, scopes: [], extra: { principal } };
}

function textOf(value: object) {
  return { type: 'text' as const, text: JSON.stringify(value) };
}
