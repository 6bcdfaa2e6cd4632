import { type Clock, sleep } from '../../../kernel/clock.ts';
import { Fault, HephError, messageOf } from '../../../kernel/errors.ts';
import { plainLine } from '../../../kernel/plain-text.ts';
import type { Model, ModelAnswer, ModelProvider, ModelRequest, ModelState } from '../model.ts';
import { readAnswer, readError, retryAfterMs } from './openai-answer.ts';
import { readKey } from './openai-key.ts';

/** One question is sent so often at most: anew after 429, 5xx and a broken connection, and once in its plain form. */
const TRIES_MAX = 3;
const FIRST_PAUSE_MS = 1000;
const ANSWER_BYTES_MAX = 1024 * 1024;

/** Said by providers that do not know a field. */
const UNREAD = [400, 422];

interface Parts {
  clock: Clock;
  environment: Readonly<Record<string, string | undefined>>;
  fetch?: typeof fetch;
}

/** What one try came to. `pauseMs`: it may be tried again, after so long. */
type Tried = { answer: ModelAnswer } | { fault: Fault; pauseMs: number | null; plain?: true };

/** Chat Completions, as OpenAI offers them and most other providers and local servers do. */
export function createOpenAiModel(parts: Parts): Model {
  let last: { provider: ModelProvider; at: number; fault: string | null } | null = null;
  return {
    async ask(request) {
      const { provider } = request;
      const heard = (fault: string | null) => {
        last = { provider, at: parts.clock.now(), fault };
      };
      try {
        const answer = await askWithin(request, parts);
        heard(null);
        return answer;
      } catch (error) {
        heard(messageOf(error));
        throw error;
      }
    },
    state(provider) {
      if (provider.name === '') return { status: 'ok', detail: 'none is configured, and none is needed' };
      const key = readKey(provider, parts.environment);
      if (key instanceof Fault) return { status: 'degraded', detail: key.message };
      const known = last && JSON.stringify(last.provider) === JSON.stringify(provider) ? last : null;
      return stateOf(`${provider.name} at ${provider.baseUrl}`, known);
    },
  };
}

function stateOf(who: string, last: { at: number; fault: string | null } | null): ModelState {
  if (!last) return { status: 'unknown', detail: `${who} has not been asked yet` };
  const when = new Date(last.at).toISOString();
  if (last.fault === null) return { status: 'ok', detail: `${who} answered at ${when}` };
  return { status: 'degraded', detail: `${who} did not answer at ${when}: ${last.fault}` };
}

async function askWithin(
  request: ModelRequest,
  { clock, environment, fetch: send = fetch }: Parts,
): Promise<ModelAnswer> {
  const { wallMs } = request.provider;
  const key = readKey(request.provider, environment);
  if (key instanceof Fault) throw key;
  const over = new AbortController();
  const cancel = clock.after(wallMs, () => over.abort());
  const endsAt = clock.monotonicMs() + wallMs;
  try {
    for (let tries = 1, plain = false; ; tries++) {
      const tried = await tryOnce(request, { key, plain, signal: over.signal, send, now: clock.now() });
      if ('answer' in tried) return tried.answer;
      if (over.signal.aborted) throw unavailable(`It did not answer within ${wallMs / 1000} s.`);
      const { fault, pauseMs } = tried;
      if (tries >= TRIES_MAX || pauseMs === null || (plain && tried.plain)) throw fault;
      plain ||= tried.plain === true;
      const pause = Math.max(pauseMs, tried.plain ? 0 : FIRST_PAUSE_MS * 2 ** (tries - 1));
      if (clock.monotonicMs() + pause >= endsAt) throw fault;
      await sleep(clock, pause, over.signal).catch(() => undefined);
    }
  } finally {
    cancel();
  }
}

async function tryOnce(
  request: ModelRequest,
  how: { key: string | null; plain: boolean; signal: AbortSignal; send: typeof fetch; now: number },
): Promise<Tried> {
  const { baseUrl } = request.provider;
  try {
    const response = await how.send(`${baseUrl.replace(/\/+$/, '')}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(how.key !== null && { authorization: `Bearer ${how.key}` }) },
      body: JSON.stringify(bodyOf(request, how.plain)),
      signal: how.signal,
      // Another address was not named by anybody.
      redirect: 'error',
    });
    const text = await boundedText(response);
    return response.ok ? { answer: readAnswer(text, request.provider.name) } : failed(response, text, how);
  } catch (error) {
    if (error instanceof HephError) return { fault: error as Fault, pauseMs: null };
    const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
    const why = typeof code === 'string' ? code : plainLine(withoutKey(messageOf(error), how.key), 200);
    return { fault: unavailable(`It cannot be reached at ${baseUrl}: ${why}.`), pauseMs: 0 };
  }
}

/** The seed and the schema are what a provider may not know: the plain form does without. */
function bodyOf({ provider, instructions, material, answer, seed }: ModelRequest, plain: boolean) {
  const messages = [
    { role: 'system', content: instructions },
    { role: 'user', content: material },
  ];
  const format = { type: 'json_schema', json_schema: { ...answer, strict: true } };
  return { model: provider.name, messages, ...(!plain && { seed, response_format: format }) };
}

function failed({ status, headers }: Response, text: string, how: { key: string | null; now: number }): Tried {
  const said = plainLine(withoutKey(readError(text), how.key), 300);
  const message = `It answered ${status}${said && `: ${said}`}`;
  if (status === 408 || status === 429 || status >= 500)
    return { fault: unavailable(message), pauseMs: retryAfterMs(headers, how.now) };
  const fault = new Fault('model.refused', message, { retryable: false });
  return UNREAD.includes(status) ? { fault, pauseMs: 0, plain: true } : { fault, pauseMs: null };
}

/** Providers quote what they were sent. */
function withoutKey(text: string, key: string | null): string {
  return key === null ? text : text.replaceAll(key, '[key]');
}

async function boundedText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX)
      throw new Fault('model.bad_answer', `Its answer is larger than ${ANSWER_BYTES_MAX} bytes.`, { retryable: false });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unavailable(message: string): Fault {
  return new Fault('model.unavailable', message);
}
