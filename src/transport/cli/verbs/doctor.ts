import { plainLine } from '../../../kernel/plain-text.ts';
import type { Client } from '../client.ts';
import type { Finding } from '../../../kernel/findings.ts';
import { checkPlace, checkServer } from '../doctor/living.ts';
import { checkRepository } from '../doctor/repository.ts';
import { EXIT } from '../failure.ts';
import type { Output } from '../output.ts';
import type { World } from '../world.ts';

export interface DoctorOptions {
  fix?: boolean;
  undo?: boolean;
}

const MARKS = { ok: 'ok      ', note: 'note    ', warning: 'warning ', error: 'PROBLEM ' };

/**
 * Looks at everything a run needs: this machine, the data, the server, the agents, and the repository around here. Touches nothing,
 * unless it is asked to mend; answers 1 when something is a problem.
 */
export async function doctor(world: World, client: Client, output: Output, options: DoctorOptions): Promise<number> {
  const { directory } = client;
  if (options.undo) return (await import('./check.ts')).check({ world, output, directory }, [], { undo: true });
  const tools = await world.programs.checks();
  const findings = [
    await checkServer(directory),
    ...(await checkPlace(client, world, tools)),
    ...(await checkRepository({ world, directory, output }, tools, options.fix ?? false)),
  ];
  for (const finding of findings) say(finding, output);
  const problems = findings.filter(({ level }) => level === 'error').length;
  output.say(
    problems === 0 ? '\nNothing is in the way.' : `\n${problems} ${problems === 1 ? 'problem' : 'problems'} to solve.`,
  );
  output.record({ type: 'report', problems });
  return problems === 0 ? EXIT.ok : EXIT.failed;
}

function say({ what, level, text, next }: Finding, output: Output): void {
  output.record({ type: 'finding', what, level, text, next });
  output.say(`${MARKS[level]}${what.padEnd(14)} ${plainLine(text)}`);
  if (next) output.say(`${' '.repeat(23)}→ ${plainLine(next)}`);
}
