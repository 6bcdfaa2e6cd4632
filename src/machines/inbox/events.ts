import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';

export const inboxFacts = {
  /** Somebody knows of it and wants to be told of it no more. What it is about goes on as it is. */
  MatterDismissed: z.object({ matterId: z.string(), by: z.string() }),
};
export type InboxFact = FactsOf<typeof inboxFacts>;
