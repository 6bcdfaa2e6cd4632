import { z } from 'zod';

/**
 * What went to and fro between who did the work and who judged it: one letter per round. A fact carries it short and
 * names the blob that holds it whole, so that an end is understood from the event that tells of it.
 */
export const letterSchema = z.object({
  round: z.number().int(),
  /** The attempt of the task that was judged; absent where the result of a whole run was. */
  attempt: z.number().int().optional(),
  /** Who handed it in: an agent's id, `operator`, a process; null: the server itself. */
  by: z.string().nullable(),
  /** What was said of the work when it was handed in. */
  submitted: z.string(),
  /** What was judged; null: nothing differed from the base. */
  commit: z.string().nullable(),
  /** The verdict, to group by. */
  code: z.string(),
  feedback: z.string(),
  /** Whether the next one to work on it is known to have got the feedback. */
  acknowledged: z.boolean(),
});
export type Letter = z.infer<typeof letterSchema>;

export const correspondenceSchema = z.object({
  rounds: z.array(letterSchema),
  /** The blob with the whole texts: JSON, a list of the same shape. */
  hash: z.string(),
});
export type Correspondence = z.infer<typeof correspondenceSchema>;

const SUBMITTED_MAX = 500;
const FEEDBACK_MAX = 1_000;
/** An event has a size limit; earlier rounds are in the blob alone. */
const ROUNDS_MAX = 20;
const BRIEF_MAX = 160;

export function shortened(letters: readonly Letter[]): Letter[] {
  return letters.slice(-ROUNDS_MAX).map((letter) => ({
    ...letter,
    submitted: cut(letter.submitted, SUBMITTED_MAX),
    feedback: cut(letter.feedback, FEEDBACK_MAX),
  }));
}

/** A sentence per round, for a reason that somebody reads in passing; empty without a letter. */
export function briefly(letters: readonly Letter[]): string {
  return letters
    .map(
      ({ round, code, feedback }) =>
        `Round ${round} (${code}): ${cut(feedback.replace(/\s+/g, ' ').trim(), BRIEF_MAX)}`,
    )
    .join(' ');
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
