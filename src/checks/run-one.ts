import { messageOf } from '../kernel/errors.ts';
import type { Check } from './definition.ts';
import type { CachedResult, CheckParts, CommandRun } from './ports.ts';
import { type CheckOutcome, countTests } from './results.ts';

/** What running one check needs of its run. */
export interface OneRun {
  runId: string;
  signal: AbortSignal;
  /** The tests that failed in the base run of a check; null where none is known. */
  baseline(name: string): Promise<readonly string[] | null>;
  onAttempt(attempt: number): void;
}

/** An outcome with everything that is not given as it is for a check of which nothing is known. */
export function outcomeOf(
  check: Check,
  given: Partial<CheckOutcome> & Pick<CheckOutcome, 'status' | 'why'>,
): CheckOutcome {
  return {
    name: check.name,
    cached: false,
    key: null,
    tags: check.tags,
    durationMs: 0,
    attempts: 0,
    exitCode: null,
    tail: '',
    output: null,
    tests: null,
    next: null,
    fixable: false,
    ...given,
  };
}

export function outcomeFromCache(check: Check, key: string, found: CachedResult, why: string): CheckOutcome {
  const { status, durationMs, exitCode, tail, tests } = found;
  return outcomeOf(check, {
    status,
    why,
    key,
    cached: true,
    durationMs,
    exitCode,
    tail,
    tests,
    ...mending(check, status),
  });
}

/** Looks, or runs the command, and again after a failure as often as the check says. Throws nothing: what went wrong is the outcome. */
export async function runOne(check: Check, key: string | null, parts: CheckParts, run: OneRun): Promise<CheckOutcome> {
  try {
    return check.builtin ? await look(check, key, parts) : await runCommand(check, key, parts, run);
  } catch (error) {
    if (run.signal.aborted) return outcomeOf(check, { status: 'cancelled', why: 'it was stopped', key });
    return outcomeOf(check, { ...failure(check, parts.redact(messageOf(error))), key });
  }
}

async function look(check: Check, key: string | null, parts: CheckParts): Promise<CheckOutcome> {
  const from = parts.clock.monotonicMs();
  const found = await parts.builtIns[check.builtin as NonNullable<Check['builtin']>].look(check);
  const durationMs = Math.round(parts.clock.monotonicMs() - from);
  if (found.good) return outcomeOf(check, { status: 'passed', why: found.text, key, durationMs });
  const failed = failure(check, found.text);
  const fixable = failed.fixable || found.fix !== null;
  return outcomeOf(check, { ...failed, key, durationMs, next: failed.next ?? found.next, fixable });
}

async function runCommand(check: Check, key: string | null, parts: CheckParts, run: OneRun): Promise<CheckOutcome> {
  let durationMs = 0;
  let first: { command: CommandRun; why: string } | null = null;
  for (let attempt = 1; ; attempt++) {
    run.onAttempt(attempt);
    const command = await parts.commands.run(check, check.run ?? [], run.runId, run.signal);
    durationMs += command.durationMs;
    const common = { key, durationMs, attempts: attempt };
    if (run.signal.aborted)
      return outcomeOf(check, { ...common, ...seen(command), status: 'cancelled', why: 'it was stopped' });
    const why = whatIsWrong(check, command);
    if (why === null) {
      const good = { ...common, ...seen(command), tests: await numbers(check, command, run) };
      if (!first) return outcomeOf(check, { ...good, status: 'passed', why: 'it passed' });
      const flaky = `${first.why}, and passed at attempt ${attempt} on the same files`;
      return outcomeOf(check, { ...good, status: 'flaky', why: flaky, tail: first.command.tail });
    }
    first ??= { command, why };
    if (attempt > check.repeats)
      return outcomeOf(check, {
        ...common,
        ...seen(command),
        ...failure(check, why),
        tests: await numbers(check, command, run),
      });
  }
}

function whatIsWrong(check: Check, { exitCode, signal, timedOut, tests }: CommandRun): string | null {
  if (timedOut) return `it was ended at its time limit of ${check.timeLimitMs / 1000} s`;
  const failed = tests?.filter(({ status }) => status === 'failed').length ?? 0;
  const counted = failed > 0 ? `${failed} of ${tests?.length} tests failed` : null;
  // A report that tells of failures is believed before an exit code that does not.
  if (exitCode === 0) return counted && `it ended with exit code 0, but ${counted}`;
  return `it ended with ${signal ?? `exit code ${exitCode}`}${counted ? `: ${counted}` : ''}`;
}

function seen({ exitCode, tail, output }: CommandRun) {
  return { exitCode, tail, output };
}

async function numbers(check: Check, { tests }: CommandRun, run: OneRun): Promise<CheckOutcome['tests']> {
  return tests && countTests(tests, await run.baseline(check.name));
}

function failure(check: Check, why: string) {
  const status = check.warn ? ('warning' as const) : ('failed' as const);
  return { status, why, ...mending(check, status) };
}

/** What a person is told to do about a failure that has a command for it. */
function mending(check: Check, status: CheckOutcome['status']): Pick<CheckOutcome, 'next' | 'fixable'> {
  const fixable = check.fix !== null && (status === 'failed' || status === 'warning');
  return { fixable, next: fixable ? `heph check ${check.name} --fix runs: ${check.fix?.join(' ')}` : null };
}
