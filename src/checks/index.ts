/**
 * Checks: may I believe that it is done? One engine for people, gates, environments and judges.
 *
 *   definition ─► select ─► key (files, variables, tools, needs) ─► known under that key? ─► told, and why
 *                                                                   └─ no ─► claim ─► run ─► kept under the key ─► told
 *
 * A result may be used again when everything that it depends on is the same. What a check depends on is what its definition
 * names; a command gets no variable that is not named, so that there is nothing else it could have read from there.
 */
export { type Check, type CheckDefinition, checkOf } from './definition.ts';
export { type CheckHistory, historyOf } from './history.ts';
export type { OpenedChecks, Undone } from './opened.ts';
export type { AgentFound, AgentPreset, BuiltInResult, CheckParts, Fix, Probes, Progress } from './ports.ts';
export { recordOf } from './record.ts';
export { type CheckOutcome, type CheckRun, countChecks } from './results.ts';
export { type CheckRequest, runChecks } from './run-checks.ts';
export { ALL, type Selection } from './select.ts';
export { inRange } from './version-range.ts';
