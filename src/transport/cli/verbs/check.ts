import type { CheckDefinition, CheckRun, OpenedChecks } from '../../../checks/index.ts';
import { plainLine } from '../../../kernel/plain-text.ts';
import { handIn } from '../check/hand-in.ts';
import { createProgress, sayReport } from '../check/progress.ts';
import { EXIT, fail } from '../failure.ts';
import { duration, known } from '../../words/index.ts';
import { type Output, table } from '../output.ts';
import { shellWords } from '../../../kernel/words.ts';
import type { CheckTools, World } from '../world.ts';

export interface CheckOptions {
  fast?: boolean;
  skip?: string[];
  dryRun?: boolean;
  interactive?: boolean;
  fix?: boolean;
  undo?: boolean;
  list?: boolean;
  jobs?: number;
}

interface Start {
  world: World;
  output: Output;
  directory: string;
}

/** Runs the checks of the repository around here, in this process. Answers 0 only if nothing failed. */
export async function check(
  { world, output, directory }: Start,
  names: readonly string[],
  options: CheckOptions,
): Promise<number> {
  if (options.interactive && !world.stdin.isTTY)
    throw fail('cli.no_terminal', 'Questions need a terminal to answer them in.');
  const tools = await world.programs.checks();
  const readOnly = options.dryRun ?? false;
  const checks = tools.open({ folder: world.cwd, directory, readOnly: readOnly || (options.list ?? false), world });
  if (options.undo) return undo(checks, output, readOnly);
  const definition = await checks.definition();
  if (definition.checks.length === 0)
    throw fail(
      'check.nothing_to_check',
      `${checks.place.root} has no checks.yaml, and nothing in it says how it is checked.`,
    );
  if (options.list) return list(definition, output);
  const run = await runAll({ world, output, directory }, { tools, checks, definition, names, options });
  sayReport(run, output);
  if (run.state === 'cancelled') return EXIT.interrupted;
  return run.state === 'failed' ? EXIT.failed : EXIT.ok;
}

interface Job {
  tools: CheckTools;
  checks: OpenedChecks;
  definition: CheckDefinition;
  names: readonly string[];
  options: CheckOptions;
}

async function runAll(start: Start, job: Job): Promise<CheckRun> {
  const { world, directory } = start;
  const { checks, definition, options } = job;
  const stop = new AbortController();
  const forget = (['SIGINT', 'SIGTERM'] as const).map((name) =>
    world.onSignal(name, () => stop.abort(new Error('interrupted'))),
  );
  try {
    const first = await runOnce(start, job, stop.signal);
    const run =
      (options.fix || options.interactive) && !options.dryRun && first.checks.some(({ fixable }) => fixable)
        ? await mendAndRunAgain(start, job, first, stop.signal)
        : first;
    if (options.dryRun) return run;
    const webhook = definition.webhook === null ? null : await checks.tellWebhook(definition.webhook, run);
    const told = { ...run, webhook };
    await handIn(world, directory, checks, told);
    return told;
  } finally {
    for (const one of forget) one();
  }
}

async function mendAndRunAgain(start: Start, job: Job, run: CheckRun, signal: AbortSignal): Promise<CheckRun> {
  const { checks, definition, options, tools } = job;
  const { askPerson, mend } = await import('../check/mend.ts');
  const asks = options.interactive && !options.fix;
  const ask = asks ? (question: string) => askPerson(start.world, question, signal) : null;
  const fixes = await mend({ checks, definition, run, newId: tools.newRunId, signal, ask }, start.output);
  if (fixes.length === 0) return run;
  return { ...(await runOnce(start, job, signal)), fixes };
}

async function runOnce({ world, output }: Start, job: Job, signal: AbortSignal): Promise<CheckRun> {
  const { runChecks } = await import('../../../checks/index.ts');
  const { checks, definition, names, options, tools } = job;
  const progress = createProgress(world, output);
  try {
    return await runChecks(
      {
        runId: tools.newRunId(),
        repositoryId: checks.place.repositoryId,
        folder: checks.place.root,
        definition,
        select: { names, fast: options.fast ?? false, skip: options.skip ?? [] },
        jobs: options.jobs ?? null,
        dryRun: options.dryRun ?? false,
        signal,
      },
      checks.parts,
      progress.hear,
    );
  } finally {
    progress.end();
  }
}

function list(definition: CheckDefinition, output: Output): number {
  const reasonOf = (name: string) =>
    Object.hasOwn(definition.reasons, name) ? (definition.reasons[name] ?? null) : null;
  output.say(`The checks are ${definition.source === 'checks.yaml' ? 'those of checks.yaml' : definition.source}.\n`);
  const rows = definition.checks.map((one) => [
    one.name,
    one.run ? shellWords(one.run) : `built-in ${one.builtin}`,
    one.needs.join(' ') || '–',
    one.tags.join(' ') || '–',
    reasonOf(one.name) ?? '–',
  ]);
  for (const line of table(['check', 'runs', 'needs', 'tags', 'because'], rows)) output.say(line);
  for (const one of definition.checks) output.record({ ...one, type: 'definition', because: reasonOf(one.name) });
  return EXIT.ok;
}

async function undo(checks: OpenedChecks, output: Output, look: boolean): Promise<number> {
  const undone = await checks.fixes.undo(look);
  if (!undone)
    throw fail('check.nothing_to_undo', `No fix that was applied in ${checks.place.root} is left to take back.`);
  const { check: name, restored, left } = undone;
  output.record({ type: 'undone', dryRun: look, ...undone });
  output.say(
    `The fix of ${plainLine(name)} ${look ? 'would be' : 'was'} taken back: ${restored.map((path) => plainLine(path)).join(', ') || 'it changed nothing'}.`,
  );
  if (left.length > 0)
    output.say(`Left as they are, for they were changed since: ${left.map((path) => plainLine(path)).join(', ')}.`);
  return left.length > 0 ? EXIT.failed : EXIT.ok;
}

/** Which checks are slow, which are flaky, and where the cache saves most. */
export async function checkHistory({ world, output, directory }: Start): Promise<number> {
  const tools = await world.programs.checks();
  const { historyOf } = await import('../../../checks/index.ts');
  const { parts, judgedRuns } = tools.open({ folder: world.cwd, directory, readOnly: true, world });
  const told = await Promise.all([parts.runs.list(), judgedRuns()]);
  const runs = told.flat().sort((a, b) => b.startedAt - a.startedAt);
  const entries = historyOf(runs);
  const ms = (value: number | null) => known(value, duration);
  const rows = entries.map((one) => [
    one.name,
    ms(one.medianMs),
    one.ran,
    one.failed,
    one.flaky,
    one.cached,
    ms(one.savedMs),
  ]);
  for (const line of table(['check', 'median', 'ran', 'failed', 'flaky', 'from cache', 'saved'], rows))
    output.say(line);
  const most = (of: (one: (typeof entries)[number]) => number) =>
    entries.toSorted((a, b) => of(b) - of(a)).find((one) => of(one) > 0)?.name ?? 'none';
  output.say(
    `\n${runs.length} runs. Slowest: ${most((one) => one.medianMs ?? 0)}. Flakiest: ${most((one) => one.flaky)}. Most saved: ${most((one) => one.savedMs)}.`,
  );
  for (const one of entries) output.record({ type: 'history', ...one });
  return EXIT.ok;
}
