/** Merges into one branch, one at a time: a real three-way merge, checked as merged, before the branch moves. */
export { type MergeTrainCommand, mergeTrainCommands, type preparedRevert } from './commands.ts';
export {
  type Candidate,
  candidateSchema,
  type MergeTrainFact,
  mergeTrainFacts,
  type TrainSpec,
  trainSchema,
} from './events.ts';
export { baseTrainOf, runTrainOf } from './trains.ts';
export { type MergeTrain, mergeTrainActor, mergeTrainChart } from './machine.ts';
