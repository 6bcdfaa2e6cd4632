import { z } from 'zod';
import { command, type CommandsOf } from '../define-commands.ts';
import { checkedSchema } from './events.ts';

const text = z.string().max(1000);

export const checkRunCommands = {
  record_check_run: command({
    v: 1,
    summary: 'A run of checks that is over stands in the log, with what became of each check.',
    schema: z.strictObject({
      runId: z.string().regex(/^chk_[0-9a-hjkmnp-tv-z]{26}$/, 'must be the id of a run of checks'),
      repositoryId: z.string().max(100),
      folder: z.string().max(4096).describe('The work tree that was checked'),
      source: text.describe('Where the checks come from'),
      state: z.enum(['passed', 'failed', 'skipped', 'cancelled']),
      startedAt: z.int().min(0),
      durationMs: z.int().min(0),
      savedMs: z.int().min(0).describe('What the cached results took when they were made'),
      head: z.string().max(100).nullable().default(null),
      clean: z.boolean().nullable().default(null),
      checks: z.array(checkedSchema).max(200),
      fixes: z.array(text).max(200).default([]),
      webhook: z.strictObject({ delivered: z.boolean(), detail: text }).nullable().default(null),
    }),
    roles: ['operator'],
    target: ({ runId }) => runId,
    cli: 'check-run record <runId>',
    example: `heph check-run record chk_01k --repository-id rep_01k --folder . --source checks.yaml --state passed --started-at 0 --duration-ms 900 --saved-ms 0 --checks '[]'`,
  }),
};
export type CheckRunCommand = CommandsOf<typeof checkRunCommands>;
