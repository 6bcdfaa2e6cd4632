import { plainLine } from '../../../kernel/plain-text.ts';
import type { Client } from '../client.ts';
import {
  checkDataDirectory,
  checkDisk,
  checkGit,
  checkLiving,
  checkNode,
  checkSandbox,
  checkServer,
} from '../doctor/checks.ts';
import { EXIT } from '../failure.ts';
import type { Output } from '../output.ts';
import type { World } from '../world.ts';

const MARKS = { ok: 'ok      ', note: 'note    ', warning: 'warning ', error: 'PROBLEM ' };

/** Looks at everything a run needs. Touches nothing and starts nothing; answers 1 when something is a problem. */
export async function doctor(world: World, client: Client, output: Output): Promise<number> {
  const { directory } = client;
  const findings = [
    checkNode(process.versions.node),
    await checkGit(world.env),
    await checkSandbox(world.env),
    checkDisk(directory),
    checkDataDirectory(directory, process.getuid?.()),
    await checkServer(directory),
    ...(await checkLiving(client, world)),
  ];
  for (const { what, level, text, next } of findings) {
    output.record({ type: 'finding', what, level, text, next });
    output.say(`${MARKS[level]}${what.padEnd(14)} ${plainLine(text)}`);
    if (next) output.say(`${' '.repeat(23)}→ ${plainLine(next)}`);
  }
  const problems = findings.filter(({ level }) => level === 'error').length;
  output.say(
    problems === 0 ? '\nNothing is in the way.' : `\n${problems} ${problems === 1 ? 'problem' : 'problems'} to solve.`,
  );
  output.record({ type: 'report', problems });
  return problems === 0 ? EXIT.ok : EXIT.failed;
}
