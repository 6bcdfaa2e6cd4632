import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';

export const runnerFacts = {
  /** A server has started on the runner's data directory; its lease begins. */
  RunnerRegistered: z.object({
    runnerId: z.string(),
    host: z.string(),
    /** Of the machine's last start, where that can be told. */
    bootId: z.string().nullable(),
    /** Where its files are, for servers on the same machine. */
    dataDirectory: z.string(),
    /** Of the data directory; a later start has a greater one. */
    epoch: z.number().int(),
    leaseMs: z.number().int(),
  }),
  LeaseRenewed: z.object({ leaseMs: z.number().int() }),
  /** Its server ended in an orderly way. */
  RunnerRetired: z.object({}),
};
export type RunnerFact = FactsOf<typeof runnerFacts>;
