import { CommanderError } from 'commander';
import { EXIT, exitCodeOf, failureJson, failureOf, failureText } from './failure.ts';
import { addGeneratedVerbs } from './generated-verbs.ts';
import { createProgram, usageFailure } from './program.ts';
import type { Verb } from './verb.ts';
import type { World } from './world.ts';

/** Verbs that are written by hand and share no first word with a generated one: they start without the table. */
const BY_HAND = new Set([
  'run',
  'follow',
  'demo',
  'up',
  'down',
  'status',
  'events',
  'replay',
  'rebuild',
  'log',
  'logs',
  'check',
  'doctor',
  'mcp',
  'token',
]);

/**
 * Runs one verb and answers the exit code: 0 done, 1 failed, 2 bad input, 3 stalled, 130 interrupted. A failure is one
 * sentence on stderr with what to do next and its code; with `--json` it is the last line on stdout as well.
 */
export async function main(
  argv: readonly string[],
  world: World,
  version: string,
  verbs: () => Promise<readonly Verb[]>,
): Promise<number> {
  let code: number = EXIT.ok;
  const { program, taken, begin } = createProgram(world, version, (ended) => (code = ended));
  try {
    if (!argv.some((word) => BY_HAND.has(word)) || argv.includes('--help') || argv.includes('help')) {
      const generated = (await verbs()).filter((verb) => !taken.has(verb.path.join(' ')));
      addGeneratedVerbs(program, generated, (command) => begin(command, true));
    }
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    const thrown = error instanceof CommanderError ? usageFailure(error) : error;
    if (thrown === null) return EXIT.ok;
    const failure = failureOf(thrown);
    world.stderr.write(failureText(failure));
    if (argv.includes('--json') && !argv.includes('mcp'))
      world.stdout.write(`${JSON.stringify(failureJson(failure))}\n`);
    return exitCodeOf(failure);
  }
}
