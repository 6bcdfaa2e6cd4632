import { z } from 'zod';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';

export const CONFIG_ID = 'main';
const values = z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,119}$/), z.unknown());

export const configCommands = {
  set_config: command({
    v: 1,
    summary:
      'Changes settings by dotted path; a null takes a change back. In force at once, recorded with version and author.',
    schema: z.strictObject({ changes: values.describe('e.g. {"fleet.cap": 8}') }),
    roles: ['operator'],
    target: () => CONFIG_ID,
    cli: 'config set <changes>',
    example: `heph config set '{"fleet.cap": 8}'`,
  }),
  override_config: command({
    v: 1,
    summary: 'Records the values that flags and the environment gave to this server, and the defaults of its release.',
    schema: z.strictObject({ overrides: values, defaults: values.optional() }),
    roles: INTERNAL,
    target: () => CONFIG_ID,
  }),
};
export type ConfigCommand = CommandsOf<typeof configCommands>;
