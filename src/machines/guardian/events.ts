import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';
import { measuredSchema, type SignalName } from './measured.ts';
import { thresholdsSchema, weightsSchema } from './thresholds.ts';

/** What may be warned of: a signal, or that the agent lives although nobody wants it. */
export const WARNINGS = [
  'silence',
  'repeated_errors',
  'outside_scope',
  'loops',
  'budget',
  'regression',
  'orphan',
] as const satisfies readonly (SignalName | 'orphan')[];
export type WarningName = (typeof WARNINGS)[number];

/** Whom it is about; null is what nobody knows, of a process whose record is gone. */
export const watchedSchema = z.object({
  agentId: z.string(),
  taskId: z.string().nullable(),
  workflowId: z.string().nullable(),
  repositoryId: z.string().nullable(),
  runnerId: z.string(),
  /** The name of its preset. */
  agent: z.string().nullable(),
  phase: z.string().nullable(),
  attempt: z.number().int().nullable(),
});
export type Watched = z.infer<typeof watchedSchema>;

const signal = z.object({ trouble: z.number().min(0).max(1).nullable(), why: z.string().max(1000) });
const warning = z.enum(WARNINGS);

export const guardianFacts = {
  WatchBegun: watchedSchema,
  AgentJudged: z.object({
    /** When it was measured (epoch ms). */
    measuredAt: z.number(),
    /** Until when the verdict before this one was measured to be the same; null: nobody looked, or nobody knows. */
    heldUntil: z.number().nullable(),
    intervalMs: z.number(),
    measured: measuredSchema,
    thresholds: z.object(thresholdsSchema.shape),
    weights: z.object(weightsSchema.shape),
    signals: z.object({
      silence: signal,
      repeated_errors: signal,
      outside_scope: signal,
      loops: signal,
      budget: signal,
      regression: signal,
    }),
    /** From 0 to 1, where 1 is an agent of which nothing odd is seen; null: nothing that counts was measured. */
    score: z.number().min(0).max(1).nullable(),
  }),
  WarningRaised: z.object({
    warning,
    reason: z.string().max(1000),
    /** When it was measured (epoch ms). */
    since: z.number(),
    /** It is stopped when that lasts so long; null: it is warned of and nothing else. */
    stopAfterMs: z.number().nullable(),
  }),
  WarningCleared: z.object({ warning, reason: z.string().max(1000) }),
  /** The agent is to be stopped for what was warned of. */
  StopDecided: z.object({ warning, reason: z.string().max(1000) }),
};
export type GuardianFact = FactsOf<typeof guardianFacts>;
