/**
 * One goal, several candidates, one winner. Think of a cooking contest: each kitchen gets the same recipe with a twist of
 * its own (`mutators.ts`), the jury (`scorers.ts`) tastes finished plates, and the scores are weighed (`selection.ts`).
 *
 *   planned → mutating → building → scoring → selected → merging → completed
 *
 * What decides is decided here: who wins, why, and whether the rest of the contest could still change it
 * (`early-stop.ts`). A later verdict under other weights stands beside the first and never replaces it (`rescoring.ts`).
 */
export { briefOf, repairVariation } from './brief.ts';
export { buildIdOf, parseBuildId } from './build-id.ts';
export { type BestOfNCommand, bestOfNCommands } from './commands.ts';
export { bestOfNActor } from './decide.ts';
export {
  type Constraints,
  constraintsSchema,
  type Directive,
  directiveSchema,
  EMPHASES,
  type Emphasis,
  type Parameters,
  REPAIR_FAVOURS,
  REPAIR_FORMULAS,
  REPAIR_ORDERS,
} from './directive.ts';
export { prospectsOf } from './conclude.ts';
export { ANSWER_SCHEMA, askForDrafts, type Draft, readDrafts, type Written } from './drafts.ts';
export { highestTotal, type Prospect, settledWinner, type Spent } from './early-stop.ts';
export {
  type BestOfNFact,
  type BestOfNSpec,
  bestOfNFacts,
  type BuildEnd,
  type BuildRef,
  CANDIDATES_MAX,
  type Drafting,
  type Place,
  type Score,
  type Times,
  type Variant,
  type Verdict,
} from './events.ts';
export {
  type BestOfN,
  type BestOfNCandidate,
  bestOfNChart,
  judgeable,
  openRescoring,
  type Rescoring,
} from './machine.ts';
export { mutate, type MutationRequest, MUTATOR_NAMES, writable } from './mutators.ts';
export { type OwnScorer, type OwnScorers, ownScorersIn, ownScorersSchema } from './own-scorers.ts';
export { type PlannedVariant, planVariants } from './plan.ts';
export {
  type Ancestor,
  type Change,
  type CheckOutcome,
  type CrossRun,
  type Judgement,
  type Mutants,
  recordOf,
  RELATIVE_SCORERS,
  scoreAgreement,
  scoreChecks,
  scoreConstraints,
  scoreCost,
  scoreDiff,
  scoreLineage,
  scoreOwn,
  scoreReuse,
  scoreSurvival,
  scoreTests,
  scoreTime,
  type TestCounts,
  unmeasured,
} from './scorers.ts';
export { ownRunIdOf, runIdOf } from './run-id.ts';
export { comparePlaces, select, totalOf, totalOfScores } from './selection.ts';
export {
  DEFAULT_SCORE,
  formatWeights,
  parseWeights,
  SCORER_NAMES,
  type ScorerName,
  scorersOf,
  type Weights,
  weightsSchema,
} from './weights.ts';
