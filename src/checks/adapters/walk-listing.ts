import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../kernel/errors.ts';
import type { Listing } from '../ports.ts';
import { fileIds } from './file-id.ts';

/** Folders of tools and of what they fetched; nobody writes a check's subject there. */
const PASSED_OVER = new Set(['.git', '.hg', '.svn', 'node_modules', '.venv', '__pycache__', 'target', 'dist']);
const FILES_MAX = 200_000;

/** Every file below a folder that is in no git repository, each read. Links are not followed. */
export async function listByWalking(root: string, literals: readonly string[]): Promise<Listing> {
  const paths = new Set(literals);
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      if (!entry.isDirectory()) paths.add(path);
      else if (!PASSED_OVER.has(entry.name)) folders.push(path);
    }
    if (paths.size > FILES_MAX)
      throw new Fault('check.failed_to_run', `${root} holds more than ${FILES_MAX} files and is no git repository.`, {
        retryable: false,
      });
  }
  const { files, unknown } = await fileIds(root, paths, 'sha1');
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { identity: null, files: async () => files, unknown, loose: files.map(({ path }) => path) };
}
