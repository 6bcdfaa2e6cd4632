import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Coverage, contains, readCoverage } from '../../../../agents/repair/src/localise/coverage.ts';
import { runSuite, type SuiteRun } from '../../../../agents/repair/src/suite/run-suite.ts';
import type { Suite } from '../../../../agents/repair/src/suite/suite.ts';
import { commandEnvironment } from '../../checks/adapters/run-process.ts';
import { codeOf } from '../../worktrees/adapters/files.ts';
import type { Hands } from '../../worktrees/hands.ts';
import type { MutationRequest } from '../mutation.ts';
import type { Tester } from './tester.ts';

const FAILING_NAMED_MAX = 3;
/** Some runners take a file's name for a pattern. */
const PATTERN = /[*?[\]{}()!+@\\]/;

/** A suite that is read test by test: a test that passed unchanged and does not now has noticed. */
export function suiteTester(
  hands: Hands,
  suite: Suite,
  place: { checkout: string; scratch: string; files: ReadonlySet<string> },
  mode: MutationRequest['baseline'],
): Tester {
  let coverage: Coverage | null = null;
  let passing = new Map<string, string>();
  const { checkout: directory, scratch } = place;
  const inherit = commandEnvironment(hands.environment);
  const run = (timeoutMs: number, more: { files?: readonly string[]; coverage?: boolean }) =>
    runSuite(suite, { directory, timeoutMs, inherit, scratch, signal: new AbortController().signal, ...more });

  return {
    async baseline(timeoutMs) {
      // What a build makes of a source file runs under another name, so nothing would be seen of the file itself.
      const observable = suite.before.length === 0 && (await keepsPackages(directory));
      const first = await run(timeoutMs, { coverage: observable });
      const reason = unfit(first, mode);
      if (reason !== null) return { fit: false, reason: hands.redact(reason) };
      passing = new Map(first.results.filter(({ state }) => state === 'passed').map(({ id, file }) => [id, file]));
      const seen = readCoverage(first.coverage, directory, (file) => place.files.has(file));
      coverage = seen.traces.length > 0 ? seen : null;
      return { fit: true, durationMs: first.durationMs };
    },

    witnesses({ file, edit }) {
      if (coverage === null) return null;
      const ran = coverage.traces.filter((trace) => contains(trace.ran.get(file), edit.start));
      const files = [...new Set(ran.map(({ testFile }) => testFile))].sort();
      const all = new Set(passing.values());
      const askable = files.every((one) => all.has(one) && !PATTERN.test(one));
      return askable && (files.length < all.size || files.length === 0) ? files : null;
    },

    async run(files, timeoutMs) {
      const now = await run(timeoutMs, files ? { files } : {});
      const passed = new Set(now.results.filter(({ state }) => state === 'passed').map(({ id }) => id));
      const asked = [...passing].filter(([, file]) => files === null || files.includes(file));
      if (now.timedOut) return 'timed_out';
      return asked.every(([id]) => passed.has(id)) ? 'unnoticed' : 'noticed';
    },
  };
}

function unfit(run: SuiteRun, mode: MutationRequest['baseline']): string | null {
  if (run.timedOut) return 'the tests did not end within the time budget';
  const failing = run.results.filter(({ state }) => state === 'failed').map(({ id }) => id);
  if (mode === 'green' && failing.length > 0) {
    const more = failing.length > FAILING_NAMED_MAX ? ' …' : '';
    return `${failing.length} ${failing.length === 1 ? 'test fails' : 'tests fail'} unchanged: ${failing.slice(0, FAILING_NAMED_MAX).join(', ')}${more}`;
  }
  return run.results.some(({ state }) => state === 'passed') ? null : 'no test passes unchanged';
}

/** Whether what the observing run adds to `node_modules` stays in the checkout. */
async function keepsPackages(checkout: string): Promise<boolean> {
  try {
    return (await realpath(join(checkout, 'node_modules'))) === join(await realpath(checkout), 'node_modules');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
}
