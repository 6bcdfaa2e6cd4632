import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** What a run of the tests came to. `passed` and `failed` count tests; a file that does not load counts as one failed. */
export interface Tally {
  passed: number;
  failed: number;
}

/** Writes `N passed, N failed` into a file when the tests have ended, for whoever reads no other output. */
export function tallyReporter(file: string): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const { passed, failed } = tally(modules);
      writeFileSync(file, `${passed} passed, ${failed + unhandledErrors.length} failed\n`);
    },
  };
}

/** Skipped tests count as neither. */
export function tally(modules: readonly TestModule[]): Tally {
  const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
  // A suite whose hook threw has an error of its own and tests that never ran.
  const broken = modules.flatMap((module) => [module, ...module.children.allSuites()]).filter(hasOwnError).length;
  const count = (state: string) => states.filter((one) => one === state).length;
  return { passed: count('passed'), failed: count('failed') + broken };
}

function hasOwnError(unit: { errors(): readonly unknown[] }): boolean {
  return unit.errors().length > 0;
}
