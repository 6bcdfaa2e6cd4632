import { HephError, invalid, isFailure } from '../../kernel/errors.ts';
import { type Live, selectEvents } from '../../queries/index.ts';
import { eventFrames, type FanOut } from './fan-out.ts';
import type { ParsedMessage } from './protocol.ts';
import type { Socketside, Subscription } from './subscription.ts';

type Asked = Extract<ParsedMessage, { type: 'subscribe_events' }>;

/**
 * Events from a position on. What lies behind is read by pages, at the client's own speed; where nothing is missing any
 * more, and no `await` lies between that and the look, it joins those who are told of what happens now.
 */
export function eventSubscription(asked: Asked, live: Live, fanOut: FanOut): Subscription {
  const { id } = asked;
  const { events } = live;
  let position = 0n;
  let joined = false;

  async function start(signal: AbortSignal): Promise<bigint> {
    if (asked.after === 'start') return 0n;
    fanOut.flush();
    if (asked.after === 'now') return events.position();
    if (asked.logId !== undefined && asked.logId !== live.logId)
      throw HephError.of(
        invalid('stream.resume_too_old', 'That position is of another log than the one that is served here.', {
          logId: live.logId,
        }),
      );
    const after = BigInt(asked.after);
    await events.reached(after, signal);
    return after;
  }

  return {
    resumeAt: () => (joined && fanOut.through() > position ? fanOut.through() : position),
    async run(socket: Socketside, signal: AbortSignal) {
      const selection = await selectEvents(asked, socket.principal, live.ids);
      if (isFailure(selection)) throw HephError.of(selection);
      position = await start(signal);
      if (signal.aborted) return;
      socket.send({ type: 'subscribed', id, after: String(position) });
      while (position < events.position()) {
        const until = events.position();
        for await (const page of events.history(selection, { after: position, until }, signal)) {
          for (const { frame, last } of eventFrames(id, page, events.json)) {
            if (!(await socket.outbox.paced(() => (signal.aborted ? null : frame)))) return;
            position = last.position;
          }
          if (signal.aborted) return;
        }
        if (signal.aborted) return;
        position = until;
      }
      const member = {
        mayHear: () => socket.mayHear(),
        hear(frame: Buffer, count: number, last: bigint) {
          socket.outbox.push(frame, count);
          // After the push: where that was too much, this frame has not been sent.
          position = last;
        },
      };
      fanOut.join(member, id, selection);
      joined = true;
      socket.send({ type: 'caught_up', id, position: String(position) });
      await aborted(signal);
      fanOut.leave(member);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
