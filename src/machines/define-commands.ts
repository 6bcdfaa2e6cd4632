import type { z } from 'zod';

/**
 * One definition per command. From it come the REST route, the OpenAPI entry, the MCP tool, the CLI verb and the
 * documentation; nobody writes any of them a second time.
 */
export type Role = 'operator' | 'viewer' | 'worker' | 'server';

export interface CommandDefinition<S extends z.ZodType = z.ZodType> {
  v: number;
  /** A sentence for people: what is true after success. */
  summary: string;
  schema: S;
  /** Who may send it; `server` is the system itself (processes), and is always allowed. */
  roles: readonly Role[];
  /** The actor it goes to, by its input; `newId` derives an id from the command's own id. */
  target: (input: z.infer<S>, newId: (prefix: 'tsk' | 'wfl') => string) => string;
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
  [N in keyof T & string]: import('./define-actor.ts').Command<N, z.infer<T[N]['schema']>>;
}[keyof T & string];

/** Keeps the literal types of a table of commands. */
export function defineCommands<const T extends CommandTable>(table: T): T {
  return table;
}

/** Commands that only the system sends: results of effects and what follows from other events. */
export const INTERNAL = ['server'] as const;
