import type { ActorKind, Fact } from '../machines/define-actor.ts';
import type { CommandDefinition, CommandTable } from '../machines/define-commands.ts';
import { agentActor, agentCommands } from '../machines/agent/index.ts';
import { checkRunActor, checkRunCommands } from '../machines/check-run/index.ts';
import { bestOfNActor, bestOfNCommands } from '../machines/best-of-n/index.ts';
import { configActor, configCommands } from '../machines/config/index.ts';
import { fleetActor, fleetCommands } from '../machines/fleet/index.ts';
import { guardianActor, guardianCommands } from '../machines/guardian/index.ts';
import { inboxActor, inboxCommands } from '../machines/inbox/index.ts';
import { mergeTrainActor, mergeTrainCommands } from '../machines/merge-train/index.ts';
import { pruningActor, pruningCommands } from '../machines/pruning/index.ts';
import { runnerActor, runnerCommands } from '../machines/runner/index.ts';
import { taskActor, taskCommands } from '../machines/task/index.ts';
import { workflowActor, workflowCommands } from '../machines/workflow/index.ts';

/** Every kind of actor and its commands. A new one is a folder under `machines/` and a line here. */
const entries: { actor: unknown; commands: CommandTable }[] = [
  { actor: configActor, commands: configCommands },
  { actor: workflowActor, commands: workflowCommands },
  { actor: taskActor, commands: taskCommands },
  { actor: agentActor, commands: agentCommands },
  { actor: fleetActor, commands: fleetCommands },
  { actor: mergeTrainActor, commands: mergeTrainCommands },
  { actor: runnerActor, commands: runnerCommands },
  { actor: checkRunActor, commands: checkRunCommands },
  { actor: bestOfNActor, commands: bestOfNCommands },
  { actor: pruningActor, commands: pruningCommands },
  { actor: guardianActor, commands: guardianCommands },
  { actor: inboxActor, commands: inboxCommands },
];

/** By category of stream. The host hands an actor only facts and commands of its own kind, so the types may be forgotten here. */
export const ACTORS: ReadonlyMap<string, ActorKind<unknown, Fact>> = new Map(
  entries.map(({ actor }) => [(actor as ActorKind).kind, actor as ActorKind]),
);

export interface CatalogueCommand extends CommandDefinition {
  name: string;
  /** The kind of actor it goes to. */
  kind: string;
}

/** By name on the wire. */
export const COMMANDS: ReadonlyMap<string, CatalogueCommand> = new Map(
  entries.flatMap(({ actor, commands }) =>
    Object.entries(commands).map(
      ([name, definition]) => [name, { ...definition, name, kind: (actor as ActorKind).kind }] as const,
    ),
  ),
);
