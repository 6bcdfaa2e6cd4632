import type { Principal } from '../../commands/index.ts';
import type { Outbox } from './outbox.ts';
import type { ServerMessage } from './protocol.ts';

/** What a subscription needs of the socket that it is on. */
export interface Socketside {
  readonly principal: Principal;
  readonly outbox: Outbox;
  /** Whether the client may still be told anything. */
  mayHear(): boolean;
  send(message: ServerMessage): void;
}

/** Something that a client follows under a name of its own. */
export interface Subscription {
  /**
   * Goes on until the signal aborts. Throws what makes it end by itself: before `subscribed` was sent, it is the answer
   * to the message, after that the reason of `unsubscribed`.
   */
  run(socket: Socketside, signal: AbortSignal): Promise<void>;
  /** Where a client that loses its socket now has to resume; null where it need not. */
  resumeAt?(): bigint | null;
  /** Of a view: resolves, with how far it is, when what was sent shows that position. */
  reach?(position: bigint): Promise<bigint>;
}
