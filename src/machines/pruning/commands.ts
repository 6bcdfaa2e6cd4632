import { z } from 'zod';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';
import { prunedSchema, pruningSpecSchema } from './events.ts';

const DAY_MS = 86_400_000;
export const OLDER_THAN_MS = 30 * DAY_MS;

const target = ({ pruningId }: { pruningId: string }) => pruningId;

export const pruningCommands = {
  prune_kept_work: command({
    v: 1,
    summary:
      'Removes the refs under which the work of ended runs is kept, of losing candidates above all; nothing that is not recorded is touched.',
    schema: z.strictObject({
      olderThanMs: z
        .number()
        .int()
        .min(0)
        .max(36_500 * DAY_MS)
        .default(OLDER_THAN_MS)
        .describe('Only of runs that ended so long ago; default: 30 days'),
    }),
    prepared: pruningSpecSchema,
    roles: ['operator'],
    target: (_input, newId) => newId('prn'),
    example: 'heph prune --older-than 30d',
  }),
  record_pruned: command({
    v: 1,
    summary: 'The refs are gone; of each is told what became of it.',
    schema: z.strictObject({ pruningId: z.string(), ...prunedSchema.shape }),
    roles: INTERNAL,
    target,
  }),
  fail_pruning: command({
    v: 1,
    summary: 'The refs cannot be removed; the reason is recorded.',
    schema: z.strictObject({ pruningId: z.string(), reason: z.string().max(2000) }),
    roles: INTERNAL,
    target,
  }),
};
export type PruningCommand = CommandsOf<typeof pruningCommands>;
