import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule, TestSuite } from 'vitest/node';

/** What a run of the tests came to. `passed` and `failed` count tests; a file that does not load counts as one failed. */
export interface Tally {
  passed: number;
  failed: number;
  /** Tests that were not run, by the name of their suite, which tells why. */
  skipped: Map<string, number>;
}

/**
 * Writes `N passed, N failed` into a file when the tests have ended, for whoever reads no other output. Before that, where
 * tests were skipped, a line for each suite that they are of: nobody is to take them for passed.
 */
export function tallyReporter(file: string): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const { passed, failed, skipped } = tally(modules);
      const notes = [...skipped].map(([suite, count]) => `NOT RUN: ${count} of ${suite}\n`);
      writeFileSync(file, `${notes.join('')}${passed} passed, ${failed + unhandledErrors.length} failed\n`);
    },
  };
}

/** Skipped tests count as neither passed nor failed. */
export function tally(modules: readonly TestModule[]): Tally {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  // A suite whose hook threw has an error of its own and tests that never ran.
  const broken = modules.flatMap((module) => [module, ...module.children.allSuites()]).filter(hasOwnError).length;
  const count = (state: string) => tests.filter((test) => test.result().state === state).length;
  const skipped = new Map<string, number>();
  for (const test of tests) {
    const { parent } = test;
    if (test.result().state !== 'skipped' || hasOwnError(parent)) continue;
    const suite = parent.type === 'suite' ? parent.fullName : test.fullName;
    const name = `${test.module.relativeModuleId}: ${suite}`;
    skipped.set(name, (skipped.get(name) ?? 0) + 1);
  }
  return { passed: count('passed'), failed: count('failed') + broken, skipped };
}

function hasOwnError(unit: TestModule | TestSuite): boolean {
  return unit.errors().length > 0;
}
