import { resolve } from 'node:path';
import { EXIT, fail } from '../failure.ts';
import { shellWords } from '../../../kernel/words.ts';
import type { Output } from '../output.ts';
import type { BackedUp, World } from '../world.ts';

interface Words {
  self: string;
}

/** Copies the log and its blobs as they are at one moment. The server, where one runs, goes on meanwhile. */
export async function backup(
  world: World,
  output: Output,
  { directory, to, words }: { directory: string; to: string; words: Words },
): Promise<number> {
  const path = resolve(world.cwd, to);
  const made = await (await world.programs.backups()).backUp(directory, path);
  output.record({ type: 'backup', directory: path, ...made });
  output.say(`The log up to position ${made.position} and ${made.blobs} blobs are in ${path}, and verify.`);
  output.say(`Restore them with ${shellWords([words.self, 'restore', path, '--data', 'NEW_DIRECTORY'])}.`);
  return refuseSpoiled(made);
}

/** Makes a new data directory of a backup: verified, and every view folded from it. */
export async function restore(
  world: World,
  output: Output,
  { directory, from, words }: { directory: string; from: string; words: Words },
): Promise<number> {
  const path = resolve(world.cwd, from);
  const made = await (await world.programs.backups()).restore(path, directory);
  output.record({ type: 'restored', directory, ...made });
  output.say(`${directory} has the log up to position ${made.position} and ${made.blobs} blobs; it verifies.`);
  output.say(`Folded from it: ${made.views.join(', ')}. Its tokens are new; the old server's are not carried over.`);
  output.say(`Start it with ${shellWords([words.self, 'up', '--data', directory])}.`);
  return refuseSpoiled(made);
}

/** What is there was done; that something was spoiled before must not look like success. */
function refuseSpoiled({ damagedBlobs }: BackedUp): number {
  if (damagedBlobs.length === 0) return EXIT.ok;
  throw fail(
    'blob.damaged',
    `All the rest is there, but ${damagedBlobs.length} blobs were spoiled before: ${damagedBlobs.join(', ')}.`,
  );
}
