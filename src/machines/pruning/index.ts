/** Kept work whose refs a person wants to be rid of: which they are is settled at the start, and only those are removed. */
export { OLDER_THAN_MS, pruningCommands } from './commands.ts';
export { type KeptRef, PRUNED_MAX, type PruningFact, pruningFacts, type PruningSpec } from './events.ts';
export { type Pruning, pruningActor, pruningChart } from './machine.ts';
