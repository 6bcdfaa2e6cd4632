import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { tallyReporter } from './scripts/test-tally.ts';

/** Where somebody who reads no other output wants the counts: see .ci/run. */
const tally = process.env.HEPH_TEST_TALLY;

/**
 * Three kinds of suites: `unit` lies beside the code and is quick; `system` starts programs and takes minutes; `clis` runs
 * the coding agents that are on this machine.
 */
export default defineConfig({
  test: {
    globals: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
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
            'tests/{contracts,replay,shape,simulation}/**/*.test.ts',
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
