import { WebSocket } from 'ws';
import { type Dial, type SocketLike, StreamError, streamUrl } from '../stream-client/index.ts';
import type { Client } from './client.ts';
import { CliFailure } from './failure.ts';
import { readToken } from './server-file.ts';

const BODY_BYTES_MAX = 64 * 1024;
/** What passes by itself when a server restarts; a server that was never there is a failure. */
const GONE = new Set(['server.not_running', 'server.unreachable', 'server.start_failed', 'server.stopping']);

/** Dials the server of the client's data directory, wherever it is by now. */
export function dialServer(client: Client): Dial {
  let met = false;
  return async () => {
    try {
      client.forgetServer();
      const { url } = await client.server();
      met = true;
      return socketTo(url, readToken(client.directory));
    } catch (error) {
      if (!(error instanceof CliFailure) || (met && GONE.has(error.code))) throw error;
      throw new StreamError(error);
    }
  };
}

/** A socket that tells of an HTTP refusal as of a close with that status. */
function socketTo(url: string, token: string | null): SocketLike {
  const socket = new WebSocket(streamUrl(url), {
    perMessageDeflate: false,
    ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
  });
  socket.on('unexpected-response', (_request, response) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= BODY_BYTES_MAX) parts.push(part);
    });
    response.on('close', () => {
      const reason = Buffer.concat(parts).toString('utf8');
      (socket as unknown as SocketLike).onclose?.({ code: response.statusCode ?? 1006, reason });
    });
  });
  return socket as unknown as SocketLike;
}
