import { rememberGroup } from '../../checks/adapters/orphans.ts';
import { commandEnvironment, runProcess } from '../../checks/adapters/run-process.ts';
import type { Hands } from '../../worktrees/hands.ts';
import type { Tester } from './tester.ts';

const OUTPUT_BYTES_MAX = 4_096;

/** Any command: it notices by its exit code, and nothing is known of what it runs. `group` is where its process is remembered. */
export function commandTester(hands: Hands, argv: readonly string[], checkout: string, group: string): Tester {
  const run = (wallMs: number) =>
    runProcess({
      argv,
      cwd: checkout,
      env: commandEnvironment(hands.environment),
      wallMs,
      outputBytesMax: OUTPUT_BYTES_MAX,
      clock: hands.clock,
      onStart: (pid) => rememberGroup(hands, group, pid),
    });
  return {
    async baseline(timeoutMs) {
      const { timedOut, exitCode, signal, durationMs, tail } = await run(timeoutMs);
      if (timedOut) return { fit: false, reason: 'the check did not end within the time budget' };
      if (exitCode === 0) return { fit: true, durationMs };
      const words = hands.redact(tail).trim();
      return { fit: false, reason: `the check fails unchanged (exit ${exitCode ?? signal})${words && `: ${words}`}` };
    },
    witnesses: () => null,
    async run(_files, timeoutMs) {
      const { timedOut, exitCode } = await run(timeoutMs);
      return timedOut ? 'timed_out' : exitCode === 0 ? 'unnoticed' : 'noticed';
    },
  };
}
