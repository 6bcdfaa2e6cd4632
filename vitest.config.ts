import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { tallyReporter } from './scripts/test-tally.ts';

/** Where somebody who reads no other output wants the counts: see .ci/run. */
const tally = process.env.HEPH_TEST_TALLY;

/**
 * Four kinds of suites: `unit` lies beside the code and is quick; `system` starts programs and takes minutes; `browser` looks
 * at the page in a Chromium; `clis` runs the coding agents that are on this machine. Files of all four run at the same time: each knows its own processes by the
 * folder that they were started in, and none counts on an idle machine.
 */
export default defineConfig({
  test: {
    globals: false,
    // Far above what any of them takes: a busy machine is no failure.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Of all projects together, longest first where that is known from an earlier run. Vitest would leave one core idle.
    maxWorkers: availableParallelism(),
    reporters: ['default', ...(tally ? [tallyReporter(tally)] : [])],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'agents/*/tests/**/*.test.ts',
            'web/src/**/*.test.ts',
            'tests/{coherence,contracts,replay,shape,simulation}/**/*.test.ts',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['tests/{e2e,faults}/**/*.test.ts'],
          globalSetup: 'tests/support/packed.ts',
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: 'tests/support/browser/setup.ts',
          // A page comes to it when it does.
          expect: { poll: { timeout: 60_000 } },
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'clis',
          include: ['tests/clis/**/*.test.ts'],
          globalSetup: 'tests/support/packed.ts',
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
    // Only what runs in the test's own process counts: a holder, a server or an agent that a test starts does not.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'json-summary'],
      reportOnFailure: true,
      thresholds: Object.fromEntries(
        ['machines', 'actors', 'store', 'processes'].map((area) => [`src/${area}/**/*.ts`, { lines: 90 }]),
      ),
    },
  },
});
