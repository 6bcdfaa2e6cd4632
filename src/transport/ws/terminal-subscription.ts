import { denied, HephError, invalid } from '../../kernel/errors.ts';
import type { Live } from '../../queries/index.ts';
import { terminalFrame } from './frame.ts';
import type { ParsedMessage } from './protocol.ts';
import type { Subscription } from './subscription.ts';

type Asked = Extract<ParsedMessage, { type: 'subscribe_terminal' }>;

const CHUNK_BYTES = 128 * 1024;
const WAIT_MS = 20_000;

/** An agent's terminal from a cursor on, at the client's own speed: what it does not take stays in the transcript. */
export function terminalSubscription(asked: Asked, live: Live, handle: number): Subscription {
  const { id } = asked;
  return {
    async run(socket, signal) {
      const { role } = socket.principal;
      if (role !== 'operator' && role !== 'viewer')
        throw HephError.of(denied('auth.role', `A ${role} may not look at terminals.`));
      const terminal = await live.terminals.open(asked.agentId);
      let chunk = await terminal.read(asked.cursor ?? 0, CHUNK_BYTES, 0);
      if (asked.cursor !== undefined && chunk.droppedBefore > asked.cursor)
        throw HephError.of(
          invalid(
            'stream.resume_too_old',
            `The transcript begins at ${chunk.droppedBefore}; what was before it was let go.`,
            {
              oldest: chunk.droppedBefore,
            },
          ),
        );
      if (signal.aborted) return;
      socket.send({ type: 'subscribed', id, handle, cursor: chunk.cursor });
      while (!signal.aborted) {
        const bytes = Buffer.from(chunk.data, 'base64');
        const { cursor, nextCursor, ended } = chunk;
        const may = () => !signal.aborted && socket.mayHear();
        if (
          bytes.length > 0 &&
          !(await socket.outbox.paced(() => (may() ? terminalFrame(handle, cursor, bytes) : null)))
        )
          return;
        if (ended) return;
        chunk = await terminal.read(nextCursor, CHUNK_BYTES, WAIT_MS);
      }
    },
  };
}
