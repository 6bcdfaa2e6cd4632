import type { ServerMessage } from '../ws/protocol.ts';
import type { Following } from './following.ts';
import type { StreamError } from './stream-error.ts';

export interface TerminalRequest {
  agentId: string;
  /** The first byte wanted; by default the oldest there is. */
  cursor?: number;
  /** `cursor` is that of the first byte. It is further than where the last ones ended where the server no longer had what was between. */
  onBytes(bytes: Uint8Array, cursor: number): void;
  /** The last call, unless it was ended on purpose. Null: the terminal will print no more. */
  onEnd?(error: StreamError | null): void;
}

export interface TerminalFollowing extends Following {
  /** The bytes of a binary message, if it is ours. */
  take(handle: number, cursor: number, bytes: Uint8Array): void;
  /** Where it would resume. */
  cursor(): number | null;
  printedAll(): void;
}

/** Follows a terminal, and goes on at the byte where the connection broke. */
export function terminalFollowing(
  id: string,
  { agentId, cursor: first, onBytes, onEnd }: TerminalRequest,
): TerminalFollowing {
  let cursor = first ?? null;
  let handle: number | null = null;
  return {
    cursor: () => cursor,
    opening() {
      handle = null;
      return { type: 'subscribe_terminal', id, agentId, ...(cursor !== null && { cursor }) };
    },
    receive(message: ServerMessage) {
      if (message.type !== 'subscribed') return;
      handle = message.handle ?? null;
      cursor ??= message.cursor ?? null;
    },
    take(whose, at, bytes) {
      if (whose !== handle) return;
      cursor = at + bytes.length;
      onBytes(bytes, at);
    },
    printedAll: () => onEnd?.(null),
    end: (error) => void (error && onEnd?.(error)),
  };
}
