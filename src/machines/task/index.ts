/** One piece of work. Attempts end for reasons outside the work, rounds by a verdict on it; both are bounded and recorded. */
export { type TaskCommand, taskCommands } from './commands.ts';
export { bestOfNIdOf, bestOfNSpecOf, hasCandidates, isServersOwn } from './candidates.ts';
export { taskActor } from './decide.ts';
export {
  type JudgeRecord,
  type KeptTreeRecord,
  type MutationSummary,
  PRIORITIES,
  type TaskFact,
  type TaskSpec,
  taskFacts,
  taskSpecSchema,
  type Wait,
} from './events.ts';
export { letterOf, noTask, type Task, taskChart } from './machine.ts';
