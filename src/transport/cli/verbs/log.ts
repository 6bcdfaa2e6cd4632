import { createReadStream } from 'node:fs';
import { access, constants, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT, fail } from '../failure.ts';
import type { Output } from '../output.ts';
import { plainText } from '../../../kernel/plain-text.ts';
import type { World } from '../world.ts';

/** Whether every event is as it was written; names the first that is not. Works beside a living server. */
export async function verify(world: World, output: Output, directory: string): Promise<number> {
  const result = await (await world.programs.log()).verify(directory);
  output.record({ type: 'verified', ...result });
  if (result.ok) {
    output.say(
      `The log verifies: ${result.events} events up to position ${result.position}${result.anchored ? '' : ' (its end is not anchored, so events cut off behind it would not be noticed)'}.`,
    );
    return EXIT.ok;
  }
  throw fail(
    'log.damaged',
    `The log is damaged at position ${result.damage?.position ?? 'unknown'}: ${result.damage?.reason}. ${result.events} events before it verify.`,
  );
}

/** Writes the log as one JSON object a line, to a new file (0600) or to stdout. */
export async function exportLog(
  world: World,
  output: Output,
  directory: string,
  to: string | undefined,
): Promise<number> {
  const tools = await world.programs.log();
  if (!to) {
    // One line after the other: a slow reader must not fill our memory with the log.
    await tools.export(directory, (line) => new Promise((resolve) => world.stdout.write(line, resolve)));
    return EXIT.ok;
  }
  const path = resolve(world.cwd, to);
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw fail(
      'cli.usage',
      error.code === 'EEXIST' ? `${path} exists; name a new file.` : `${path} cannot be written: ${error.message}.`,
    );
  });
  try {
    const { events, hash } = await tools.export(directory, async (line) => void (await file.write(line)));
    await file.sync();
    output.say(`Wrote ${events} events to ${path}.`);
    output.record({ type: 'exported', events, hash, file: path });
  } finally {
    await file.close();
  }
  return EXIT.ok;
}

/** Brings an exported log into a data directory that has none yet. */
export async function importLog(world: World, output: Output, directory: string, from: string): Promise<number> {
  const path = resolve(world.cwd, from);
  await access(path, constants.R_OK).catch((error: Error) => {
    throw fail('cli.usage', `${path} cannot be read: ${error.message}.`);
  });
  const { events, hash } = await (await world.programs.log()).import(directory, () => createReadStream(path));
  output.say(`Took ${events} events into ${directory}.`);
  output.record({ type: 'imported', events, hash });
  return EXIT.ok;
}

/** Decides every recorded command again and compares. Nothing is appended, nothing is started. */
export async function replayLog(world: World, output: Output, directory: string): Promise<number> {
  const tools = await world.programs.log();
  const result = await tools.replay(
    directory,
    (events) => world.stderr.isTTY && world.stderr.write(`\r${events} events`),
  );
  if (world.stderr.isTTY) world.stderr.write('\r');
  output.record({ type: 'replayed', ...result });
  const { events, streams, commands, unknown, position, difference } = result;
  if (!difference) {
    output.say(
      `Replayed ${events} events of ${streams} streams up to position ${position}: each of ${commands} commands was decided the same${unknown > 0 ? `; ${unknown} events are of types that this version does not know` : ''}.`,
    );
    return EXIT.ok;
  }
  const shown = (value: unknown) => plainText(JSON.stringify(value)).slice(0, 2000);
  throw fail(
    'replay.differs',
    `At position ${difference.position} of ${difference.stream}, ${difference.command} is decided differently. Recorded: ${shown(difference.recorded)} Decided now: ${shown(difference.decided)}`,
  );
}
