import type { ActorHost } from '../actors/actor-host.ts';
import { type Failure, rejected } from '../kernel/errors.ts';
import { INBOX_ID, type Inbox } from '../machines/inbox/index.ts';

interface Parts {
  host: ActorHost;
  /** Whether it waits for somebody now. */
  waits(matterId: string): Promise<boolean>;
}

/** Only what is in the inbox can be taken out of it; what was taken out before is out. */
export function prepareDismissMatter({ host, waits }: Parts) {
  return async (input: { matterId: string }): Promise<{ matterId: string } | Failure> => {
    const { dismissed } = (await host.read<Inbox>('inbox', INBOX_ID)).context;
    if (dismissed.includes(input.matterId) || (await waits(input.matterId))) return input;
    return rejected(
      'inbox.no_such_matter',
      `Nothing in the inbox is named ${input.matterId}; it may be settled already.`,
    );
  };
}
