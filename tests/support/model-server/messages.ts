import { event, list, type Loose, schemaOf, sinceUser, text, type Wire, wordsOf } from './ask.ts';

const USAGE = { input_tokens: 100, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 20 };

/** Anthropic Messages, as Claude Code speaks it. */
export const messages: Wire = {
  name: 'messages',
  path: /\/v1\/messages$/,
  read(body) {
    const turns = list(body.messages).map(({ role, content }) => {
      const results = list(content)
        .filter(({ type }) => type === 'tool_result')
        .map((part) => wordsOf(part.content));
      const words = role === 'user' && results.length === 0 ? withoutReminders(wordsOf(content)) : '';
      return { user: words || null, results };
    });
    const tools = list(body.tools).map(({ name, input_schema }) => ({
      ...{ name: text(name), server: null, kind: 'function' as const },
      ...schemaOf(input_schema),
    }));
    return { ...sinceUser(turns), tools, instructions: wordsOf(body.system), schema: false };
  },
  async *events(say, pieces) {
    const message = { id: 'msg_scripted', type: 'message', role: 'assistant', model: 'scripted', content: [] };
    const opened = { ...message, stop_reason: null, stop_sequence: null, usage: USAGE };
    yield told('message_start', { message: opened });
    if (say.say === 'call') {
      const { tool, arguments: input } = say.call;
      const block = { type: 'tool_use', id: `toolu_${crypto.randomUUID()}`, name: tool.name, input: {} };
      yield told('content_block_start', { index: 0, content_block: block });
      const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) };
      yield told('content_block_delta', { index: 0, delta });
    } else {
      yield told('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
      for await (const piece of pieces)
        yield told('content_block_delta', { index: 0, delta: { type: 'text_delta', text: piece } });
    }
    yield told('content_block_stop', { index: 0 });
    const stop_reason = say.say === 'call' ? 'tool_use' : 'end_turn';
    yield told('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 20 } });
    yield told('message_stop', {});
  },
  error: (status, message) => ({
    type: 'error',
    error: {
      type: status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'api_error',
      message,
    },
  }),
};

/** The client puts notes of its own among the user's words. */
function withoutReminders(words: string): string {
  return words.replace(/<system-reminder>.*?<\/system-reminder>/gs, '').trim();
}

function told(type: string, more: Loose): string {
  return event({ type, ...more }, type);
}
