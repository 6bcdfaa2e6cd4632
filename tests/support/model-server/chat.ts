import { event, list, type Loose, schemaOf, sinceUser, text, type Wire, wordsOf } from './ask.ts';

const USAGE = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

/** OpenAI Chat Completions, as OpenCode and most others speak it. */
export const chat: Wire = {
  name: 'chat',
  path: /\/chat\/completions$/,
  read(body) {
    const turns = list(body.messages).map(({ role, content }) => ({
      user: role === 'user' ? wordsOf(content) : null,
      results: role === 'tool' ? [wordsOf(content)] : [],
    }));
    const tools = list(body.tools).map(({ function: one }) => {
      const { name, parameters } = one as Loose;
      return { name: text(name), server: null, kind: 'function' as const, ...schemaOf(parameters) };
    });
    const above = list(body.messages).filter(({ role }) => role === 'system');
    const instructions = above.map(({ content }) => wordsOf(content)).join('\n');
    return { ...sinceUser(turns), tools, instructions, schema: body.response_format !== undefined };
  },
  async *events(say, pieces) {
    yield chunk({ role: 'assistant', content: '' });
    if (say.say === 'call') {
      const { tool, arguments: input } = say.call;
      const call = { name: tool.name, arguments: JSON.stringify(input) };
      yield chunk({
        tool_calls: [{ index: 0, id: `call_${crypto.randomUUID()}`, type: 'function', function: call }],
      });
    } else for await (const content of pieces) yield chunk({ content });
    yield chunk({}, say.say === 'call' ? 'tool_calls' : 'stop');
    yield event('[DONE]');
  },
  whole: (content) => ({
    ...{ id: 'chatcmpl-scripted', object: 'chat.completion', created: 0, model: 'scripted' },
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, finish_reason: 'stop' }],
    // The cost is what some providers add.
    usage: { ...USAGE, cost: 0.002 },
  }),
  error: (status, message) => ({ error: { message, type: 'scripted', code: `scripted_${status}` } }),
};

function chunk(delta: Loose, finish_reason: string | null = null): string {
  const head = { id: 'chatcmpl-scripted', object: 'chat.completion.chunk', created: 0, model: 'scripted' };
  return event({ ...head, choices: [{ index: 0, delta, finish_reason }], ...(finish_reason && { usage: USAGE }) });
}
