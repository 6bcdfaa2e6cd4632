import { createHash } from 'node:crypto';
import type { Outcome, TaskFailure } from './hephaestus.ts';
import { CannotDo } from './cannot-do.ts';
import { BASELINE_MS_MAX, clip, count, expectResults, type Job, runCounted } from './job.ts';
import { type Coverage, readCoverage } from './localise/coverage.ts';
import { type FailureGroup, groupFailures } from './localise/groups.ts';
import { granularityOf, type Observation, observe, rankLines, type Suspect, spectrumOf } from './localise/spectrum.ts';
import { isRepairable, listSources } from './sandbox.ts';
import type { TestResult } from './suite/test-report.ts';

const SUSPECTS_MAX = 10;
const FAILURES_LISTED_MAX = 100;

/**
 * Runs the suite, groups what fails by the function that one fault would explain it with, and creates a task in phase
 * `fix` for each group; at the one with the most places to look at several agents try, where the run asks for that. Throws `CannotDo` when no test fails or the suite cannot be run.
 */
export async function investigate(job: Job, check: string): Promise<Outcome> {
  await job.tell(`running ${check}`, 0.1);
  const sources = await listSources(job.worktree);
  const copy = await job.sandboxes.copy();
  const run = await runCounted(job, copy, { coverage: true, timeoutMs: Math.min(job.leftMs(), BASELINE_MS_MAX) });
  expectResults(run, check);
  const failed = run.results.filter(({ state }) => state === 'failed');
  const passed = run.results.filter(({ state }) => state === 'passed');
  if (failed.length === 0) throw new CannotDo(`no test fails: ${count(passed.length, 'test')} passed`);

  await job.tell(`${failed.length} of ${count(run.results.length, 'test')} fail; looking for what they share`, 0.6);
  const coverage = readCoverage(run.coverage, copy, (file) => sources.has(file) && isRepairable(file));
  const observations = observe(run.results, coverage);
  const groups = groupFailures(observations, coverage);
  const created = [];
  const located = groups.map((group) => locate(group, observations, coverage));
  const hardest = located.toSorted((a, b) => b.places.length - a.places.length)[0];
  const several = candidatesOf(job.task.inputs.bestOf);
  for (const one of located) created.push(await createFix(job, one, one === hardest ? several : {}));

  return {
    status: 'done',
    summary: `${failed.length} of ${count(run.results.length, 'test')} fail, explained by ${count(groups.length, 'fault')}: ${groups.map(nameOf).join(', ')}`,
    outputs: {
      tests: run.results.length,
      failed: failed.slice(0, FAILURES_LISTED_MAX).map(({ id }) => id),
      granularity: granularityOf(observations),
      groups: created,
    },
  };
}

interface Located {
  group: FailureGroup;
  members: Observation[];
  /** Every line that is under any suspicion, the most suspicious first: so many places one may have to look at. */
  places: Suspect[];
}

function locate(group: FailureGroup, observations: readonly Observation[], coverage: Coverage): Located {
  const ids = new Set(group.failures.map(({ id }) => id));
  const members = observations.filter(({ result }) => ids.has(result.id));
  const passing = observations.filter(({ result }) => result.state === 'passed');
  return { group, members, places: rankLines(spectrumOf(members, passing), members, coverage, Infinity) };
}

/** So many candidates at the hardest group, where the run was asked for several. */
function candidatesOf(bestOf: unknown): { candidates?: number } {
  return typeof bestOf === 'number' && Number.isInteger(bestOf) && bestOf > 1 ? { candidates: bestOf } : {};
}

async function createFix(
  job: Job,
  { group, members, places }: Located,
  several: { candidates?: number },
): Promise<{ taskId: string; group: string; failures: string[] }> {
  const suspects = places.slice(0, SUSPECTS_MAX);
  const { taskId } = await job.heph.createTask({
    phase: 'fix',
    ...several,
    title: `Fix ${nameOf(group)}: ${count(group.failures.length, 'test')} fail${group.failures.length === 1 ? 's' : ''}`,
    description: describe(group, suspects),
    inputs: {
      failures: group.failures.slice(0, FAILURES_LISTED_MAX).map(toFailure),
      related: group.related.slice(0, FAILURES_LISTED_MAX).map(toFailure),
      suspects,
      granularity: granularityOf(members),
    },
    idempotencyKey: `repair-${job.task.taskId}-${createHash('sha256').update(group.key).digest('hex').slice(0, 16)}`,
  });
  return { taskId, group: group.key, failures: group.failures.map(({ id }) => id) };
}

/** `overlaps (src/kitchen-day.js:2)`, or the test file. */
function nameOf({ accused, key }: FailureGroup): string {
  if (accused === null) return key;
  const place = `${accused.file}:${accused.line}`;
  return accused.name === '' ? place : `${accused.name} (${place})`;
}

const toFailure = ({ id, file, name, message }: TestResult): TaskFailure => ({
  id,
  file,
  name,
  message: clip(message ?? ''),
});

function describe(group: FailureGroup, suspects: readonly Suspect[]): string {
  const lines = ['These tests fail, probably for one reason:', ''];
  for (const { id, message } of group.failures) lines.push(`- ${id}: ${clip(message ?? '').split('\n')[0]}`);
  if (group.related.length > 0) lines.push('', 'These fail too and may have the same cause:', '');
  for (const { id } of group.related) lines.push(`- ${id}`);
  if (suspects.length > 0) lines.push('', 'Most suspicious lines (Ochiai over coverage, 1 is the most):', '');
  for (const { file, line, score } of suspects) lines.push(`- ${file}:${line} ${score}`);
  return clip(lines.join('\n'), DESCRIPTION_CHARS);
}

const DESCRIPTION_CHARS = 8_000;
