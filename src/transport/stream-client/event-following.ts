import type { ClientMessage, ServerMessage, WireEvent } from '../ws/protocol.ts';
import type { Following } from './following.ts';
import type { StreamError } from './stream-error.ts';

type Subscribe = Extract<ClientMessage, { type: 'subscribe_events' }>;

export interface EventRequest extends Omit<Subscribe, 'type' | 'id' | 'logId'> {
  /** In the order of the log, each once, whatever became of the connection meanwhile. `position` is that of the last one. */
  onEvents(events: readonly WireEvent[], position: string): void;
  /** Everything that was there has been told; again after each break. */
  onCaughtUp?(position: string): void;
  /** The last call, unless it was ended on purpose. */
  onEnd?(error: StreamError): void;
}

/** Follows events and knows where it is: after a break it goes on behind the last position that it has seen. */
export function eventFollowing(id: string, request: EventRequest): Following & { position(): string | null } {
  const { onEvents, onCaughtUp, onEnd, ...selection } = request;
  let position: bigint | null = null;
  /** The log that the position is of; a position that was given to us is taken to be of the log that we first meet. */
  let logId: string | null = null;
  let caughtUp = false;

  const reach = (text: string) => {
    const to = BigInt(text);
    if (position === null || to > position) position = to;
  };

  return {
    position: () => position?.toString() ?? null,
    opening(welcome) {
      logId ??= welcome.logId;
      caughtUp = false;
      const from: Partial<Subscribe> = position === null ? {} : { after: position.toString(), logId };
      return { type: 'subscribe_events', id, ...selection, ...from };
    },
    receive(message: ServerMessage) {
      if (message.type === 'subscribed' && message.after !== undefined) reach(message.after);
      else if (message.type === 'heartbeat') {
        if (caughtUp) reach(message.position);
      } else if (message.type === 'caught_up') {
        caughtUp = true;
        reach(message.position);
        onCaughtUp?.(message.position);
      } else if (message.type === 'events') {
        const known = position;
        const news = known === null ? message.events : message.events.filter((event) => BigInt(event.position) > known);
        reach(message.position);
        if (news.length > 0) onEvents(news, message.position);
      }
    },
    end: (error) => void (error && onEnd?.(error)),
  };
}
