import { chmod, lstat, realpath, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { applyEdit, type Edit } from '../../../../agents/repair/src/patch/edit.ts';
import { HephError } from '../../../kernel/errors.ts';
import { type Hands, scratchName } from '../../worktrees/hands.ts';

/** The checkout in which mutants are tried, and its files as they were. */
export interface Scene {
  checkout: string;
  texts: ReadonlyMap<string, string>;
}

/** Changes the files, lets `act` run and puts the files back, whatever came of it. Edits of one file do not overlap. */
export async function withEdits<T>(
  hands: Pick<Hands, 'random'>,
  scene: Scene,
  edits: readonly { file: string; edit: Edit }[],
  act: () => Promise<T>,
): Promise<T> {
  const files = Map.groupBy(edits, ({ file }) => file);
  try {
    for (const [file, inFile] of files) {
      const fromTheEnd = inFile.map(({ edit }) => edit).sort((a, b) => b.start - a.start);
      await replace(hands, scene.checkout, file, fromTheEnd.reduce(applyEdit, textOf(scene, file)));
    }
    return await act();
  } finally {
    for (const file of files.keys()) await replace(hands, scene.checkout, file, textOf(scene, file));
  }
}

const textOf = (scene: Scene, file: string) => scene.texts.get(file) ?? '';

// By a rename: should a test have put a link in the file's place, the link is replaced and not followed.
async function replace(hands: Pick<Hands, 'random'>, checkout: string, file: string, text: string): Promise<void> {
  const path = await insideOf(checkout, file);
  const scratch = join(dirname(path), scratchName(hands, '.heph'));
  const before = await lstat(path).catch(() => null); // a test may have removed it
  await writeFile(scratch, text, { flag: 'wx', mode: 0o600 });
  if (before?.isFile()) await chmod(scratch, before.mode & 0o777); // tests may start it as a program
  await rename(scratch, path);
}

/** A file's path with its folder's links resolved. Throws `repository.unsafe_path` when that leaves the checkout. */
export async function insideOf(checkout: string, file: string): Promise<string> {
  const root = await realpath(checkout);
  const folder = await realpath(dirname(join(root, file)));
  if (folder === root || folder.startsWith(`${root}/`)) return join(folder, basename(file));
  throw new HephError('repository.unsafe_path', `${JSON.stringify(file)} lies outside the checkout.`);
}
