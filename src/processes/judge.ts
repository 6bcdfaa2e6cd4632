import type { CheckSummary } from '../machines/workflow/index.ts';
import type { CheckResult, TestOutcome } from '../runtime/runner.ts';
import { outcomesOf } from './outcomes.ts';

/** A verdict on a tree: whether it passes, the code to group by, and the sentence that the agent gets back. */
export interface Verdict {
  pass: boolean;
  code: string;
  text: string;
}

export interface Question {
  /** `own_failures`: the task's own failures pass and nothing green at the base is red. `all`: the whole check passes, and as many tests ran. */
  checks: 'none' | 'own_failures' | 'all';
  /** Ids of the tests that the task was created for. */
  own: readonly string[];
  /** Single tests at the base; null when only the exit code spoke there. */
  baseline: readonly TestOutcome[] | null;
  /** It takes work out again; the check before that work. What passed there has to pass, and nothing else is asked. */
  before?: CheckSummary | null;
  /** The tests are the work, so that there may be fewer than at the base. */
  testsMayGo?: boolean;
}

const LISTED_MAX = 20;

export function judge(question: Question, result: CheckResult): Verdict {
  if (question.before !== undefined) return judgeRevert(question.before, question.baseline, result);
  if (result.status === 'timed_out')
    return { pass: false, code: 'check_timed_out', text: `\`${result.command}\` did not end in time.\n${result.tail}` };
  const outcomes = outcomesOf(result);
  if (question.checks === 'all' || outcomes === null || question.baseline === null) return byTheWhole(question, result);
  const now = new Map(outcomes.map((test) => [test.id, test]));
  const open = question.own.filter((id) => !passes(id, now));
  const broken = question.baseline
    .filter((test) => test.status === 'passed' && now.get(test.id)?.status !== 'passed')
    .map((test) => test.id);
  if (open.length === 0 && broken.length === 0) {
    return {
      pass: true,
      code: 'passed',
      text: `${question.own.length} of its own failures pass, and none of the ${count(question.baseline)} tests that passed at the base fails.`,
    };
  }
  const parts = [];
  if (open.length > 0) parts.push(`Still failing:\n${listed(open, now)}`);
  if (broken.length > 0) parts.push(`Passed at the base and now does not:\n${listed(broken, now)}`);
  return { pass: false, code: broken.length > 0 ? 'broke_tests' : 'still_failing', text: parts.join('\n\n') };
}

/** What is taken out may be what made a test pass; so nothing is asked but that what passed before the run passes. */
function judgeRevert(
  before: CheckSummary | null,
  baseline: readonly TestOutcome[] | null,
  result: CheckResult,
): Verdict {
  const comparable = baseline !== null && outcomesOf(result) !== null;
  if (!comparable && before?.status === 'failed' && result.status === 'failed')
    return { pass: true, code: 'passed', text: 'It failed before the run, too.' };
  return judge({ checks: 'own_failures', own: [], baseline }, result);
}

function byTheWhole({ baseline, testsMayGo = false }: Question, result: CheckResult): Verdict {
  const gone = testsMayGo ? null : goneTests(baseline ?? [], result.tests ?? []);
  if (result.status !== 'passed' || gone === null) return byExitCode(result);
  return { pass: false, code: 'tests_gone', text: `\`${result.command}\` passes, but ${gone}` };
}

/**
 * A green exit proves nothing when tests that ran at the base did not run: the work may have ended their process. Counted
 * by file, since a test's name may hold the day's date; a file that could not be loaded at the base has nothing to lose.
 */
function goneTests(baseline: readonly TestOutcome[], now: readonly TestOutcome[]): string | null {
  const [before, after] = [countByFile(baseline), countByFile(now)];
  const fewer = [...before].filter(([file, ran]) => (after.get(file) ?? 0) < ran);
  if (fewer.length === 0) return null;
  const lines = fewer
    .slice(0, LISTED_MAX)
    .map(([file, ran]) => `- ${file || 'all files'}: ${after.get(file) ?? 0} of ${ran}`);
  const more = fewer.length > LISTED_MAX ? [`- and ${fewer.length - LISTED_MAX} more`] : [];
  return ['tests that ran at the base did not run:', ...lines, ...more].join('\n');
}

/** Single tests that ran, by their file; that a file was loaded, or was not, is none. */
function countByFile(tests: readonly TestOutcome[]): Map<string, number> {
  const ran = new Map<string, number>();
  for (const { id, file, status } of tests)
    if (status !== 'skipped' && id !== file) ran.set(file, (ran.get(file) ?? 0) + 1);
  return ran;
}

function byExitCode(result: CheckResult): Verdict {
  if (result.status === 'passed')
    return {
      pass: true,
      code: 'passed',
      text: `\`${result.command}\` passes${result.tests ? ` (${count(result.tests)} tests)` : ''}.`,
    };
  const outcomes = outcomesOf(result) ?? [];
  const failed = outcomes.filter((test) => test.status === 'failed').map((test) => test.id);
  const now = new Map(outcomes.map((test) => [test.id, test]));
  const which = failed.length > 0 ? `Failing:\n${listed(failed, now)}` : result.tail;
  return {
    pass: false,
    code: 'check_failed',
    text: `\`${result.command}\` fails (exit ${result.exitCode ?? result.signal}).\n${which}`,
  };
}

/** A file that could not even be loaded fails under the file's own id; it passes when its tests run and none of them fails. */
export function passes(id: string, now: ReadonlyMap<string, TestOutcome>): boolean {
  const outcome = now.get(id);
  if (outcome) return outcome.status === 'passed';
  const inside = [...now.values()].filter((test) => test.file === id);
  return inside.length > 0 && inside.every((test) => test.status !== 'failed');
}

function listed(ids: string[], now: ReadonlyMap<string, TestOutcome>): string {
  const lines = ids.slice(0, LISTED_MAX).map((id) => {
    const outcome = now.get(id);
    const why = outcome ? (outcome.message?.split('\n')[0] ?? outcome.status) : 'it did not run';
    return `- ${id}: ${why}`;
  });
  return [...lines, ...(ids.length > LISTED_MAX ? [`- and ${ids.length - LISTED_MAX} more`] : [])].join('\n');
}

function count(tests: readonly TestOutcome[]): number {
  return tests.filter((test) => test.status === 'passed').length;
}

/** The ids of the failures that a task was created for, as its inputs name them. */
export function ownFailures(inputs: Record<string, unknown>): string[] {
  const failures = inputs.failures;
  if (!Array.isArray(failures)) return [];
  return failures.flatMap((one: unknown) => {
    if (typeof one === 'string') return [one];
    const id = typeof one === 'object' && one !== null ? (one as { id?: unknown }).id : undefined;
    return typeof id === 'string' ? [id] : [];
  });
}
