/** Runs of checks, as they ended: what `heph check` did, and what it found. */
export { checkRunCommands } from './commands.ts';
export { type CheckRunFact, checkRunFacts } from './events.ts';
export { type CheckRun, checkRunActor, checkRunChart } from './machine.ts';
