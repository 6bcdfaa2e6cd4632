import { StreamError } from '../../../src/transport/stream-client/index.ts';

/** What is asked by REST, with the page’s cookie. Throws the server’s refusal as a `StreamError`, with its code and next step. */
export async function post<T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-heph': '1' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  const answer = (await response.json()) as { ok: boolean; error?: ConstructorParameters<typeof StreamError>[0] };
  if (!answer.ok)
    throw new StreamError(answer.error ?? { code: 'server.bad_answer', message: 'The server gave no answer.' });
  return answer as T;
}

/** A query by its name, as docs/commands.md and `/openapi.json` list them. */
export async function query<T>(name: string, input: unknown, signal?: AbortSignal): Promise<T> {
  return (await post<{ result: T }>(`/api/queries/${name}`, input, signal)).result;
}

export function asFailure(error: unknown): StreamError {
  if (error instanceof StreamError) return error;
  const message = 'The server cannot be reached.';
  return new StreamError({ code: 'server.unreachable', message, next: 'It is tried again by itself.' });
}
