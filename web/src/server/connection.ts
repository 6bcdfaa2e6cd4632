import { createAtom } from '@xstate/store-react';
import {
  type ConnectionState,
  connectStream,
  dialWithTicket,
  StreamError,
  type StreamClient,
} from '../../../src/transport/stream-client/index.ts';
import { post } from './api.ts';

/** The one socket of this page, and how it is with it. */
export interface Connection extends ConnectionState {
  /** It was open before: what is on the page was true once. */
  wasOpen: boolean;
  /** Since when it is not open; null while it is. Milliseconds since the Unix epoch, of this machine. */
  lostAt: number | null;
}

export const connection = createAtom<Connection>({ status: 'connecting', wasOpen: false, lostAt: null });

async function ticket(): Promise<string> {
  try {
    return (await post<{ ticket: string }>('/api/stream-tickets')).ticket;
  } catch (error) {
    // What the server refuses ends it; that nobody answers is tried again.
    if (error instanceof StreamError) throw error;
    throw new Error('the server does not answer', { cause: error });
  }
}

export const stream: StreamClient = connectStream({
  dial: dialWithTicket(location.origin, ticket),
  onState(state) {
    connection.set(({ wasOpen, lostAt }) => ({
      ...state,
      wasOpen: wasOpen || state.status === 'open',
      lostAt: state.status === 'open' ? null : (lostAt ?? Date.now()),
    }));
  },
});
