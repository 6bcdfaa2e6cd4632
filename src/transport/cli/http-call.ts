import { request } from '../node-http.ts';
import { fail } from './failure.ts';

export interface HttpCall {
  /** `http://127.0.0.1:1234`. */
  url: string;
  path: string;
  method?: 'GET' | 'POST';
  token?: string;
  headers?: Record<string, string>;
  body?: string;
  timeoutMs: number;
  signal?: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/**
 * One call to a server of ours. Node's own client instead of `fetch`, which takes as long to load as the call itself.
 * Throws Fault `server.unreachable` when there is no answer; `details.refused` says that nothing was sent.
 */
export function httpCall(call: HttpCall): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const body = call.body === undefined ? undefined : Buffer.from(call.body);
  const lost = (error: NodeJS.ErrnoException) => {
    if (call.signal?.aborted) return reject(error);
    const why = error.message || error.code || 'the connection was lost';
    reject(
      fail('server.unreachable', `${call.url} does not answer: ${why}.`, { refused: error.code === 'ECONNREFUSED' }),
    );
  };
  const sent = request(new URL(call.path, call.url), {
    method: call.method ?? (body ? 'POST' : 'GET'),
    headers: {
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json', 'content-length': body.byteLength }),
      ...(call.token && { authorization: `Bearer ${call.token}` }),
      ...call.headers,
    },
    ...(call.signal && { signal: call.signal }),
  });
  sent.setTimeout(call.timeoutMs, () => sent.destroy(new Error(`nothing came for ${call.timeoutMs} ms`)));
  sent.on('error', lost);
  sent.on('response', (response) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on('data', (part: Buffer) => {
      parts.push(part);
      bytes += part.byteLength;
      if (bytes > ANSWER_BYTES_MAX) sent.destroy(new Error('the answer is larger than 64 MiB'));
    });
    response.on('error', lost);
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: Buffer.concat(parts).toString('utf8'),
      }),
    );
  });
  sent.end(body);
  return promise;
}
