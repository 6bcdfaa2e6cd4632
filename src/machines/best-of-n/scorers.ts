import { canonicalJson, sha256 } from '../../kernel/canonical.ts';
import { createMatcher } from '../../kernel/glob.ts';
import type { Constraints, Parameters } from './directive.ts';
import type { Score } from './events.ts';
import { linesOf } from './selection.ts';

/**
 * Judges of one candidate, each pure: what was measured in, a value from 0 to 1 and a sentence out. A value rests on the
 * candidate alone, on fixed scales, so that nobody's score moves when another joins, dies or is judged again; only
 * `agreement` looks at the others, and so waits for them. What could not be measured is no reason to win: it scores 0.
 */
export interface Judgement {
  scorer: string;
  value: number;
  words: string;
  /** What the value rests on; null when nothing was measured. */
  evidence: Readonly<Record<string, unknown>> | null;
}

/** Scorers whose value may change as long as any candidate is being built. */
export const RELATIVE_SCORERS: readonly string[] = ['agreement'];

/** At so much the scales of size, time and cost give one half. */
const HALF_LINES = 20;
const HALF_MS = 600_000;
const HALF_USD = 1;

/** Nothing spent scores 1, `half` spent 0.5; it never reaches 0, so that less is always better. */
function thrift(spent: number, half: number): number {
  return half / (half + spent);
}

export interface CheckOutcome {
  name: string;
  status: 'passed' | 'warned' | 'failed' | 'skipped';
}

/** The part of the checks that passed; a warning is half a pass, what was skipped says nothing. */
export function scoreChecks(checks: readonly CheckOutcome[] | null): Judgement {
  const count = (status: CheckOutcome['status']) => checks?.filter((check) => check.status === status).length ?? 0;
  const [passed, warned, failed] = [count('passed'), count('warned'), count('failed')];
  const ran = passed + warned + failed;
  if (!checks || ran === 0) return unmeasured('checks', 'No check ran.');
  const words = `${passed} of ${ran} checks passed${warned > 0 ? `, ${warned} with a warning` : ''}.`;
  return { scorer: 'checks', value: (passed + warned / 2) / ran, words, evidence: { checks } };
}

export interface TestCounts {
  passed: number;
  failed: number;
  /** Failing here and not at the base. */
  newlyFailing: number;
}

/** The part of the tests that pass. Each test that was green at the base and is red now weighs far more than one that always was. */
export function scoreTests(tests: TestCounts | null): Judgement {
  const ran = tests ? tests.passed + tests.failed : 0;
  if (!tests || ran === 0) return unmeasured('tests', 'No test ran.');
  const { passed, newlyFailing } = tests;
  const broken = newlyFailing > 0 ? `, ${newlyFailing} of the others passed before` : '';
  const value = passed / ran / (1 + newlyFailing);
  return { scorer: 'tests', value, words: `${passed} of ${ran} tests pass${broken}.`, evidence: { ...tests } };
}

/** What the constraints are held against. */
export interface Change {
  files: readonly string[];
  changedLines: number;
  /** Modules that the change imports and the base did not. */
  newImports: readonly string[];
  /** Changed source whose imports cannot be told. */
  unreadImports?: readonly string[];
  /** What the check printed. */
  output: string;
}

/** The part of the stated constraints that the change keeps. */
export function scoreConstraints(constraints: Constraints, change: Change | null): Judgement {
  if (!change) return unmeasured('constraints', 'The change is not known.');
  const { maxLines, allowedFiles, allowedImports, expectedOutput } = constraints;
  const broken: string[] = [];
  const mayChange = allowedFiles && createMatcher(allowedFiles);
  const outside = mayChange ? change.files.filter((file) => !mayChange(file)) : [];
  const foreign = allowedImports ? change.newImports.filter((name) => !allowedImports.includes(name)) : [];
  if (maxLines !== null && change.changedLines > maxLines)
    broken.push(`${change.changedLines} lines changed, ${maxLines} allowed`);
  if (outside.length > 0) broken.push(`changes ${listed(outside)}`);
  if (expectedOutput !== null && !change.output.includes(expectedOutput)) broken.push('the output is not as expected');
  const unread = allowedImports ? (change.unreadImports ?? []) : [];
  if (foreign.length > 0) broken.push(`imports ${listed(foreign)}`);
  else if (unread.length > 0) broken.push(`imports of ${listed(unread)} cannot be told`);
  const stated = Object.values(constraints).filter((constraint) => constraint !== null).length;
  const evidence = { constraints, changedLines: change.changedLines, outside, foreign, broken };
  if (stated === 0) return { scorer: 'constraints', value: 1, words: 'Nothing was forbidden.', evidence };
  const kept = `${stated - broken.length} of ${stated} constraints kept`;
  const words = broken.length > 0 ? `${kept}: ${broken.join('; ')}.` : `${kept}.`;
  return { scorer: 'constraints', value: (stated - broken.length) / stated, words, evidence };
}

/** Smaller changes score more; one line is the least that a change can be, and scores 1. */
export function scoreDiff(changedLines: number): Judgement {
  const words = `${changedLines} ${changedLines === 1 ? 'line' : 'lines'} changed.`;
  return { scorer: 'diff', value: thrift(linesOf(changedLines) - 1, HALF_LINES), words, evidence: { changedLines } };
}

/** Building and testing, in milliseconds; judging is ours and does not count. */
export function scoreTime(spent: { buildMs: number; testMs: number }): Judgement {
  const { buildMs, testMs } = spent;
  const words = `Built in ${seconds(buildMs)}, tested in ${seconds(testMs)}.`;
  return { scorer: 'time', value: thrift(buildMs + testMs, HALF_MS), words, evidence: { buildMs, testMs } };
}

/** What the agent says it has cost, in US dollars. */
export function scoreCost(costUsd: number | null): Judgement {
  if (costUsd === null) return unmeasured('cost', 'Its agent does not say what it has cost.');
  return {
    scorer: 'cost',
    value: thrift(costUsd, HALF_USD),
    words: `It cost $${Number(costUsd.toFixed(4))}.`,
    evidence: { costUsd },
  };
}

/** How a candidate fares under the new tests of another. */
export interface CrossRun {
  /** Whose new tests. */
  testsOf: number;
  /** Whose code. */
  codeOf: number;
  passed: number;
  total: number;
}

/**
 * How far the candidate's code passes what the others' new tests ask: the mean over the others that wrote any. It needs
 * no model, and its limit is that candidates with a blind spot in common agree in it. Who alone wrote tests is judged by
 * nobody, which is the others' silence and not its own: it gets one half.
 */
export function scoreAgreement(index: number, matrix: readonly CrossRun[]): Judgement {
  const runs = matrix.filter(({ testsOf, codeOf, total }) => codeOf === index && testsOf !== index && total > 0);
  const own = matrix.find(({ testsOf, codeOf, total }) => testsOf === index && codeOf === index && total > 0);
  if (runs.length === 0 && own)
    return {
      ...{ scorer: 'agreement', value: 0.5, evidence: { runs: [own] } },
      words: 'It alone wrote new tests, so that nobody judges its own code.',
    };
  if (runs.length === 0) return unmeasured('agreement', 'No other candidate wrote a test to agree with.');
  const byJudge = runs.toSorted((a, b) => a.testsOf - b.testsOf);
  const value = Math.min(1, byJudge.reduce((sum, { passed, total }) => sum + passed / total, 0) / runs.length);
  const passed = runs.reduce((sum, run) => sum + run.passed, 0);
  const total = runs.reduce((sum, run) => sum + run.total, 0);
  const words = `${passed} of ${total} new tests of ${runs.length} others pass; what all overlook, none of them tests.`;
  return { scorer: 'agreement', value, words, evidence: { runs: byJudge } };
}

/** Mutants of the changed lines. */
export interface Mutants {
  killed: number;
  survived: number;
}

/** The part of the mutants that a test kills. Where none could be made, none could survive. */
export function scoreSurvival(mutants: Mutants | null): Judgement {
  if (!mutants) return unmeasured('survival', 'The changed lines were not mutated.');
  const { killed, survived } = mutants;
  const all = killed + survived;
  const words = all === 0 ? 'Nothing that changed can be mutated.' : `Tests kill ${killed} of ${all} mutants.`;
  return { scorer: 'survival', value: all === 0 ? 1 : killed / all, words, evidence: { killed, survived } };
}

/** What the new code repeats of the repository, and uses of it. */
export interface Reuse {
  /** Of the new code. */
  tokens: number;
  /** Those that stand elsewhere in the repository in the same row. */
  repeated: number;
  /** Definitions of the repository that the new code calls. */
  called: readonly string[];
  /** Definitions that are new. */
  defined: readonly string[];
}

/**
 * The part of the new code that repeats nothing, times the part that what it calls of the repository has among that and
 * what it defines anew, with one counted on the repository's side: who defines nothing loses nothing.
 */
export function scoreReuse(reuse: Reuse | null): Judgement {
  if (!reuse) return unmeasured('reuse', 'The new code was not read.');
  const { tokens, repeated, called, defined } = reuse;
  if (tokens === 0) return { scorer: 'reuse', value: 1, words: 'It writes no new code.', evidence: { ...reuse } };
  const part = Math.round((repeated / tokens) * 100);
  const words = `${part} % of the new code repeats what the repository has; it calls ${count(called.length, 'definition')} of it and adds ${defined.length}.`;
  const value = (1 - repeated / tokens) * ((1 + called.length) / (1 + called.length + defined.length));
  return { scorer: 'reuse', value, words, evidence: { ...reuse } };
}

/** A candidate that won an earlier best-of-N on the same repository. */
export interface Ancestor {
  bestOfNId: string;
  index: number;
  parameters: Parameters;
}

/** What two variants of one agent may have in common: the settings that it reads. The seed is everybody's own. */
function traitsOf({ agent, model, emphasis, repair }: Parameters): unknown[] {
  return agent === 'repair' ? [repair.favour, repair.formula, repair.order] : [model, emphasis];
}

/**
 * How near the variant is to those that won on this repository before: the mean over them of the settings that it shares,
 * its agent counted as one; with another agent it shares nothing.
 */
export function scoreLineage(parameters: Parameters, ancestors: readonly Ancestor[]): Judgement {
  if (ancestors.length === 0) return unmeasured('lineage', 'No candidate has won on this repository before.');
  const near = ancestors.map(({ bestOfNId, index, parameters: theirs }) => {
    const [traits, those] = [traitsOf(parameters), traitsOf(theirs)];
    const shared = traits.filter((trait, n) => trait === those[n]).length;
    const value = theirs.agent === parameters.agent ? (1 + shared) / (1 + traits.length) : 0;
    return { bestOfNId, index, value };
  });
  const value = Math.min(1, near.reduce((sum, one) => sum + one.value, 0) / near.length);
  const words = `It shares ${Math.round(value * 100)} % of its settings with the last ${count(near.length, 'winner')} here.`;
  return { scorer: 'lineage', value, words, evidence: { near } };
}

/** What a scorer of the user's own has said. */
export function scoreOwn(
  scorer: string,
  said: { value: number | null; reason: string | null; tail: string },
): Judgement {
  const { value, reason, tail } = said;
  if (value === null) return { ...unmeasured(scorer, reason ?? 'It said nothing.'), evidence: { reason, tail } };
  return { scorer, value, words: `${scorer} says ${Number(value.toFixed(4))}.`, evidence: { value, tail } };
}

/** What is recorded of a judgement, and the blob that its evidence goes to (null: none); the blob store answers the same hash. */
export function recordOf({ scorer, value, words, evidence }: Judgement): { score: Score; blob: string | null } {
  const blob = evidence === null ? null : canonicalJson(evidence);
  return { score: { scorer, value, words, evidence: blob === null ? null : sha256(blob) }, blob };
}

/** Not measured is no reason to win. */
export function unmeasured(scorer: string, words: string): Judgement {
  return { scorer, value: 0, words, evidence: null };
}

const LISTED_MAX = 3;

function listed(names: readonly string[]): string {
  const more = names.length - LISTED_MAX;
  return more > 0 ? `${names.slice(0, LISTED_MAX).join(', ')} and ${more} more` : names.join(', ');
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
