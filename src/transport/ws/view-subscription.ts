import { denied, HephError, invalid, isFailure } from '../../kernel/errors.ts';
import { deltaOf, type Live, type LiveView, type ViewVersion, wholeParams } from '../../queries/index.ts';
import { textFrame } from './frame.ts';
import type { ParsedMessage } from './protocol.ts';
import type { Socketside, Subscription } from './subscription.ts';

type Asked = Extract<ParsedMessage, { type: 'subscribe_view' }>;

/**
 * A view: all of it, then what changes. A change is built when the client has room for it, from what it has to what is,
 * so a slow client gets fewer and larger ones, and is never too slow.
 */
export function viewSubscription(asked: Asked, live: Live): Subscription {
  const { id } = asked;
  const quoted = JSON.stringify(id);
  const begun = Promise.withResolvers<(position: bigint) => Promise<bigint>>();
  begun.promise.catch(() => {});

  async function tell(socket: Socketside, view: LiveView, signal: AbortSignal): Promise<void> {
    let known: ViewVersion | null = null;
    const send = () =>
      socket.outbox.paced(() => {
        if (signal.aborted || !socket.mayHear()) return null;
        const now = view.current();
        const before = known;
        known = now;
        if (!before) return textFrame(`{"type":"snapshot","id":${quoted},${now.snapshot}}`);
        const delta = deltaOf(before, now);
        return delta === null ? null : textFrame(`{"type":"delta","id":${quoted},${delta}}`);
      });
    if (!(await send())) return;
    begun.resolve(async (position) => {
      await view.reached(position, signal);
      await send();
      return (known as ViewVersion | null)?.position ?? position;
    });
    for (;;) {
      await turned(view, signal, () => signal.aborted || known !== view.current());
      if (signal.aborted || !(await send())) return;
    }
  }

  return {
    async reach(position) {
      return (await begun.promise)(position);
    },
    run: (socket, signal) =>
      follow(socket, signal).finally(() =>
        begun.reject(HephError.of(invalid('input.invalid', 'The subscription has ended.'))),
      ),
  };

  async function follow(socket: Socketside, signal: AbortSignal): Promise<void> {
    const { role } = socket.principal;
    if (role !== 'operator' && role !== 'viewer')
      throw HephError.of(denied('auth.role', `A ${role} may not follow views; it may follow its task’s events.`));
    const params = await wholeParams(asked.params, live.ids);
    if (isFailure(params)) throw HephError.of(params);
    const view = await live.views.open(asked.view, params);
    try {
      if (asked.until !== undefined) await view.reached(BigInt(asked.until), signal);
      if (signal.aborted) return;
      socket.send({ type: 'subscribed', id });
      await tell(socket, view, signal);
    } finally {
      view.release();
    }
  }
}

/** Resolves when the condition holds, looked at whenever the view or the signal changes; rejects when the view has failed. */
function turned(view: LiveView, signal: AbortSignal, holds: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      try {
        if (!holds()) return;
        resolve();
      } catch (error) {
        reject(error);
      }
      off();
      signal.removeEventListener('abort', look);
    };
    const off = view.watch(look);
    signal.addEventListener('abort', look, { once: true });
    look();
  });
}
