import { z } from 'zod';
import { command, type CommandsOf } from '../define-commands.ts';
import { inboxFacts } from './events.ts';

export const INBOX_ID = 'main';
const matterId = inboxFacts.MatterDismissed.shape.matterId
  .regex(/^[a-z_]{1,40}:evt_[0-9a-z]{1,60}$/, 'is the matter’s id, as `heph inbox` shows it')
  .describe('As `heph inbox` shows it');

export const inboxCommands = {
  dismiss_matter: command({
    v: 1,
    summary: 'Takes a matter out of the inbox; what it is about stays as it is, and comes back when it happens again.',
    schema: z.strictObject({ matterId }),
    roles: ['operator'],
    target: () => INBOX_ID,
    cli: 'inbox dismiss <matterId>',
    example: 'heph inbox dismiss run_failed:evt_01k9z3v5e8q4t2m7x6w0y1b3cd',
  }),
};
export type InboxCommand = CommandsOf<typeof inboxCommands>;
