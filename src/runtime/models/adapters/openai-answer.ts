import { z } from 'zod';
import { Fault } from '../../../kernel/errors.ts';

const count = z.number().int().min(0).nullable().catch(null);

/** As much of an answer as we read. Some providers say what it has cost, in dollars. */
const answerSchema = z.object({
  model: z.string().max(200).optional().catch(undefined),
  choices: z.array(
    z.object({
      message: z.object({ content: z.string().nullable().catch(null), refusal: z.string().nullable().catch(null) }),
    }),
  ),
  usage: z
    .object({ prompt_tokens: count, completion_tokens: count, cost: z.number().min(0).nullable().catch(null) })
    .optional()
    .catch(undefined),
});

/** The text of an answer, with what it has used. Throws `model.bad_answer` where there is none. */
export function readAnswer(json: string, name: string) {
  const parsed = answerSchema.safeParse(parsedOrNull(json));
  const message = parsed.data?.choices[0]?.message;
  if (!parsed.success || !message) throw bad('What it answered is no chat completion.');
  if (!message.content)
    throw bad(message.refusal ? `It refused: ${message.refusal.slice(0, 300)}` : 'It said nothing.');
  const { model = name, usage } = parsed.data;
  return {
    text: message.content,
    model,
    inputTokens: usage?.prompt_tokens ?? null,
    outputTokens: usage?.completion_tokens ?? null,
    costUsd: usage?.cost ?? null,
  };
}

/** The provider's own words about a failure; empty when there are none. */
export function readError(text: string): string {
  const { error } = (parsedOrNull(text) ?? {}) as { error?: unknown };
  if (typeof error === 'string') return error;
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : '';
}

/** How long the provider asks to wait; it says seconds or a date. */
export function retryAfterMs(headers: Headers, now: number): number {
  const said = headers.get('retry-after') ?? '';
  const seconds = Number(said);
  const ms = said !== '' && Number.isFinite(seconds) ? seconds * 1000 : Date.parse(said) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function bad(message: string): Fault {
  return new Fault('model.bad_answer', message, { retryable: false });
}
