import { z } from 'zod';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';
import { runnerFacts } from './events.ts';

const runnerId = z.string();
const epoch = z.number().int();
const internal = { v: 1, roles: INTERNAL, target: (input: { runnerId: string }) => input.runnerId };

export const runnerCommands = {
  register_runner: command({
    ...internal,
    summary: 'A server works for the runner; one that did so before may not any more.',
    schema: z.strictObject(runnerFacts.RunnerRegistered.shape),
  }),
  renew_lease: command({
    ...internal,
    summary: 'The runner’s server lives, and may act until the lease is over.',
    schema: z.strictObject({ runnerId, epoch, leaseMs: z.number().int() }),
  }),
  retire_runner: command({
    ...internal,
    summary: 'The runner’s server has ended in an orderly way.',
    schema: z.strictObject({ runnerId, epoch }),
  }),
};
export type RunnerCommand = CommandsOf<typeof runnerCommands>;
