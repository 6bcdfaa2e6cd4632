/**
 * Who looks after one agent. A process measures it now and then; from the measures, and from nothing else, verdicts
 * follow: each signal's trouble, and a score of the whole.
 *
 *     measures ──judge──► signals ──weights──► score
 *                            └──► warnings ──(silence and orphans, by configuration)──► a stop
 *
 * The measures are recorded with the verdict, so that other thresholds can be tried over the past.
 */
export { type GuardianCommand, guardianCommands } from './commands.ts';
export { type GuardianFact, guardianFacts, type WarningName, WARNINGS, type Watched } from './events.ts';
export { judge, scoreOf, type Signals, type Verdict } from './judge.ts';
export { type Guardian, guardianActor, guardianChart, HELD_INTERVALS } from './machine.ts';
export { type Measure, type Measured, type SignalName, SIGNALS } from './measured.ts';
export { type Thresholds, thresholdsSchema, type Weights, weightsSchema } from './thresholds.ts';
