import { z } from 'zod';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';
import { WARNINGS, watchedSchema } from './events.ts';
import { measuredSchema } from './measured.ts';

const target = ({ agentId }: { agentId: string }) => agentId;
const reason = z.string().max(1000);

export const guardianCommands = {
  judge_agent: command({
    v: 1,
    summary: 'A living agent was looked at: a verdict is recorded where something has changed.',
    schema: z.strictObject({
      ...watchedSchema.shape,
      measuredAt: z.number(),
      heldUntil: z.number().nullable(),
      /** Since when it has been looked at without a break. */
      watchedSince: z.number(),
      measured: measuredSchema,
    }),
    roles: INTERNAL,
    target,
  }),
  report_orphan: command({
    v: 1,
    summary: 'An agent lives although the log does not know it, or says that it has ended.',
    schema: z.strictObject({ ...watchedSchema.shape, reason, stopAfterMs: z.number().min(0).nullable() }),
    roles: INTERNAL,
    target,
  }),
  clear_warning: command({
    v: 1,
    summary: 'What was warned of is not so any more.',
    schema: z.strictObject({ agentId: z.string(), warning: z.enum(WARNINGS), reason }),
    roles: INTERNAL,
    target,
  }),
  decide_stop: command({
    v: 1,
    summary: 'An agent that nobody wants is to be stopped.',
    schema: z.strictObject({ agentId: z.string(), warning: z.literal('orphan'), reason }),
    roles: INTERNAL,
    target,
  }),
};
export type GuardianCommand = CommandsOf<typeof guardianCommands>;
