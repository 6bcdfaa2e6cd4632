import { useSelector } from '@xstate/store-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { AcceptedCommand, StreamError } from '../../../src/transport/stream-client/index.ts';
import { asFailure } from './api.ts';
import { connection, stream } from './connection.ts';
import { moment, usePast } from './moment.ts';
import { follow, type Row } from './view-registry.ts';

export interface Sending {
  /** Null when it was refused; `refusal` then says why. */
  send(input: Row): Promise<AcceptedCommand | null>;
  busy: boolean;
  /** Of the last one: the code, what was wrong, and what to do about it. */
  refusal: StreamError | null;
  dismiss(): void;
  /** Why nothing can be sent now; null when it can. */
  disabledReason: string | null;
}

/** The view in which the effect is to be seen before the command counts as done. */
export interface Shown {
  view: string;
  params?: Row;
}

export const PAST_REASON = 'This is the past. Go back to now to change something.';

/**
 * Sends a command on the page’s socket. It is done when it is recorded and `shown`, where given, shows it. A command that is
 * under way when the connection breaks is sent again under the same key: it happens once.
 */
export function useCommand(name: string, shown?: Shown): Sending {
  const past = usePast();
  const status = useSelector(connection, (now) => now.status);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<StreamError | null>(null);
  const where = useRef(shown);
  useEffect(() => {
    where.current = shown;
  });
  const send = useCallback(
    async (input: Row) => {
      if (moment.get().at !== null) return null;
      setBusy(true);
      setRefusal(null);
      try {
        const answer = await stream.command(name, input);
        const { view, params = {} } = where.current ?? {};
        if (view !== undefined) await follow(view, params, null).reached(answer.position);
        return answer;
      } catch (error) {
        setRefusal(asFailure(error));
        return null;
      } finally {
        setBusy(false);
      }
    },
    [name],
  );
  return {
    send,
    busy,
    refusal,
    dismiss: useCallback(() => setRefusal(null), []),
    disabledReason: past === null ? (status === 'closed' ? 'This page is signed out.' : null) : PAST_REASON,
  };
}
