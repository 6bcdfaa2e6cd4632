import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';

/** So many refs at most in one pruning: its facts are events. */
export const PRUNED_MAX = 500;

/** Work that is kept under a ref of the mirror, as the log tells of it. */
export const keptRefSchema = z.object({
  repositoryId: z.string(),
  taskId: z.string(),
  ref: z.string(),
  /** What it holds; null where its name says that. */
  commit: z.string().nullable(),
});
export type KeptRef = z.infer<typeof keptRefSchema>;

export const pruningSpecSchema = z.object({
  pruningId: z.string(),
  /** The run of each has ended so long ago at least. */
  olderThanMs: z.number().int().min(0),
  refs: z.array(keptRefSchema).max(PRUNED_MAX),
  /** Refs that would fit too and are left for another pruning. */
  left: z.number().int().min(0),
  /** Whose mirror they are in; absent where there is one runner only. */
  runnerId: z.string().optional(),
});
export type PruningSpec = z.infer<typeof pruningSpecSchema>;

const refs = z.array(z.string()).max(PRUNED_MAX);
export const prunedSchema = z.object({
  removed: refs,
  /** They were not there any more. */
  gone: refs,
  /** They hold something else than what is recorded, and were left as they are. */
  differing: refs,
});

export const pruningFacts = {
  PruningStarted: pruningSpecSchema.extend({ by: z.string() }),
  PruningCompleted: prunedSchema,
  PruningFailed: z.object({ reason: z.string() }),
};
export type PruningFact = FactsOf<typeof pruningFacts>;
