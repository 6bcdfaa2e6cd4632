/**
 * The hands of one data directory, on a store that several servers share. Work belongs to a runner; its lease tells the
 * others that somebody still does it.
 */
export { type RunnerCommand, runnerCommands } from './commands.ts';
export { type RunnerFact, runnerFacts } from './events.ts';
export { leaseEndsAt, runnerActor, runnerChart, type RunnerState } from './machine.ts';
