import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '..', '..');

export interface SourceFile {
  /** From the root, with slashes. */
  path: string;
  text: string;
}

const SKIPPED = ['node_modules', 'dist', 'fixtures'];

/** Every file below the folders whose name fits; folders that are not there, or hidden, hold none. Links are not followed. */
export function sourceFiles(folders: readonly string[], fits: (path: string) => boolean, root = ROOT): SourceFile[] {
  return folders.flatMap((folder) =>
    namesIn(join(root, folder)).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory())
        return SKIPPED.includes(entry.name) || entry.name.startsWith('.') ? [] : sourceFiles([path], fits, root);
      return entry.isFile() && fits(path) ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : [];
    }),
  );
}

function namesIn(folder: string) {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder, { withFileTypes: true }) : [];
}
