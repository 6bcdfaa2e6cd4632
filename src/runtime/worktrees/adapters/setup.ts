import { Fault, messageOf } from '../../../kernel/errors.ts';
import { commandEnvironment, runProcess } from '../../checks/adapters/run-process.ts';
import type { Hands } from '../hands.ts';

const SETUP_WALL_MS = 15 * 60_000;
const SETUP_OUTPUT_BYTES = 8_192;

/** Runs setup commands one after another. Throws Fault `code` with the end of the output when one fails. */
export async function runSetup(
  hands: Hands,
  cwd: string,
  setup: readonly (readonly string[])[],
  code: 'worktree.failed' | 'check.failed_to_run',
): Promise<void> {
  for (const argv of setup) {
    const said = await runOne(hands, cwd, argv);
    if (said !== null) throw new Fault(code, `The setup command ${JSON.stringify(argv[0])} ${hands.redact(said)}`);
  }
}

/** What went wrong, or null. */
async function runOne(hands: Hands, cwd: string, argv: readonly string[]): Promise<string | null> {
  try {
    const env = commandEnvironment(hands.environment);
    const limits = { wallMs: SETUP_WALL_MS, outputBytesMax: SETUP_OUTPUT_BYTES };
    const result = await runProcess({ argv, cwd, env, clock: hands.clock, ...limits });
    if (result.timedOut) return `did not end within ${SETUP_WALL_MS / 60_000} minutes:\n${result.tail}`;
    return result.exitCode === 0 ? null : `failed (${result.exitCode ?? result.signal}):\n${result.tail}`;
  } catch (error) {
    return `could not be started: ${messageOf(error)}`;
  }
}
