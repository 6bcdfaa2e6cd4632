import { readFile, realpath, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, sep } from 'node:path';
import type { Outcome, Task } from './hephaestus.ts';
import { CannotDo } from './cannot-do.ts';
import { BASELINE_MS_MAX, clip, count, expectResults, type Job, runCounted } from './job.ts';
import { type Coverage, readCoverage } from './localise/coverage.ts';
import { groupFailures } from './localise/groups.ts';
import { granularityOf, type Observation, observe, rankLines, spectrumOf } from './localise/spectrum.ts';
import { type Candidate, enumerateCandidates } from './patch/candidates.ts';
import { applyEdit } from './patch/edit.ts';
import { type Goal, passedIds } from './patch/goal.ts';
import { orderCandidates } from './patch/order.ts';
import { searchPatch } from './patch/search.ts';
import { isRepairable, listSources } from './sandbox.ts';
import type { SuiteRun } from './suite/run-suite.ts';

const WORKERS_MAX = 2;
const FILES_MAX = 40;
const FILE_CHARS_MAX = 400_000;
const SUSPECTS_MAX = 10;
/** A candidate may take this many times as long as the suite took unchanged, and never less than the floor. */
const TIMES_BASELINE = 6;
const TIMEOUT_FLOOR_MS = 3_000;
const TELL_EVERY_MS = 4_000;

/**
 * Looks for one edit that makes the task's failing tests pass and breaks none that passed, trying single-point mutations
 * of the places most under suspicion, and writes it to the worktree. All trying happens in copies, so the worktree is
 * as it was when none is found. Throws `CannotDo` with the reason then.
 */
export async function fix(job: Job, check: string): Promise<Outcome> {
  await job.tell(`running ${check}`, 0.05);
  const sources = await listSources(job.worktree);
  const copies = [await job.sandboxes.copy(), await job.sandboxes.copy()] as [string, string];
  const { observed, plain, workers } = await runBaseline(job, copies, check);

  const coverage = readCoverage(observed.coverage, copies[0], (file) => sources.has(file) && isRepairable(file));
  const observations = observe(observed.results, coverage);
  const goal = goalOf(job.task, observations, coverage, passedIds(plain.results));
  if (goal.required.size === 0) {
    return {
      status: 'done',
      summary: 'nothing to fix: the tests of this task pass already',
      outputs: { testsRun: job.testsRun },
    };
  }

  const failing = observations.filter(({ result }) => goal.required.has(result.id));
  const passing = observations.filter(({ result }) => goal.kept.has(result.id));
  const granularity = granularityOf(failing);
  const spectrum = spectrumOf(failing, passing, job.variation.formula);
  const suspects = rankLines(spectrum, failing, coverage, SUSPECTS_MAX);
  const top = suspects[0] ? `; most suspicious is ${suspects[0].file}:${suspects[0].line} (${suspects[0].score})` : '';
  await job.tell(`localised ${count(failing.length, 'failing test')} per ${granularity}${top}`, 0.2);

  const candidates: Candidate[] = [];
  for (const file of spectrum.files.slice(0, FILES_MAX)) {
    const text = coverage.texts.get(file) ?? '';
    if (text.length <= FILE_CHARS_MAX) candidates.push(...(await enumerateCandidates(file, text, spectrum)));
  }
  const ordered = orderCandidates(candidates, job.variation);
  await job.tell(`trying ${count(ordered.length, 'candidate')}`, 0.25);

  const limitMs = Math.max(TIMEOUT_FLOOR_MS, plain.durationMs * TIMES_BASELINE);
  let toldAt = performance.now();
  const search = await searchPatch(ordered, {
    goal,
    copies: copies.slice(0, workers),
    texts: coverage.texts,
    firstFiles: [...new Set(failing.map(({ result }) => result.file))],
    run: (copy, files, patience) => runCounted(job, copy, { files, timeoutMs: limitMs * patience }),
    hasBudget: () => job.leftMs() > 0,
    async onTried(tried) {
      if (performance.now() - toldAt < TELL_EVERY_MS) return;
      toldAt = performance.now();
      await job.tell(`tried ${tried} of ${count(ordered.length, 'candidate')}`, 0.25 + (0.7 * tried) / ordered.length);
    },
  });

  const effort = { candidates: ordered.length, candidatesTried: search.tried, testsRun: job.testsRun, granularity };
  if (!search.found)
    throw new NoPatch(reasonOf(search.tried, ordered.length, search.outOfBudget), { ...effort, suspects });
  await keep(job.worktree, search.found, coverage.texts);
  return { status: 'done', ...describe(search.found, effort) };
}

/** None of the candidates is a fix. `outputs` says what was tried. */
export class NoPatch extends CannotDo {
  readonly outputs: Record<string, unknown>;
  constructor(message: string, outputs: Record<string, unknown>) {
    super(message);
    this.outputs = outputs;
  }
}

/**
 * Runs the unchanged suite in both copies at once, in one with coverage. When the two agree, the suite bears a second
 * run beside it and two candidates are tried at a time; tests that share a port or a file are tried one by one.
 */
async function runBaseline(
  job: Job,
  copies: readonly [string, string],
  check: string,
): Promise<{ observed: SuiteRun; plain: SuiteRun; workers: number }> {
  const run = (n: 0 | 1, coverage: boolean) =>
    runCounted(job, copies[n], { coverage, timeoutMs: Math.min(job.leftMs(), BASELINE_MS_MAX) });
  const together = await Promise.all([run(0, true), run(1, false)]);
  const [observed, plain] = together;
  const workers = Math.min(WORKERS_MAX, availableParallelism());
  if (sameOutcomes(observed, plain)) {
    expectResults(observed, check);
    return { observed, plain, workers };
  }
  const alone = { observed: await run(0, true), plain: await run(1, false), workers: 1 };
  expectResults(alone.observed, check);
  return alone;
}

function sameOutcomes(a: SuiteRun, b: SuiteRun): boolean {
  const outcomes = (run: SuiteRun) => run.results.map(({ id, state }) => `${state} ${id}`).sort();
  const [left, right] = [outcomes(a), outcomes(b)];
  return left.length === right.length && left.every((outcome, n) => outcome === right[n]);
}

/**
 * What the task asks for: its own failures as far as they fail here. When it names none, or its own pass but its last
 * result was sent back, the first group of all failures that one fault may explain. Tests that did not pass in both
 * first runs are flaky and not kept.
 */
export function goalOf(
  task: Pick<Task, 'inputs' | 'feedback'>,
  observations: readonly Observation[],
  coverage: Coverage,
  passedTwice: ReadonlySet<string>,
): Goal {
  const results = observations.map(({ result }) => result);
  const failing = results.filter(({ state }) => state === 'failed').map(({ id }) => id);
  const named = idsOf(task.inputs.failures);
  const own = failing.filter((id) => named.includes(id));
  const free = named.length === 0 || (own.length === 0 && task.feedback !== null);
  const group = free ? groupFailures(observations, coverage)[0] : undefined;
  const required = new Set(group ? group.failures.map(({ id }) => id) : own);
  const related = group ? failing : idsOf(task.inputs.related).filter((id) => failing.includes(id));
  return {
    required,
    related: new Set(related.filter((id) => !required.has(id))),
    kept: new Set(results.filter(({ id, state }) => state === 'passed' && passedTwice.has(id)).map(({ id }) => id)),
    fileOf: new Map(results.map(({ id, file }) => [id, file])),
  };
}

function idsOf(failures: unknown): string[] {
  if (!Array.isArray(failures)) return [];
  return failures.map((one: string | { id?: unknown } | null) => (typeof one === 'string' ? one : String(one?.id)));
}

function reasonOf(tried: number, candidates: number, outOfBudget: boolean): string {
  if (candidates === 0) return 'no single-point patch: nothing that can be changed ran in the failing tests';
  const how = outOfBudget ? `the time budget ended after ${tried} of` : `tried all ${tried} of`;
  return `no single-point patch makes these tests pass without breaking others: ${how} ${count(candidates, 'candidate')}`;
}

/** Writes the patch into the worktree. Throws when the file is no longer the one that was tested. */
async function keep(worktree: string, found: Candidate, texts: ReadonlyMap<string, string>): Promise<void> {
  const root = await realpath(worktree);
  const path = await realpath(join(root, found.file));
  if (!path.startsWith(root + sep)) throw new CannotDo(`${found.file} lies outside the worktree`);
  const tested = texts.get(found.file) ?? '';
  if ((await readFile(path, 'utf8')) !== tested)
    throw new CannotDo(`${found.file} changed while candidates were tried`);
  await writeFile(path, applyEdit(tested, found.edit));
}

function describe(
  found: Candidate,
  effort: Record<string, unknown>,
): { summary: string; outputs: Record<string, unknown> } {
  const { file, line, mutator } = found;
  const [before, after] = [clip(found.before), clip(found.after)];
  return {
    summary: `${file}:${line}: \`${before}\` → \`${after}\` (${mutator})`,
    outputs: { file, line, before, after, mutator, ...effort },
  };
}
