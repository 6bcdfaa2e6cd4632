import { createReadStream } from 'node:fs';
import { access, constants, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT, fail } from '../failure.ts';
import type { Output } from '../output.ts';
import { plainText } from '../../../kernel/plain-text.ts';
import type { LogPlace, LogTools, World } from '../world.ts';

/** Whether every event is as it was written, as far as its store can tell; names the first that is not. */
export async function verify(world: World, output: Output, place: LogPlace): Promise<number> {
  const result = await (await world.programs.log()).verify(place);
  output.record({ type: 'verified', ...result });
  const { ok, events, position, damage } = result;
  if (ok) {
    output.say(`The log verifies: ${events} events up to position ${position}${reservation(result)}.`);
    return EXIT.ok;
  }
  throw fail(
    'log.damaged',
    `The log is damaged at position ${damage?.position ?? 'unknown'}: ${damage?.reason}. ${events} events before it verify.`,
  );
}

function reservation({ chained, anchored, headless }: Omit<Awaited<ReturnType<LogTools['verify']>>, 'damage'>): string {
  if (chained) return anchored ? '' : ' (its end is not anchored, so events cut off behind it would not be noticed)';
  const cut = headless > 0 ? `; the first events of ${headless} streams are hidden or lost` : '';
  return ` are in order${cut} (its store keeps no hash chain, so an event that was altered would not be noticed)`;
}

/** Writes the log, and the blobs and definitions of the data directory, as JSON lines to a new file (0600) or to stdout. */
export async function exportLog(
  world: World,
  output: Output,
  place: LogPlace,
  to: string | undefined,
): Promise<number> {
  const tools = await world.programs.log();
  const progress = progressOn(world);
  if (!to) {
    // One line after the other: a slow reader must not fill our memory with the log.
    const print = (line: string) => new Promise<void>((resolve) => void world.stdout.write(line, resolve));
    const { damagedBlobs } = await tools.export(place, print, progress.show);
    progress.end();
    return refuseSpoiled(damagedBlobs);
  }
  const path = resolve(world.cwd, to);
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw fail(
      'cli.usage',
      error.code === 'EEXIST' ? `${path} exists; name a new file.` : `${path} cannot be written: ${error.message}.`,
    );
  });
  try {
    const write = async (line: string) => void (await file.write(line));
    const made = await tools.export(place, write, progress.show);
    await file.sync();
    progress.end();
    const { events, hash, files, damagedBlobs, withFiles } = made;
    output.say(`Wrote ${events} events and ${files} files to ${path}.`);
    if (!withFiles)
      output.say(`There is no data directory ${place.directory}, so the blobs are not in it: name it with --data.`);
    output.record({ type: 'exported', events, hash, files, damagedBlobs, file: path });
    return refuseSpoiled(damagedBlobs);
  } finally {
    await file.close();
  }
}

/** What is there was written; that something was spoiled before must not look like success. */
function refuseSpoiled(damagedBlobs: string[]): number {
  if (damagedBlobs.length === 0) return EXIT.ok;
  throw fail(
    'blob.damaged',
    `All the rest is there, but ${damagedBlobs.length} blobs were spoiled before: ${damagedBlobs.join(', ')}.`,
  );
}

/** Brings an export into a log that is empty yet, with its files into the data directory. Said again, it goes on where it was. */
export async function importLog(world: World, output: Output, place: LogPlace, from: string): Promise<number> {
  const path = resolve(world.cwd, from);
  await access(path, constants.R_OK).catch((error: Error) => {
    throw fail('cli.usage', `${path} cannot be read: ${error.message}.`);
  });
  const tools = await world.programs.log();
  const progress = progressOn(world);
  const made = await tools.import(place, () => createReadStream(path), progress.show);
  progress.end();
  output.say(`Took ${made.events} events and ${made.files} files into ${place.directory}.`);
  for (const { workflowId, reason } of made.stranded)
    output.say(`The run ${workflowId} cannot go on here: ${plainText(reason)}`);
  output.record({ type: 'imported', ...made });
  return EXIT.ok;
}

/** A line on stderr that counts, for a person who waits. */
function progressOn(world: World) {
  const isShown = world.stderr.isTTY === true;
  return {
    show: (events: number) => void (isShown && world.stderr.write(`\r${events} events`)),
    end: () => void (isShown && world.stderr.write('\r')),
  };
}

/** Decides every recorded command again and compares. Nothing is appended, nothing is started. */
export async function replayLog(world: World, output: Output, place: LogPlace): Promise<number> {
  const tools = await world.programs.log();
  const progress = progressOn(world);
  const result = await tools.replay(place, progress.show);
  progress.end();
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
