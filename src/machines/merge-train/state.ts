import { z } from 'zod';
import { checkSummarySchema } from '../workflow/check-summary.ts';
import { type Candidate, candidateSchema, trainSchema } from './events.ts';

/** What a train knows. */
const mergedSchema = z.strictObject({ onto: z.string(), commit: z.string(), tree: z.string() });
export type Merged = z.infer<typeof mergedSchema>;

const currentSchema = z.strictObject({
  /** Those whose turn it is, in their order: each is merged onto the one before it. */
  members: z.array(z.strictObject({ candidate: candidateSchema, merged: mergedSchema.nullable() })),
  /** How many might have been in the batch; null: a candidate by itself. */
  limit: z.number().int().nullable(),
  restarts: z.number().int(),
  since: z.number(),
  /** So many of the first passed together, and the check that says so; 0: none are known to. */
  passed: z.number().int(),
  check: checkSummarySchema.nullable(),
  /** Of how many of the first it is known that they fail together, ascending; all more than `passed`. */
  failed: z.array(z.number().int()),
});
export type CurrentMerge = z.infer<typeof currentSchema>;
export type Member = CurrentMerge['members'][number];

/** A train as it was carried over before it knew batches. */
const currentOfOne = z
  .strictObject({
    candidate: candidateSchema,
    merged: mergedSchema.nullable(),
    restarts: z.number().int(),
    since: z.number(),
  })
  .transform(
    ({ candidate, merged, ...rest }): CurrentMerge => ({
      members: [{ candidate, merged }],
      limit: null,
      ...rest,
      passed: 0,
      check: null,
      failed: [],
    }),
  );

/** Stored when the train carries over: a change of `MergeTrain` needs a default here, or an upcaster of `CarriedFrom`. */
export const carriedTrain = z.strictObject({
  spec: trainSchema.nullable(),
  queue: z.array(candidateSchema),
  current: z.union([currentSchema, currentOfOne]).nullable(),
  /** What the last fact was about; its event is filed under that workflow and task. */
  about: candidateSchema.nullable(),
  /** Ids of candidates that have come to their end here, newest last, at most ENDED_MAX. */
  ended: z.array(z.string()),
  /** Merges that were taken out again, newest last, at most ENDED_MAX. */
  reverted: z.array(z.string()).default([]),
  /** Merges that an agent is to take out, newest last, at most ENDED_MAX. */
  handedOver: z
    .array(z.strictObject({ commit: z.string(), workflowId: z.string(), taskId: z.string().nullable() }))
    .default([]),
  /** So many may be in a batch, after what became of the ones before; null: as many as the settings let. */
  limit: z.number().int().nullable().default(null),
});
export type MergeTrain = z.infer<typeof carriedTrain>;

export const noTrain = (): MergeTrain => ({
  spec: null,
  queue: [],
  current: null,
  about: null,
  ended: [],
  reverted: [],
  handedOver: [],
  limit: null,
});

/** Everybody who has not come to an end: those whose turn it is, then the line. */
export function candidatesOf(train: Pick<MergeTrain, 'queue' | 'current'> | undefined): Candidate[] {
  return [...(train?.current?.members ?? []).map((member) => member.candidate), ...(train?.queue ?? [])];
}
