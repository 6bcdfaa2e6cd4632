import { z } from 'zod';
import { type Chart, defineActor, type Proposer, stays } from '../define-actor.ts';
import type { InboxCommand } from './commands.ts';
import { type InboxFact, inboxFacts } from './events.ts';

export interface Inbox {
  /** The newest, oldest first. */
  dismissed: string[];
}

/** So many are remembered; one that is dismissed again after them is a fact once more, and changes nothing. */
const REMEMBERED_MAX = 1_000;

/** Stored when the inbox carries over: a change of `Inbox` needs a default here, or an upcaster of `CarriedFrom`. */
const carriedInbox: z.ZodType<Inbox> = z.strictObject({ dismissed: z.array(z.string()) });

/** As long as nobody has put anything aside, it has no history. */
export const inboxChart: Chart = {
  initial: 'absent',
  states: { absent: { on: { MatterDismissed: 'open' } }, open: { on: stays('open', 'MatterDismissed') } },
};

function decide({ input, actor: by }: InboxCommand, actor: Proposer<Inbox, InboxFact>) {
  if (actor.context.dismissed.includes(input.matterId)) return [];
  return actor.facts({ type: 'MatterDismissed', v: 1, data: { matterId: input.matterId, by } });
}

export const inboxActor = defineActor<Inbox, InboxFact, InboxCommand>({
  kind: 'inbox',
  chart: inboxChart,
  facts: inboxFacts,
  outOfOrder: 'inbox.no_such_matter',
  initial: () => ({ dismissed: [] }),
  evolve: ({ dismissed }, fact) => ({ dismissed: [...dismissed, fact.data.matterId].slice(-REMEMBERED_MAX) }),
  carried: carriedInbox,
  decide,
});
