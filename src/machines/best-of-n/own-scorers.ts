import { z } from 'zod';
import { SCORER_NAME, SCORER_NAMES, scorersOf, type Weights } from './weights.ts';

const wallMs = z
  .number()
  .int()
  .min(100)
  .max(86_400_000)
  .default(60_000)
  .describe('How long it may take for one candidate.');

/** A judge of the user's own. It is told by the server's settings and never by what it judges. */
export const ownScorerSchema = z.union([
  z.strictObject({
    command: z
      .array(z.string().min(1).max(4000))
      .min(1)
      .max(100)
      .describe('A program and its arguments, run in the candidate’s tree; it prints one number from 0 to 1.'),
    wallMs,
  }),
  z.strictObject({
    module: z
      .string()
      .min(1)
      .max(400)
      .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0\\]+$/, 'must be a path inside the repository')
      .describe(
        'A JavaScript module of the base commit; its default export takes the candidate and answers one number.',
      ),
    wallMs,
  }),
]);
export type OwnScorer = z.infer<typeof ownScorerSchema>;

const ownName = z
  .string()
  .regex(SCORER_NAME)
  .refine((name) => !(SCORER_NAMES as readonly string[]).includes(name), 'is the name of a built-in scorer');

export const ownScorersSchema = z.record(ownName, ownScorerSchema);
export type OwnScorers = z.infer<typeof ownScorersSchema>;

/** Those of them that count. */
export function ownScorersIn(weights: Weights, scorers: OwnScorers): OwnScorers {
  return Object.fromEntries(
    scorersOf(weights).flatMap((name) => (Object.hasOwn(scorers, name) ? [[name, scorers[name] as OwnScorer]] : [])),
  );
}
