/**
 * Merges into one branch, in their order: a real three-way merge, checked as merged, before the branch moves. Where the
 * line is long, several are merged one upon the other and checked together; who is at fault is found by halves.
 */
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
export { nextStep } from './bisection.ts';
export { mergeTrainActor, mergeTrainChart } from './machine.ts';
export { candidatesOf, type CurrentMerge, type Member, type Merged, type MergeTrain } from './state.ts';
