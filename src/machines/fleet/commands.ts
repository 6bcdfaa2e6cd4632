import { z } from 'zod';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';
import { fleetFacts } from './events.ts';

export const FLEET_ID = 'main';
const reason = z.string().max(2000).default('');
const target = () => FLEET_ID;

export const fleetCommands = {
  pause_fleet: command({
    v: 1,
    summary: 'No further agent starts, also after a restart; those that work go on.',
    schema: z.strictObject({ reason }),
    roles: ['operator'],
    target,
    cli: 'fleet pause',
    example: 'heph fleet pause --reason "quota is short"',
  }),
  resume_fleet: command({
    v: 1,
    summary: 'Agents start again, also those of a name that was stopped.',
    schema: z.strictObject({}),
    roles: ['operator'],
    target,
    cli: 'fleet resume',
    example: 'heph fleet resume',
  }),
  stop_all: command({
    v: 1,
    summary: 'Every agent is stopped and none starts, also after a restart, until the fleet is resumed.',
    schema: z.strictObject({ reason }),
    roles: ['operator'],
    target,
    cli: 'fleet stop',
    example: 'heph fleet stop --reason "something is wrong"',
  }),
  grant_slot: command({
    v: 1,
    summary: 'A task may have an agent.',
    schema: fleetFacts.SlotGranted,
    roles: INTERNAL,
    target,
  }),
  release_slot: command({
    v: 1,
    summary: 'An agent’s slot is free again.',
    schema: z.strictObject({ agentId: z.string(), outcome: z.enum(['used', 'unused', 'died_at_once']) }),
    roles: INTERNAL,
    target,
  }),
};
export type FleetCommand = CommandsOf<typeof fleetCommands>;
