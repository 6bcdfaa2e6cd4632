import type { z } from 'zod';
import type { Role } from '../kernel/principal.ts';
import type { Command } from './define-actor.ts';

export type { Role };

/**
 * One definition per command. From it come the REST route, the OpenAPI entry, the MCP tool, the CLI verb and the
 * documentation; nobody writes any of them a second time.
 */
export interface CommandDefinition<S extends z.ZodType = z.ZodType, P extends z.ZodType = z.ZodType> {
  v: number;
  /** A sentence for people: what is true after success. */
  summary: string;
  /** The input as it comes over the wire. */
  schema: S;
  /** What `decide` gets instead, where the way in must first look something up (a repository, a workflow's phase). */
  prepared?: P;
  /** Who may send it; `server` is the system itself (its processes), and is always allowed. */
  roles: readonly Role[];
  /** The id of the actor it goes to, by its input; `newId` derives an id from the command's own. */
  target(input: z.infer<S>, newId: (prefix: 'tsk' | 'wfl' | 'bon' | 'prn') => string): string;
  /** The actor it goes to, where only the preparation finds that out. */
  preparedTarget?(prepared: z.infer<P>): string;
  /** The CLI verb with its positional inputs: `task cancel <taskId>`. Absent: not a verb of its own. */
  cli?: string;
  /** Offered to agents as an MCP tool. */
  tool?: boolean;
  /** One line that works, for `--help` and the documentation. */
  example?: string;
}

export type CommandTable = Record<string, CommandDefinition>;

/** The union of an actor's commands, as its `decide` sees them. */
export type CommandsOf<T extends CommandTable> = {
  [N in keyof T & string]: T[N] extends CommandDefinition<z.ZodType, infer P> ? Command<N, z.infer<P>> : never;
}[keyof T & string];

/** Types an entry by its own schemas. */
export function command<S extends z.ZodType, P extends z.ZodType = S>(
  definition: CommandDefinition<S, P>,
): CommandDefinition<S, P> {
  return definition;
}

/** Commands that only the system sends: results of effects and what follows from other events. */
export const INTERNAL: readonly Role[] = ['server'];
