import type { TestResult } from '../suite/test-report.ts';

/** What a patch must do. All are test ids. */
export interface Goal {
  /** Failing tests that must pass. */
  required: ReadonlySet<string>;
  /** Failing tests that may have the same cause: of two good patches, the one that mends more of them is better. */
  related: ReadonlySet<string>;
  /** Tests that passed before and must go on passing. */
  kept: ReadonlySet<string>;
  /** Test files of the required and kept tests, by id. */
  fileOf: ReadonlyMap<string, string>;
}

/** Whether a run of some test files meets the goal as far as those files can say. `files` null means the whole suite. */
export function meets(goal: Goal, results: readonly TestResult[], files: ReadonlySet<string> | null): boolean {
  const passed = passedIds(results);
  const asked = (id: string) => files === null || files.has(goal.fileOf.get(id) ?? '');
  return [...goal.required, ...goal.kept].every((id) => passed.has(id) || !asked(id));
}

/** How many of the related failures a whole run shows as mended. */
export function mendedRelated(goal: Goal, results: readonly TestResult[]): number {
  const passed = passedIds(results);
  return [...goal.related].filter((id) => passed.has(id)).length;
}

export function passedIds(results: readonly TestResult[]): Set<string> {
  return new Set(results.filter(({ state }) => state === 'passed').map(({ id }) => id));
}
