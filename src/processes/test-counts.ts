import type { CrossRun, TestCounts } from '../machines/best-of-n/index.ts';
import type { TestOutcome } from '../runtime/runner.ts';
import { passes } from './judge.ts';

/**
 * How the tests that there were before stand now. A test of the candidate's own counts for nothing, so nobody gains by
 * writing many that pass; one that does not run any more counts as failed. Null where single tests are not known.
 */
export function countTests(
  now: readonly TestOutcome[] | null,
  baseline: readonly TestOutcome[] | null,
  added: ReadonlySet<string>,
): TestCounts | null {
  if (baseline === null) {
    const asked = now?.filter(({ file, status }) => status !== 'skipped' && !added.has(file));
    if (!asked) return null;
    const passed = asked.filter(({ status }) => status === 'passed').length;
    return { passed, failed: asked.length - passed, newlyFailing: 0 };
  }
  // A test that is told of twice, red and green, is red: the code under test may write into its runner's report.
  const red = new Set((now ?? []).filter(({ status }) => status === 'failed').map(({ id }) => id));
  const outcomes = new Map(
    (now ?? []).filter((test) => !red.has(test.id) || test.status === 'failed').map((test) => [test.id, test]),
  );
  const asked = baseline.filter(({ status }) => status !== 'skipped');
  const failing = asked.filter(({ id }) => !passes(id, outcomes));
  return {
    passed: asked.length - failing.length,
    failed: failing.length,
    newlyFailing: failing.filter(({ status }) => status === 'passed').length,
  };
}

/** New tests that may be asked of others: those that their author's code passes each time. `null`: the check as a whole. */
export type Asked = ReadonlySet<string> | null;

/** Of tests that were run twice over their author's code: what may be asked of others, or nothing, with the reason. */
export function askable(
  runs: readonly (readonly TestOutcome[] | null)[],
  { files, known, passed }: { files: readonly string[]; known: ReadonlySet<string>; passed: boolean },
): { asked: Asked } | { why: string } {
  if (runs.some((tests) => tests === null))
    return passed ? { asked: null } : { why: 'Its own code does not pass them each time.' };
  const written = new Set(files);
  const fresh = (runs[0] ?? []).filter(({ id, file, status }) => {
    return written.has(file) && !known.has(id) && status !== 'skipped';
  });
  if (fresh.length === 0) return { why: 'No test of it is new.' };
  const asked = fresh.map(({ id }) => id).filter((id) => runs.every((tests) => passesIn(id, tests ?? [])));
  return asked.length > 0 ? { asked: new Set(asked) } : { why: 'Its own code does not pass them each time.' };
}

/**
 * How the code of one stands under the tests of another. A file of tests of which none could be run asks for something that
 * the other has chosen to do otherwise (a name, a module); it says nothing.
 */
export function countCross(
  asked: Asked,
  run: { tests: readonly TestOutcome[] | null; passed: boolean },
): Pick<CrossRun, 'passed' | 'total'> {
  if (asked === null || run.tests === null) return { passed: run.passed ? 1 : 0, total: 1 };
  const { tests } = run;
  const ran = new Set(tests.filter(({ id }) => asked.has(id)).map(({ file }) => file));
  const ids = [...asked].filter((id) => ran.has(fileOf(id, ran)));
  return { passed: ids.filter((id) => passesIn(id, tests)).length, total: ids.length };
}

/** Ids begin with their file. */
function fileOf(id: string, files: ReadonlySet<string>): string {
  return [...files].find((file) => id === file || id.startsWith(`${file} > `)) ?? '';
}

/** A test told twice passes when each time. */
function passesIn(id: string, tests: readonly TestOutcome[]): boolean {
  const told = tests.filter((test) => test.id === id);
  return told.length > 0 && told.every(({ status }) => status === 'passed');
}
