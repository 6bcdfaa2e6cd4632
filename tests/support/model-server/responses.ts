import { event, list, type Loose, schemaOf, sinceUser, text, type Tool, type Wire, wordsOf } from './ask.ts';

const USAGE = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 40 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 120,
};

/** OpenAI Responses, as Codex speaks it. */
export const responses: Wire = {
  name: 'responses',
  path: /\/responses$/,
  read(body) {
    const input = list(body.input);
    const turns = input.map((item) => ({
      user: item.type === 'message' && item.role === 'user' ? wordsOf(item.content) : null,
      results: text(item.type).endsWith('_call_output') ? [outputOf(item.output)] : [],
    }));
    const late = input.filter(({ type }) => type === 'additional_tools').flatMap(({ tools }) => list(tools));
    const tools = [...list(body.tools), ...late].flatMap((tool) => toolsOf(tool));
    return { ...sinceUser(turns), tools, instructions: text(body.instructions), schema: false };
  },
  async *events(say, pieces) {
    const id = 'resp_scripted';
    yield event({ type: 'response.created', response: { id } }, 'response.created');
    if (say.say === 'call') {
      yield event({ type: 'response.output_item.done', item: itemOf(say.call) }, 'response.output_item.done');
    } else {
      const item = { type: 'message', role: 'assistant', id: 'msg_scripted', content: [] as unknown[] };
      yield event({ type: 'response.output_item.added', item }, 'response.output_item.added');
      let all = '';
      for await (const delta of pieces) {
        all += delta;
        yield event({ type: 'response.output_text.delta', item_id: item.id, delta }, 'response.output_text.delta');
      }
      const done = { ...item, content: [{ type: 'output_text', text: all }] };
      yield event({ type: 'response.output_item.done', item: done }, 'response.output_item.done');
    }
    yield event({ type: 'response.completed', response: { id, usage: USAGE } }, 'response.completed');
  },
  error: (status, message) => ({ error: { message, type: 'scripted', code: `scripted_${status}` } }),
};

/** A namespace holds the tools of one MCP server. */
function toolsOf(tool: Loose, server: string | null = null): Tool[] {
  if (tool.type === 'namespace') return list(tool.tools).flatMap((one) => toolsOf(one, text(tool.name)));
  const kind = tool.type === 'custom' ? 'custom' : 'function';
  // The provider's own tools have a type only.
  return [{ name: text(tool.name) || text(tool.type), server, kind, ...schemaOf(tool.parameters) }];
}

function itemOf({ tool, arguments: input }: { tool: Tool; arguments: Readonly<Loose> }): Loose {
  const call_id = `call_${crypto.randomUUID()}`;
  if (tool.kind === 'custom') return { type: 'custom_tool_call', call_id, name: tool.name, input: text(input.input) };
  const call = { type: 'function_call', id: `fc_${call_id}`, call_id, name: tool.name };
  return { ...call, arguments: JSON.stringify(input), ...(tool.server && { namespace: tool.server }) };
}

function outputOf(output: unknown): string {
  return typeof output === 'string' || Array.isArray(output) ? wordsOf(output) : wordsOf((output as Loose)?.content);
}
