import type { ClientMessage, ServerMessage } from '../ws/protocol.ts';
import type { StreamError } from './stream-error.ts';

/** Something that is followed over one socket after another. */
export interface Following {
  /** What to ask for on a new socket. */
  opening(welcome: Extract<ServerMessage, { type: 'welcome' }>): ClientMessage;
  receive(message: ServerMessage): void;
  /** The connection is lost; another one is on its way. */
  lost?(): void;
  /** Null: on purpose. */
  end(error: StreamError | null): void;
}
