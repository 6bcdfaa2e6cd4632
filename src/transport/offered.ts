import type { CatalogueCommand } from '../commands/index.ts';

/** The commands that have a face: those that somebody other than the system itself may send. */
export function offeredCommands(table: ReadonlyMap<string, CatalogueCommand>): CatalogueCommand[] {
  return [...table.values()].filter((command) => command.roles.some((role) => role !== 'server'));
}
